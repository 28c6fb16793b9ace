// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vfioctl/failure.hpp"
#include "vfioctl/session.hpp"

namespace vfioctl {

enum class Takes { kNothing, kOne, kSeveral };

/// One option of a command (or of the program), as help shows it and the parser takes it. An option of
/// one name takes the same in every command, so that it may stand before the command's word.
struct OptionSpec {
    std::string_view name;
    char letter = '\0';
    Takes takes = Takes::kNothing;
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
enum class Through { kKernel, kDaemon };

/// One command: its entry here is its help, its completion and its way in. A name may be of two words
/// ("policy check"). Adding a command is adding a line to the table in commands.cpp.
struct Command {
    std::string_view name;
    std::string_view summary;
    std::string_view words;  ///< "DEVICE..."
    unsigned least = 0;
    unsigned most = 0;
    std::vector<OptionSpec> options;
    Outcome<ExitCode> (*run)(Session&, const Arguments&) = nullptr;
    Through through = Through::kKernel;
};

[[nodiscard]] const std::vector<Command>& commands();
[[nodiscard]] const std::vector<OptionSpec>& global_options();
/// Those of the program and of these commands, each name once.
[[nodiscard]] std::vector<OptionSpec> options_of(const std::vector<const Command*>& of);

Outcome<ExitCode> run_list(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_show(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_groups(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_explain(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_plan(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_apply(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_bind(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_release(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_rollback(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_history(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_status(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_reload(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_monitor(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_policy_check(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_policy_show(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_policy_generate(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_policy_schema(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_probe(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_import_driverctl(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_import_mdevctl(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_import_modprobe(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_export_libvirt(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_export_qemu(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_export_cdi(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_doctor(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_types(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_list(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_define(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_undefine(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_modify(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_start(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_mdev_stop(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_sriov(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_aliases(Session& session, const Arguments& arguments);
Outcome<ExitCode> run_capture(Session& session, const Arguments& arguments);

}  // namespace vfioctl
