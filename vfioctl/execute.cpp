// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/execute.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "binding/report.hpp"
#include "binding/urgency.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/plan_text.hpp"
#include "vfioctl/progress.hpp"

namespace vfioctl {

Outcome<void> may_write(const Session& session, const std::string& command) {
    const std::string what_if = command == "apply" ? "`vfioctl plan` shows what it would do"
                                                   : "with --dry-run it shows what it would do";
    if (!session.options.root.is_live())
        return fail(ExitCode::kRefused, command + " --root", "a directory is no kernel", what_if);
    if (session.daemon != nullptr)
        return {};  // who may is the daemon's to say
    if (session.user != User::kRoot)
        return fail(ExitCode::kFailed, command, "needs root", "with `sudo`; " + what_if);
    return {};
}

Outcome<binding::Recovery> recover_first(Session& session, binding::ApplyOptions& options) {
    if (session.daemon != nullptr)
        return binding::Recovery{};  // it has, at its start
    binding::ApplyOptions quiet = options;
    quiet.actor = session.actor;
    quiet.on_warning = [&](const std::string& sentence) {
        session.err << "vfioctl: warning: " << printable(sentence) << "\n";
    };
    auto recovery = binding::recover(session.kernel, session.state, quiet);
    if (!recovery)
        return fail(recovery.error());
    for (const std::string& note : recovery->notes)
        quiet.on_warning(note);
    options.owed = recovery->transactions;
    return *std::move(recovery);
}

void print_plan(Session& session, const policy::Plan& plan, const std::vector<std::string>& warnings) {
    if (!session.json()) {
        session.out << plan_text(plan, session.screen);
        return;
    }
    nlohmann::ordered_json json = document();
    json.update(binding::plan_json(plan));
    json["warnings"] = warnings;
    session.out << dump(json);
}

Outcome<void> execute(Session& session, policy::Plan& plan, std::vector<std::string>& warnings,
                      binding::ApplyOptions options) {
    ProgressLine line(session);
    if (line.wanted())
        options.on_progress = [&line](const binding::Progress& progress) { line.show(progress); };
    options.actor = session.actor;
    options.check_open = session.check_open;
    options.on_warning = [&](const std::string& sentence) {
        line.clear();
        session.err << "vfioctl: warning: " << printable(sentence) << "\n";
        warnings.push_back(sentence);
    };
    auto applied = binding::apply(session.kernel, session.state, std::move(plan), options);
    line.clear();
    if (!applied)
        return fail(applied.error());
    plan = std::move(*applied);
    return {};
}

Outcome<ExitCode> carry_out(Session& session, policy::Plan& plan, std::vector<std::string> warnings,
                            binding::ApplyOptions options) {
    const binding::Urgency urgent;
    if (auto done = execute(session, plan, warnings, std::move(options)); !done)
        return propagate(done);
    print_plan(session, plan, warnings);
    return applied_exit(plan);
}

Options timeout_option(std::chrono::milliseconds timeout) {
    return {{"timeout", std::chrono::duration<double>(timeout).count()}};
}

Outcome<std::vector<std::string>> bus_paths(const Session& session, const std::vector<sysfs::DeviceId>& devices) {
    std::vector<std::string> out;
    for (const sysfs::DeviceId& id : devices) {
        const auto found = session.picture->standings.find(id);
        if (found == session.picture->standings.end())
            return fail(ExitCode::kNoDevice, id.display(), "no such device on the bus");
        out.push_back(found->second.path);
    }
    return out;
}

Outcome<ExitCode> carry_out_by_daemon(Session& session, const Daemon::Wish& wish, policy::Plan& plan,
                                      std::vector<std::string> warnings) {
    ProgressLine line(session);
    auto done = session.daemon->carry_out(wish, [&](const binding::Progress& progress) { line.show(progress); });
    line.clear();
    if (!done)
        return propagate(done);
    for (const std::string& sentence : done->warnings) {
        if (std::find(warnings.begin(), warnings.end(), sentence) != warnings.end())
            continue;  // we have seen it ourselves, and said so
        session.err << "vfioctl: warning: " << printable(sentence) << "\n";
        warnings.push_back(sentence);
    }
    plan = std::move(done->plan);
    print_plan(session, plan, warnings);
    return applied_exit(plan);
}

}  // namespace vfioctl
