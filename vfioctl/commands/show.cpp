// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/show.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/decide/driver_chain.hpp"
#include "vfioctl/commands/history.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/device_details.hpp"
#include "vfioctl/render/device_format.hpp"

namespace vfioctl {
namespace {

/// Every driver that could serve the device, regardless of rules: the chain of `driver: auto`.
policy::Chain fitting(const HostAssessment& assessment, const sysfs::Device& device) {
    const policy::DriverAction any{.kind = policy::DriverAction::ActionKind::kChain,
                                   .chain = {{policy::Candidate::CandidateKind::kAuto, ""}}};
    return policy::driver_chain(any, "auto", device, assessment.policies.variants,
                                assessment.inventory, assessment.drivers);
}

/// The newest that concern the device, newest first.
std::vector<binding::HistoryEntry> last_transactions(
    const std::vector<binding::HistoryEntry>& history, const sysfs::DeviceId& id) {
    constexpr std::size_t kShown = 5;
    std::vector<binding::HistoryEntry> out;
    for (auto entry = history.rbegin(); entry != history.rend() && out.size() < kShown; ++entry)
        if (std::find(entry->devices.begin(), entry->devices.end(), id) != entry->devices.end())
            out.push_back(*entry);
    return out;
}

}  // namespace

CliResult<ExitCode> run_show(CliContext& cli, const Arguments& arguments) {
    sysfs::ScanOptions extra;
    extra.serial = extra.slots = extra.resets = true;
    auto assessment = TRY(scan_host(cli, extra, OnPolicyError::kWarns));
    const auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    TRY(decide(cli, assessment));
    if (assessment.drivers.aliases
            .empty()) {  // no rule asks for them, but who looks at a device may
        assessment.drivers = TRY(to_cli(cli.kernel.drivers(assessment.policies.required_facts())));
    }
    make_plan(cli, assessment, UsageScan::kScan);
    load_last_results(cli, assessment);
    const sysfs::Usage usage = cli.kernel.usage(assessment.inventory, ids);

    sysfs::HardwareDatabase hardware(cli.options.root);
    const auto history = load_history(cli);  // root's: others see none
    nlohmann::ordered_json json = json_document();
    auto& devices = json["devices"] = nlohmann::ordered_json::array();
    for (const sysfs::DeviceId& id : ids) {
        const sysfs::Device& device = *assessment.inventory.find(id);
        const auto uses = usage.find(id);
        const DeviceDetails details{
            .device = device,
            .group = assessment.inventory.find_group(device),
            .names = hardware_names(hardware, device),
            .subsystem = hardware.subsystem(device),
            .decision = assessment.decision(id),
            .state = assessment.state(device),
            .fitting = fitting(assessment, device),
            .modules = cli.kernel.modules_for(device.modalias).value_or(std::vector<std::string>{}),
            .uses = uses == usage.end() ? std::vector<sysfs::Use>{} : uses->second,
            .history = history ? std::optional(last_transactions(*history, id)) : std::nullopt};
        if (cli.json())
            devices.push_back(device_details_json(details));
        else
            cli.out << (id == ids.front() ? "" : "\n") << device_details_text(details);
    }
    json["warnings"] = assessment.warnings;
    if (cli.json())
        cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
