// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/probe.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/join.hpp"
#include "vfio/system_calls.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/probe_json.hpp"
#include "vfioctl/render/probe_text.hpp"

namespace vfioctl {
namespace {

CliResult<std::vector<vfio::Backend>> backends(const Arguments& arguments) {
    const auto word = arguments.one("backend");
    if (!word)
        return std::vector<vfio::Backend>(vfio::kBackends.begin(), vfio::kBackends.end());
    if (const auto backend = vfio::parse_backend(*word))
        return std::vector<vfio::Backend>{*backend};
    const std::string all = base::join(vfio::kBackends, ", ",
                                       [](vfio::Backend backend) { return vfio::name(backend); });
    return fail(ExitCode::kUsage, "--backend " + printable(*word), "no such backend",
                "one of: " + all);
}

}  // namespace

CliResult<ExitCode> run_probe(CliContext& cli, const Arguments& arguments) {
    const auto order = TRY(backends(arguments));
    if (!cli.options.root.is_live())
        return fail(ExitCode::kRefused, "probe", "not possible below --root (no kernel)",
                    "probe opens the device; without --root it does so on this machine");
    auto inventory = TRY(to_cli(cli.kernel.inventory({})));
    HostAssessment assessment;
    assessment.inventory = std::move(inventory);
    const auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    if (ids.size() != 1)
        return fail(ExitCode::kUsage, "probe " + printable(arguments.words.front()),
                    "it means " + std::to_string(ids.size()) + " devices", "name one");
    if (const sysfs::Device* found = assessment.inventory.find(ids.front());
        found != nullptr && !found->stuck.empty())
        return fail(ExitCode::kTimedOut, found->id.display(), found->stuck);
    vfio::SystemCalls calls;
    const auto device =
        TRY(to_cli(vfio::VfioDevice::open(calls, ids.front().text(), {.order = order})));
    const ProbeReport report = probe(device);
    if (cli.json())
        cli.out << dump(probe_json(report));
    else
        cli.out << probe_text(report);
    return ExitCode::kDone;
}

}  // namespace vfioctl
