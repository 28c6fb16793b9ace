// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/chain.hpp"
#include "sysfs/text_file.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/policy_paths.hpp"
#include "vfioctl/table.hpp"

/// `vfioctl doctor`: every verdict is on what is in effect. What someone wrote on the kernel's command line or into a
/// firmware menu is no evidence: the kernel may ignore it, and may do the same without it.
namespace vfioctl {
namespace {

constexpr std::size_t kShown = 6;

Tint tint(Health health) {
    switch (health) {
        case Health::kOk: return Tint::kGood;
        case Health::kWarn: return Tint::kChange;
        case Health::kFail: return Tint::kBad;
        case Health::kSkip: return Tint::kFaint;
    }
    return Tint::kNone;
}

std::size_t count(const Findings& findings, Health health) {
    return static_cast<std::size_t>(
        std::count_if(findings.begin(), findings.end(),
                      [&](const Finding& finding) { return finding.health == health; }));
}

std::string as_text(const Findings& findings, const Screen& screen) {
    std::size_t width = 0;
    for (const Finding& finding : findings)
        width = std::max(width, finding.id.size());
    std::string out;
    for (const Finding& finding : findings) {
        const std::string verdict = health_name(finding.health);
        out += tinted(verdict, tint(finding.health), screen) + std::string(6 - verdict.size(), ' ') +
               finding.id + std::string(width + 2 - finding.id.size(), ' ') +
               printable(finding.evidence) + "\n";
        if (!finding.remedy.empty())
            out += std::string(8 + width, ' ') + "mend: " + printable(finding.remedy) + "\n";
    }
    return out + std::to_string(count(findings, Health::kFail)) + " failed, " +
           std::to_string(count(findings, Health::kWarn)) + " to look at, " +
           std::to_string(count(findings, Health::kOk)) + " good, " +
           std::to_string(count(findings, Health::kSkip)) + " not told here\n";
}

nlohmann::ordered_json text_or_null(const std::string& text) {
    return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

std::string as_json(const Findings& findings, const World& world) {
    nlohmann::ordered_json json = document();
    auto& checks = json["checks"] = nlohmann::ordered_json::array();
    for (const Finding& finding : findings)
        checks.push_back({{"id", finding.id},
                          {"verdict", health_name(finding.health)},
                          {"evidence", text_or_null(finding.evidence)},
                          {"remedy", text_or_null(finding.remedy)}});
    auto& summary = json["summary"] = nlohmann::ordered_json::object();
    for (const Health health : {Health::kOk, Health::kWarn, Health::kFail, Health::kSkip})
        summary[health_name(health)] = count(findings, health);
    json["warnings"] = world.warnings;
    return dump(json);
}

Findings examine(const Patient& patient) {
    Findings findings;
    for (const auto part :
         {examine_iommu, examine_isolation, examine_kernel, examine_limits, examine_nodes,
          examine_policies, examine_devices, examine_neighbours})
        part(patient, findings);
    return findings;
}

/// With broken policies the rest is still worth knowing, so this reads them itself and says so in a finding.
Outcome<World> look(Session& session, policy::Parsed& policies) {
    World world;
    if (policies.ok())
        world.policies = std::move(policies.set);
    sysfs::Wanted wanted = world.policies.wanted();
    wanted.resets = true;
    auto inventory = session.kernel.inventory(wanted);
    if (!inventory)
        return fail(inventory.error());
    world.inventory = *std::move(inventory);
    wanted.drivers.insert({"vfio-pci", "vfio-iommu-type1", "iommufd", "vfio"});
    auto drivers = session.kernel.drivers(wanted);
    if (!drivers)
        return fail(drivers.error());
    world.drivers = *std::move(drivers);
    for (const auto* warnings : {&world.inventory.warnings, &world.drivers.warnings})
        world.warnings.insert(world.warnings.end(), warnings->begin(), warnings->end());
    world.decisions = policy::decide(world.policies, world.inventory, world.drivers);
    make_plan(session, world, UseScan::kLook);
    recall(session, world);
    return world;
}

}  // namespace

const char* health_name(Health health) {
    switch (health) {
        case Health::kOk: return "ok";
        case Health::kWarn: return "warn";
        case Health::kFail: return "fail";
        case Health::kSkip: return "skip";
    }
    return "";
}

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (std::size_t at = 0; at < items.size() && at < kShown; ++at)
        out += (at == 0 ? "" : "; ") + items[at];
    if (items.size() > kShown)
        out += "; and " + std::to_string(items.size() - kShown) + " more";
    return out;
}

std::optional<std::string> Patient::text(const std::string& path) const {
    auto content = sysfs::read_text_file(root.path(path));
    if (content)
        content->erase(content->find_last_not_of(" \t\n") + 1);
    return content;
}

const policy::Rule* Patient::rule(const sysfs::DeviceId& id) const {
    const policy::Decision* decision = world.decision(id);
    return decision == nullptr || decision->outcome != policy::Outcome::kWanted ? nullptr
                                                                                 : decision->rule;
}

std::vector<const sysfs::Device*> Patient::assignable() const {
    std::vector<const sysfs::Device*> out;
    for (const sysfs::Device& device : world.inventory.devices) {
        const policy::Rule* wants = rule(device.id);
        const bool wanted = wants != nullptr && wants->driver &&
                            wants->driver->kind == policy::DriverWish::Kind::kChain;
        if (device.vfio || wanted)
            out.push_back(&device);
    }
    return out;
}

Outcome<ExitCode> run_doctor(Session& session, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    policy::Parsed policies = load_for(session, {});
    const auto world = look(session, policies);
    if (!world)
        return propagate(world);
    const Neighbours neighbours = read_neighbours(session.options.root);
    const Findings findings = examine({session.options.root, *world, policies, neighbours});
    session.out << (session.json() ? as_json(findings, *world) : as_text(findings, session.screen));
    return count(findings, Health::kFail) == 0 ? ExitCode::kDone : ExitCode::kFailed;
}

}  // namespace vfioctl
