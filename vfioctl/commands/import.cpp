// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "vfioctl/context/command.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/output_file.hpp"
#include "vfioctl/exchange/import_result.hpp"

/// `vfioctl import`: what another tool is told to do, as a policy. The tool itself is left as it
/// is; whoever has read the policy and wants it removes the tool's own configuration.
namespace vfioctl {
namespace {

struct ImportSource {
    const char* tool;
    const char* configuration;  ///< as people call it
    ImportResult (*read)(const sysfs::Root&);
};

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string as_yaml(const ImportSource& source, const ImportResult& imported) {
    std::string out = "# Made of " + std::string(source.configuration) + " by `vfioctl import " +
                      source.tool + "`: " + counted(imported.set.rules.size(), "rule") + ".\n";
    if (!imported.omissions.empty())
        out += "# What it does not say, or says in another way:\n";
    for (const std::string& omission : imported.omissions)
        out += "# - " + printable(omission) + "\n";
    return out + policy::emit(imported.set);
}

/// What this program has written itself must be a policy; anything else is a mistake of ours.
CliResult<void> check_policy(const std::string& yaml) {
    const std::vector<policy::SourceFile> files = {{"imported", yaml}};
    policy::Parsed parsed = policy::parse_set(files);
    if (parsed.ok())
        return {};
    return tl::unexpected(
        Failure{.code = ExitCode::kFailed,
                .what = "import",
                .why = "what came out is not a policy, which is a mistake of vfioctl's",
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
    json["rules"] = imported.set.rules.size();
    json["yaml"] = yaml;
    json["file"] = file ? nlohmann::ordered_json(*file) : nullptr;
    json["warnings"] = imported.omissions;
    cli.out << dump(json);
}

CliResult<ExitCode> run_import(CliContext& cli, const Arguments& arguments,
                               const ImportSource& source) {
    const auto file = parse_output_file(arguments);
    if (!file)
        return propagate(file);
    const auto inventory = cli.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    ImportResult imported = source.read(cli.options.root);
    report_group_peers(imported, *inventory);
    const std::string yaml = as_yaml(source, imported);
    if (auto good = check_policy(yaml); !good)
        return propagate(good);
    if (*file)
        if (auto written = write_output_file(**file, yaml); !written)
            return propagate(written);
    print_import(cli, source, imported, yaml, *file);
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
