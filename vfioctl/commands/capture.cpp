// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/capture.hpp"

#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/hosts/host_capture.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {

CliResult<ExitCode> run_capture(CliContext& cli, const Arguments& arguments) {
    const std::string& path = arguments.words.front();
    auto archive = TRY(TarArchive::create(path));
    // Attributes that policies match on are included; policies with errors have none.
    const policy::Parsed policies = load_policies_for(cli, {});
    std::set<std::string> stuck;
    if (const auto inventory = cli.kernel.inventory({}))
        for (const sysfs::Device& device : inventory->devices)
            if (!device.stuck.empty()) {
                stuck.insert(device.syspath);
                cli.err << "vfioctl: warning: " << device.id.display() << ": " << device.stuck
                        << "; its attributes are missing\n";
            }
    HostCapture capture(cli.options.root, archive, policies.set.required_facts(), std::move(stuck));
    capture.add_all();
    TRY(archive.finish());
    if (cli.user != User::kRoot)
        cli.err
            << "vfioctl: warning: not root: open device nodes of others' processes are missing\n";
    if (path == "-")
        return ExitCode::kDone;  // the output is the archive
    if (!cli.json()) {
        cli.out << path << ": " << capture.files() << " files\n";
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = json_document();
    json["file"] = path;
    json["files"] = capture.files();
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
