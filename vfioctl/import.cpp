// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/parse.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/imported.hpp"
#include "vfioctl/output_file.hpp"

/// `vfioctl import`: what another tool is told to do, as a policy. The tool itself is left as it is; whoever
/// has read the policy and wants it removes the tool's own configuration.
namespace vfioctl {
namespace {

struct Source {
    const char* tool;
    const char* configuration;  ///< as people call it
    Imported (*read)(const sysfs::Root&);
};

std::string count_of(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string as_yaml(const Source& source, const Imported& imported) {
    std::string out = "# Made of " + std::string(source.configuration) + " by `vfioctl import " +
                      source.tool + "`: " + count_of(imported.set.rules.size(), "rule") + ".\n";
    if (!imported.losses.empty())
        out += "# What it does not say, or says in another way:\n";
    for (const std::string& loss : imported.losses)
        out += "# - " + printable(loss) + "\n";
    return out + policy::emit(imported.set);
}

/// What this program has written itself must be a policy; anything else is a mistake of ours.
Outcome<void> check_again(const std::string& yaml) {
    const std::vector<policy::SourceFile> files = {{"imported", yaml}};
    policy::Parsed parsed = policy::parse_set(files);
    if (parsed.ok())
        return {};
    return tl::unexpected(Failure{.code = ExitCode::kFailed,
                                  .what = "import",
                                  .why = "what came out is not a policy, which is a mistake of vfioctl's",
                                  .hint = {},
                                  .diagnostics = std::move(parsed.diagnostics)});
}

void say(Session& session, const Source& source, const Imported& imported, const std::string& yaml,
         const std::optional<std::string>& file) {
    for (const std::string& loss : imported.losses)
        session.err << "vfioctl: warning: " << printable(loss) << "\n";
    if (!session.json()) {
        if (file)
            session.out << printable(*file) << ": " << count_of(imported.set.rules.size(), "rule")
                        << "\n";
        else
            session.out << yaml;
        return;
    }
    nlohmann::ordered_json json = document();
    json["source"] = source.tool;
    json["rules"] = imported.set.rules.size();
    json["yaml"] = yaml;
    json["file"] = file ? nlohmann::ordered_json(*file) : nullptr;
    json["warnings"] = imported.losses;
    session.out << dump(json);
}

Outcome<ExitCode> run_import(Session& session, const Arguments& arguments, const Source& source) {
    const auto file = output_file_of(arguments);
    if (!file)
        return propagate(file);
    const auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    Imported imported = source.read(session.options.root);
    note_peers(imported, *inventory);
    const std::string yaml = as_yaml(source, imported);
    if (auto good = check_again(yaml); !good)
        return propagate(good);
    if (*file)
        if (auto written = write_output_file(**file, yaml); !written)
            return propagate(written);
    say(session, source, imported, yaml, *file);
    return ExitCode::kDone;
}

}  // namespace

Outcome<ExitCode> run_import_driverctl(Session& session, const Arguments& arguments) {
    return run_import(session, arguments,
                      {"driverctl", "driverctl's configuration", import_driverctl});
}

Outcome<ExitCode> run_import_mdevctl(Session& session, const Arguments& arguments) {
    return run_import(session, arguments, {"mdevctl", "mdevctl's configuration", import_mdevctl});
}

Outcome<ExitCode> run_import_modprobe(Session& session, const Arguments& arguments) {
    return run_import(session, arguments,
                      {"modprobe", "modprobe's configuration and the kernel's command line",
                       import_modprobe});
}

}  // namespace vfioctl
