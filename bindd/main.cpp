// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>
#include <cstdlib>

#include "bindd/executor/device_opener.hpp"
#include "bindd/interfaces/bus_service.hpp"
#include "bindd/loop/command_line.hpp"
#include "bindd/loop/executor_client.hpp"
#include "bindd/loop/journal_log.hpp"
#include "bindd/loop/service.hpp"
#include "bindd/loop/udev_monitor.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/kernel/live_kernel.hpp"

namespace bindd {
namespace {

constexpr int kWrongUsage = 2;

int run(const CommandLine& line) {
    if (sysfs::is_disabled_on_cmdline(sysfs::Root{})) {
        Log(Log::default_sink())
            .write(Level::kNotice, LogEvent::kStopped,
                   "bindd.disable is on the kernel's command line: nothing is touched");
        if (line.role == CommandLine::Role::kIsEnabled)
            return EXIT_FAILURE;
        ServiceNotifier().ready("disabled on the kernel's command line");
        return EXIT_SUCCESS;
    }
    if (line.role == CommandLine::Role::kIsEnabled)
        return EXIT_SUCCESS;
    if (const auto checked = check_named_policies(line.daemon.policies); !checked) {
        Log(Log::default_sink())
            .write(Level::kError, LogEvent::kStopped,
                   checked.error().text() + "; " + checked.error().hint);
        return EXIT_FAILURE;
    }
    // The readers, which are forked, may hang; the executor itself looks for the holders of a
    // device only when a write to it does not return.
    sysfs::LiveKernel kernel(sysfs::HangingReads::kAbandon);
    const ExecutorDependencies deps{.kernel = kernel,
                                    .state = binding::StateDir::below(sysfs::Root{}),
                                    .check_open = open_and_close,
                                    .open = open_for_client,
                                    .write_timeout = line.daemon.timeout,
                                    .policies = line.daemon.policies};
    if (line.role == CommandLine::Role::kExecutor)
        return serve_executor(deps);
    const DaemonHooks hooks{
        .executor = deps,
        .events = [](sd_event* event) -> base::Result<std::unique_ptr<EventSource>> {
            auto listening = UdevMonitor::listen(event);
            if (!listening)
                return base::propagate(listening);
            return std::unique_ptr<EventSource>(*std::move(listening));
        },
        .attach =
            [&](sd_event* event, ControllerRunner& controller, const std::function<void()>& owned) {
                return attach_bus(event, controller, line.bus, owned);
            }};
    return run_daemon(line.daemon, hooks);
}

}  // namespace
}  // namespace bindd

int main(int argc, char** argv) {
    bindd::block_signals();
    const auto asked = bindd::parse_command_line(argc, argv);
    if (const auto* line = std::get_if<bindd::CommandLine>(&asked))
        return bindd::run(*line);
    const auto& early_exit = std::get<bindd::EarlyExit>(asked);
    const bool answer = early_exit.kind == bindd::EarlyExit::ExitKind::kAnswer;
    std::fputs(early_exit.text.c_str(), answer ? stdout : stderr);
    return answer ? EXIT_SUCCESS : bindd::kWrongUsage;
}
