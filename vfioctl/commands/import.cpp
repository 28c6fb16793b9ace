// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/import.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "vfioctl/commands/policy_show.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/exchange/import_driverctl.hpp"
#include "vfioctl/exchange/import_mdevctl.hpp"
#include "vfioctl/exchange/import_modprobe.hpp"
#include "vfioctl/render/counted.hpp"

/// `vfioctl import`: the configuration of another tool as a policy. The tool's own files are not
/// changed.
namespace vfioctl {
namespace {

struct ImportSource {
    const char* tool;
    const char* configuration;  ///< as people call it
    ImportResult (*read)(const sysfs::Root&);
};

std::string as_yaml(const ImportSource& source, const ImportResult& imported) {
    std::string out = "# Made of " + std::string(source.configuration) + " by `vfioctl import " +
                      source.tool + "`: " + counted(imported.set.rules.size(), "rule") + ".\n";
    if (!imported.omissions.empty())
        out += "# Not imported, or imported differently:\n";
    for (const std::string& omission : imported.omissions)
        out += "# - " + printable(omission) + "\n";
    return out + policy::emit(imported.set);
}

/// The emitted text must be a valid policy; anything else is a bug.
CliResult<void> check_policy(const std::string& yaml) {
    const std::vector<policy::SourceFile> files = {{"imported", yaml}};
    policy::Parsed parsed = policy::parse_set(files);
    if (parsed.ok())
        return {};
    return tl::unexpected(
        Failure{.code = ExitCode::kFailed,
                .what = "import",
                .why = "the result is not a valid policy; this is a bug in vfioctl",
                .hint = {},
                .diagnostics = std::move(parsed.diagnostics)});
}

void print_import(CliContext& cli, const ImportSource& source, const ImportResult& imported,
                  const std::string& yaml, const std::optional<std::string>& file) {
    for (const std::string& omission : imported.omissions)
        cli.err << "vfioctl: warning: " << printable(omission) << "\n";
    if (!cli.json()) {
        if (file)
            cli.out << printable(*file) << ": " << counted(imported.set.rules.size(), "rule")
                    << "\n";
        else
            cli.out << yaml;
        return;
    }
    nlohmann::ordered_json json = json_document();
    json["source"] = source.tool;
    json["rules"] = rules_json(imported.set);
    json["yaml"] = yaml;
    json["file"] = file ? nlohmann::ordered_json(*file) : nullptr;
    json["warnings"] = imported.omissions;
    cli.out << dump(json);
}

CliResult<ExitCode> run_import(CliContext& cli, const Arguments& arguments,
                               const ImportSource& source) {
    const auto file = TRY(parse_output_file(arguments));
    const auto inventory = TRY(to_cli(cli.kernel.inventory({})));
    ImportResult imported = source.read(cli.options.root);
    report_group_peers(imported, inventory);
    const std::string yaml = as_yaml(source, imported);
    TRY(check_policy(yaml));
    if (file)
        TRY(write_output_file(*file, yaml));
    print_import(cli, source, imported, yaml, file);
    return ExitCode::kDone;
}

}  // namespace

CliResult<ExitCode> run_import_driverctl(CliContext& cli, const Arguments& arguments) {
    return run_import(cli, arguments, {"driverctl", "driverctl's configuration", import_driverctl});
}

CliResult<ExitCode> run_import_mdevctl(CliContext& cli, const Arguments& arguments) {
    return run_import(cli, arguments, {"mdevctl", "mdevctl's configuration", import_mdevctl});
}

CliResult<ExitCode> run_import_modprobe(CliContext& cli, const Arguments& arguments) {
    return run_import(
        cli, arguments,
        {"modprobe", "modprobe's configuration and the kernel's command line", import_modprobe});
}

}  // namespace vfioctl
