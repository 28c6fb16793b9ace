// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/command_line.hpp"

#include <sys/stat.h>

#include <boost/program_options.hpp>
#include <cerrno>
#include <system_error>

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
  --apply MODE      automatic: changes are made by themselves; manual: they are reported, and wait for `vfioctl apply`
  --executor PATH   the socket of the service that writes to the kernel; without it a child of the daemon does
  --serve-as-executor
                    be that service, for the connection that systemd passes
  --is-enabled      exit with 1 if bindd.disable is on the kernel's command line, with 0 otherwise
  --version
  --help
)";

constexpr const char* kWords = "words";
constexpr std::uint64_t kLongestTimeout = 24UL * 60 * 60;

namespace po = boost::program_options;
namespace po_style = boost::program_options::command_line_style;

/// As getopt_long reads long options, abbreviations included. There are no short ones.
constexpr int kStyle = po_style::allow_long | po_style::long_allow_adjacent |
                       po_style::long_allow_next | po_style::allow_guessing |
                       po_style::allow_short | po_style::allow_dash_for_short |
                       po_style::short_allow_next;

EarlyExit usage_error(const std::string& why) {
    return {EarlyExit::ExitKind::kWrongUsage, "bindd: " + why + "\nhint: bindd --help\n"};
}

using Values = std::vector<std::string>;

po::options_description options() {
    po::options_description options;
    for (const char* name : {"policy", "bus", "timeout", "apply", "executor", kWords})
        options.add_options()(name, po::value<Values>()->composing(), "");
    for (const char* name : {"serve-as-executor", "is-enabled", "version", "help"})
        options.add_options()(name, po::bool_switch(), "");
    return options;
}

/// Throws po::error.
po::variables_map parse_options(int argc, char** argv) {
    const po::options_description known = options();
    po::positional_options_description words;
    words.add(kWords, -1);
    po::variables_map found;
    po::store(
        po::command_line_parser(argc, argv).options(known).positional(words).style(kStyle).run(),
        found);
    return found;
}

std::variant<CommandLine, EarlyExit> to_command_line(const po::variables_map& found) {
    const auto values = [&](const char* name, const Values& otherwise) {
        return found.count(name) == 0 ? otherwise : found[name].as<Values>();
    };
    if (found["version"].as<bool>())
        return EarlyExit{EarlyExit::ExitKind::kAnswer, std::string("bindd ") + kVersion + "\n"};
    if (found["help"].as<bool>())
        return EarlyExit{EarlyExit::ExitKind::kAnswer, kHelp};
    CommandLine line;
    for (const std::string& value : values("timeout", {})) {
        const auto seconds = base::parse_decimal(value);
        if (!seconds || *seconds == 0 || *seconds > kLongestTimeout)
            return usage_error("--timeout " + value + ": not a number of seconds");
        line.daemon.timeout = std::chrono::seconds(*seconds);
    }
    const std::string mode = values("apply", {"automatic"}).back();
    if (mode != "automatic" && mode != "manual")
        return usage_error("--apply " + mode + ": neither automatic nor manual");
    line.daemon.apply_mode = mode == "manual" ? ApplyMode::kManual : ApplyMode::kAutomatic;
    if (const Values words = values(kWords, {}); !words.empty())
        return usage_error(words.front() + ": takes no words");
    line.bus = values("bus", {line.bus}).back();
    line.daemon.executor = values("executor", {""}).back();
    if (found["serve-as-executor"].as<bool>())
        line.role = CommandLine::Role::kExecutor;
    if (found["is-enabled"].as<bool>())
        line.role = CommandLine::Role::kIsEnabled;
    line.daemon.policies = values("policy", binding::standard_policy_dirs(sysfs::Root{}));
    return line;
}

}  // namespace

std::variant<CommandLine, EarlyExit> parse_command_line(int argc, char** argv) {
    try {
        return to_command_line(parse_options(argc, argv));
    } catch (const po::error_with_option_name& error) {
        return usage_error(error.get_option_name() + ": unknown option, or its value is missing");
    } catch (const po::error& error) {
        return usage_error(error.what());
    }
}

base::Result<void> check_named_policies(const std::vector<std::string>& paths) {
    if (paths == binding::standard_policy_dirs(sysfs::Root{}))
        return {};
    for (const std::string& path : paths)
        if (struct stat status{}; ::stat(path.c_str(), &status) != 0)
            return base::fail(base::code_from_errno(errno), "", "--policy " + path,
                              std::generic_category().message(errno),
                              "without --policy the standard directories are read, and may be "
                              "absent");
    return {};
}

}  // namespace bindd
