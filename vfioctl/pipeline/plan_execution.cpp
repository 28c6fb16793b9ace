// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/plan_execution.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "binding/report/plan_report.hpp"
#include "binding/worker/scoped_priority.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/render/plan_text.hpp"
#include "vfioctl/render/progress_line.hpp"

namespace vfioctl {

CliResult<void> check_may_write(const CliContext& cli, const std::string& command) {
    const std::string what_if = command == "apply" ? "`vfioctl plan` shows what it would do"
                                                   : "with --dry-run it shows what it would do";
    if (!cli.options.root.is_live())
        return fail(ExitCode::kRefused, command + " --root", "a directory is no kernel", what_if);
    if (cli.daemon != nullptr)
        return {};  // who may is the daemon's to say
    if (cli.user != User::kRoot)
        return fail(ExitCode::kFailed, command, "needs root", "with `sudo`; " + what_if);
    return {};
}

CliResult<binding::Recovery> recover_before_change(CliContext& cli,
                                                   binding::ApplyOptions& options) {
    if (cli.daemon != nullptr)
        return binding::Recovery{};  // it has, at its start
    binding::ApplyOptions quiet = options;
    quiet.actor = cli.actor;
    quiet.on_warning = [&](const std::string& sentence) {
        cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
    };
    auto recovery = binding::recover(cli.kernel, cli.state, quiet);
    if (!recovery)
        return fail(recovery.error());
    for (const std::string& note : recovery->notes)
        quiet.on_warning(note);
    options.pending_undo = recovery->pending_transactions;
    return *std::move(recovery);
}

void print_plan(CliContext& cli, const policy::Plan& plan,
                const std::vector<std::string>& warnings) {
    if (!cli.json()) {
        cli.out << plan_text(plan, cli.terminal);
        return;
    }
    nlohmann::ordered_json json = json_document();
    json.update(binding::plan_json(plan));
    json["warnings"] = warnings;
    cli.out << dump(json);
}

CliResult<void> execute(CliContext& cli, policy::Plan& plan, std::vector<std::string>& warnings,
                        binding::ApplyOptions options) {
    ProgressLine line(cli);
    if (line.wanted())
        options.on_progress = [&line](const binding::Progress& progress) { line.show(progress); };
    options.actor = cli.actor;
    options.check_open = cli.check_open;
    options.on_warning = [&](const std::string& sentence) {
        line.clear();
        cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
        warnings.push_back(sentence);
    };
    auto applied = binding::apply(cli.kernel, cli.state, std::move(plan), options);
    line.clear();
    if (!applied)
        return fail(applied.error());
    plan = std::move(*applied);
    return {};
}

CliResult<ExitCode> execute_and_print(CliContext& cli, policy::Plan& plan,
                                      std::vector<std::string> warnings,
                                      binding::ApplyOptions options) {
    const binding::ScopedPriority urgent;
    if (auto done = execute(cli, plan, warnings, std::move(options)); !done)
        return propagate(done);
    print_plan(cli, plan, warnings);
    return applied_exit(plan);
}

CallOptions timeout_option(std::chrono::milliseconds timeout) {
    return {{"timeout", std::chrono::duration<double>(timeout).count()}};
}

CliResult<std::vector<std::string>> object_paths(const CliContext& cli,
                                                 const std::vector<sysfs::DeviceId>& devices) {
    std::vector<std::string> out;
    for (const sysfs::DeviceId& id : devices) {
        const auto found = cli.snapshot->statuses.find(id);
        if (found == cli.snapshot->statuses.end())
            return fail(ExitCode::kNoDevice, id.display(), "no such device on the bus");
        out.push_back(found->second.path);
    }
    return out;
}

CliResult<ExitCode> execute_through_daemon(CliContext& cli, const ChangeRequest& request,
                                           policy::Plan& plan, std::vector<std::string> warnings) {
    ProgressLine line(cli);
    auto done = cli.daemon->run_job(
        request, [&](const binding::Progress& progress) { line.show(progress); });
    line.clear();
    if (!done)
        return propagate(done);
    for (const std::string& sentence : done->warnings) {
        if (std::find(warnings.begin(), warnings.end(), sentence) != warnings.end())
            continue;  // we have seen it ourselves, and said so
        cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
        warnings.push_back(sentence);
    }
    plan = std::move(done->plan);
    print_plan(cli, plan, warnings);
    return applied_exit(plan);
}

}  // namespace vfioctl
