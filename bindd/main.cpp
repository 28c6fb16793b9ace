// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdio>
#include <cstdlib>

#include "bindd/bus.hpp"
#include "bindd/executor_seat.hpp"
#include "bindd/log.hpp"
#include "bindd/notifier.hpp"
#include "bindd/opener.hpp"
#include "bindd/options.hpp"
#include "bindd/udev_events.hpp"
#include "sysfs/boot_switch.hpp"
#include "sysfs/live_kernel.hpp"

namespace bindd {
namespace {

constexpr int kWrongUsage = 2;

int run(const CommandLine& line) {
    if (sysfs::is_switched_off(sysfs::Root{})) {
        Log(Log::best()).say(Level::kNotice, Message::kStopped,
                             "bindd.disable is on the kernel's command line: nothing is touched");
        Notifier().ready("disabled on the kernel's command line");
        return EXIT_SUCCESS;
    }
    sysfs::LiveKernel kernel;
    const Tools tools{.kernel = kernel,
                      .state = binding::StateDir::below(sysfs::Root{}),
                      .check_open = open_once,
                      .open = open_for_other,
                      .write_patience = line.daemon.timeout};
    if (line.part == CommandLine::Part::kExecutor)
        return serve_as_executor(tools);
    const Seams seams{
        .tools = tools,
        .events = [](sd_event* event) -> sysfs::Result<std::unique_ptr<EventSource>> {
            auto listening = UdevEvents::listen(event);
            if (!listening)
                return sysfs::propagate(listening);
            return std::unique_ptr<EventSource>(*std::move(listening));
        },
        .attach = [&](sd_event* event, HostKeeper& keeper, const std::function<void()>& owned) {
            return attach_bus(event, keeper, line.bus, owned);
        }};
    return run_daemon(line.daemon, seams);
}

}  // namespace
}  // namespace bindd

int main(int argc, char** argv) {
    const auto asked = bindd::parse_command_line(argc, argv);
    if (const auto* line = std::get_if<bindd::CommandLine>(&asked))
        return bindd::run(*line);
    const auto& words = std::get<bindd::Words>(asked);
    const bool answer = words.kind == bindd::Words::Kind::kAnswer;
    std::fputs(words.text.c_str(), answer ? stdout : stderr);
    return answer ? EXIT_SUCCESS : bindd::kWrongUsage;
}
