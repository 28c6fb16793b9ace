// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfio/system_calls.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/probe_report.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

Outcome<std::vector<vfio::Backend>> backends(const Arguments& arguments) {
    const auto word = arguments.one("backend");
    if (!word)
        return std::vector<vfio::Backend>(vfio::kBackends.begin(), vfio::kBackends.end());
    if (const auto backend = vfio::parse_backend(*word))
        return std::vector<vfio::Backend>{*backend};
    std::string all;
    for (const vfio::Backend backend : vfio::kBackends)
        all += (all.empty() ? "" : ", ") + std::string(vfio::name(backend));
    return fail(ExitCode::kUsage, "--backend " + printable(*word), "no such backend",
                "one of: " + all);
}

}  // namespace

Outcome<ExitCode> run_probe(Session& session, const Arguments& arguments) {
    const auto order = backends(arguments);
    if (!order)
        return propagate(order);
    if (!session.options.root.is_live())
        return fail(ExitCode::kRefused, "probe", "a directory is no kernel",
                    "probe opens the device; without --root it does so on this machine");
    auto inventory = session.kernel.inventory({});
    if (!inventory)
        return fail(inventory.error());
    World world;
    world.inventory = std::move(*inventory);
    const auto ids = devices_of(world, arguments.words);
    if (!ids)
        return propagate(ids);
    if (ids->size() != 1)
        return fail(ExitCode::kUsage, "probe " + printable(arguments.words.front()),
                    "it means " + std::to_string(ids->size()) + " devices", "name one");
    vfio::SystemCalls calls;
    const auto device = vfio::Device::open(calls, ids->front().text(), {.order = *order});
    if (!device)
        return fail(device.error());
    const ProbeReport report = probe(*device);
    if (session.json())
        session.out << dump(probe_json(report));
    else
        session.out << probe_text(report);
    return ExitCode::kDone;
}

}  // namespace vfioctl
