// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vfioctl/context/cli_context.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

enum class OptionArity { kFlag, kSingle, kRepeated };

/// One option of a command (or of the program), as help shows it and the parser takes it. An option
/// of one name takes the same in every command, so that it may stand before the command's word.
struct OptionSpec {
    std::string_view name;
    char letter = '\0';
    OptionArity arity = OptionArity::kFlag;
    std::string_view argument;  ///< "DIR"; empty for a flag
    std::string_view help;
};

/// What was given to a command: its words, flags and values, checked against its table entry.
struct Arguments {
    std::vector<std::string> words;
    std::set<std::string> flags;
    std::map<std::string, std::vector<std::string>> values;

    [[nodiscard]] bool has(const std::string& flag) const { return flags.contains(flag); }
    [[nodiscard]] std::vector<std::string> all(const std::string& option) const {
        const auto found = values.find(option);
        return found == values.end() ? std::vector<std::string>{} : found->second;
    }
    [[nodiscard]] std::optional<std::string> one(const std::string& option) const {
        const auto found = values.find(option);
        return found == values.end() ? std::nullopt : std::optional(found->second.back());
    }
};

/// How many words may follow the command's name.
inline constexpr unsigned kAnyNumber = ~0U;

/// Where a command goes when there is a daemon.
enum class UsesDaemon { kNo, kYes };

/// One command: its entry here is its help, its completion and its way in. A name may be of two
/// words
/// ("policy check"). Adding a command is adding a line to the table in commands.cpp.
struct Command {
    std::string_view name;
    std::string_view summary;
    std::string_view words;  ///< "DEVICE..."
    unsigned least = 0;
    unsigned most = 0;
    std::vector<OptionSpec> options;
    CliResult<ExitCode> (*run)(CliContext&, const Arguments&) = nullptr;
    UsesDaemon uses_daemon = UsesDaemon::kNo;
};

[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const std::vector<OptionSpec>& global_options();
/// Those of the program and of these commands, each name once.
[[nodiscard]] std::vector<OptionSpec> merged_options(const std::vector<const Command*>& of);

CliResult<ExitCode> run_list(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_show(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_groups(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_explain(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_plan(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_apply(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_bind(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_release(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_rollback(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_history(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_status(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_reload(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_policy_check(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_policy_show(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_policy_generate(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_policy_schema(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_probe(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_import_driverctl(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_import_mdevctl(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_import_modprobe(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_export_libvirt(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_export_qemu(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_export_cdi(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_doctor(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_types(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_list(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_define(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_undefine(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_modify(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_start(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_mdev_stop(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_sriov(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_aliases(CliContext& cli, const Arguments& arguments);
CliResult<ExitCode> run_capture(CliContext& cli, const Arguments& arguments);

}  // namespace vfioctl
