// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/plan_execution.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "binding/report/plan_report.hpp"
#include "binding/worker/worker.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/render/plan_text.hpp"
#include "vfioctl/render/progress_line.hpp"

namespace vfioctl {

namespace {

CliResult<void> check_may_write(const CliContext& cli, const std::string& command) {
    const std::string what_if = command == "apply" ? "`vfioctl plan` shows what it would do"
                                                   : "with --dry-run it shows what it would do";
    if (!cli.options.root.is_live())
        return fail(ExitCode::kRefused, command + " --root",
                    "not possible below --root (no kernel)", what_if);
    if (cli.daemon != nullptr)
        return {};  // the daemon authorises
    if (cli.user != User::kRoot)
        return fail(ExitCode::kFailed, command, "needs root", "with `sudo`; " + what_if);
    return {};
}

}  // namespace

CliResult<ChangeCommand> begin_change(const CliContext& cli, const Arguments& arguments,
                                      const std::string& command) {
    ChangeCommand change;
    change.options.timeout = TRY(parse_timeout(arguments, change.options.timeout));
    change.options.action = command;
    change.dry_run = arguments.has("dry-run");
    if (!change.dry_run)
        TRY(check_may_write(cli, command));
    return change;
}

CliResult<binding::Recovery> recover_before_change(CliContext& cli, ChangeCommand& change) {
    if (cli.daemon != nullptr || change.dry_run)
        return binding::Recovery{};  // the daemon has done it when it started
    binding::ApplyOptions quiet = change.options;
    quiet.actor = cli.actor;
    quiet.on_warning = [&](const std::string& sentence) {
        cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
    };
    binding::Recovery recovery = TRY(to_cli(binding::recover(cli.kernel, cli.state, quiet)));
    for (const std::string& note : recovery.notes)
        quiet.on_warning(note);
    change.notes = recovery.notes;
    change.options.pending_undo = recovery.pending_transactions;
    return recovery;
}

void print_plan(CliContext& cli, const policy::Plan& plan,
                const std::vector<std::string>& warnings) {
    if (!cli.json()) {
        cli.out << plan_text(plan, cli.terminal, cli.reason_lift);
        return;
    }
    nlohmann::ordered_json json = json_document();
    json.update(binding::plan_json(plan));
    json["warnings"] = warnings;
    cli.out << dump(json);
}

ExitCode print_dry_run(CliContext& cli, const policy::Plan& plan,
                       const std::vector<std::string>& warnings) {
    print_plan(cli, plan, warnings);
    return detailed_exit(plan) == ExitCode::kRefused ? ExitCode::kRefused : ExitCode::kDone;
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
    TRY(execute(cli, plan, warnings, std::move(options)));
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
