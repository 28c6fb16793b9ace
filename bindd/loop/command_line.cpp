// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/command_line.hpp"

#include <getopt.h>

#include <array>

#include "bindd/version.hpp"
#include "binding/policies/policy_files.hpp"
#include "sysfs/device/names.hpp"

namespace bindd {
namespace {

constexpr const char* kHelp = R"(usage: bindd [OPTION...]
Keeps the drivers of this host's devices as the policies declare.

  --policy PATH     a file or directory in place of the standard ones; may be given several times
  --bus ADDRESS     the D-Bus to be reached on: an address, system (default) or none
  --timeout S       how many seconds a write to the kernel may take before its device counts as stuck (60)
  --executor PATH   the socket of the service that writes to the kernel; without it a child of the daemon does
  --serve-as-executor
                    be that service, for the connection that systemd passes
  --version
  --help
)";

constexpr std::uint64_t kLongestTimeout = 24UL * 60 * 60;

EarlyExit usage_error(const std::string& why) {
    return {EarlyExit::ExitKind::kWrongUsage, "bindd: " + why + "\nhint: bindd --help\n"};
}

}  // namespace

std::variant<CommandLine, EarlyExit> parse_command_line(int argc, char** argv) {
    static constexpr std::array kOptions{option{"policy", required_argument, nullptr, 'p'},
                                         option{"bus", required_argument, nullptr, 'b'},
                                         option{"timeout", required_argument, nullptr, 't'},
                                         option{"executor", required_argument, nullptr, 'e'},
                                         option{"serve-as-executor", no_argument, nullptr, 'x'},
                                         option{"version", no_argument, nullptr, 'v'},
                                         option{"help", no_argument, nullptr, 'h'},
                                         option{nullptr, 0, nullptr, 0}};
    CommandLine line;
    ::opterr = 0;
    ::optind = 1;
    for (int got = 0; (got = ::getopt_long(argc, argv, "", kOptions.data(), nullptr)) != -1;) {
        if (got == 'p') {
            line.daemon.policies.emplace_back(::optarg);
        } else if (got == 'b') {
            line.bus = ::optarg;
        } else if (got == 't') {
            const auto seconds = base::parse_decimal(::optarg);
            if (!seconds || *seconds == 0 || *seconds > kLongestTimeout)
                return usage_error("--timeout " + std::string(::optarg) +
                                   ": not a number of seconds");
            line.daemon.timeout = std::chrono::seconds(*seconds);
        } else if (got == 'e') {
            line.daemon.executor = ::optarg;
        } else if (got == 'x') {
            line.role = CommandLine::Role::kExecutor;
        } else if (got == 'v') {
            return EarlyExit{EarlyExit::ExitKind::kAnswer, std::string("bindd ") + kVersion + "\n"};
        } else if (got == 'h') {
            return EarlyExit{EarlyExit::ExitKind::kAnswer, kHelp};
        } else {
            return usage_error(std::string(argv[::optind - 1]) +
                               ": unknown option, or its value is missing");
        }
    }
    if (::optind < argc)
        return usage_error(std::string(argv[::optind]) + ": takes no words");
    if (line.daemon.policies.empty())
        line.daemon.policies = binding::standard_policy_dirs(sysfs::Root{});
    return line;
}

}  // namespace bindd
