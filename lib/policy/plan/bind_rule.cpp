// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/bind_rule.hpp"

#include <algorithm>
#include <utility>

#include "policy/plan/mdev_requests.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

FieldTest field(Field which, std::string wanted) {
    return {.field = which, .key = {}, .wanted = {std::move(wanted)}, .ranges = {}, .where = {}};
}

}  // namespace

Match exact_match(const sysfs::Device& device) {
    Match match;
    if (device.id.bus == "mdev_parent") {
        match.fields.push_back(field(Field::kMdevParent, device.id.name));
        return match;
    }
    if (device.id.bus != "pci")
        match.fields.push_back(field(Field::kBus, device.id.bus));
    match.fields.push_back(field(Field::kAddress, device.id.name));
    if (device.ids.vendor)
        match.fields.push_back(field(Field::kVendor, base::to_hex(*device.ids.vendor, 4)));
    if (device.ids.device)
        match.fields.push_back(field(Field::kDevice, base::to_hex(*device.ids.device, 4)));
    if (!device.ids.vendor && !device.ids.device && !device.modalias.empty())
        match.fields.push_back(field(Field::kModalias, device.modalias));
    return match;
}

Rule make_bind_rule(const sysfs::Device& device, const BindOptions& spec) {
    Rule rule;
    rule.name = "bind-" + (device.id.bus == "pci" ? "" : device.id.bus + "-") + device.id.name;
    std::replace_if(
        rule.name.begin(), rule.name.end(), [](char c) { return c == ':' || c == '.'; }, '-');
    rule.match = exact_match(device);
    rule.driver = spec.driver;
    rule.group.kind = spec.group;
    // What is as true at the next boot; the others are temporary.
    for (const ReasonCode code : {ReasonCode::kSignature, ReasonCode::kDriverMismatch})
        if (spec.forced.codes.contains(code))
            rule.in_use_allow.emplace_back(reason_name(code));
    return rule;
}

Rule make_vfs_rule(const sysfs::Device& pf, std::uint32_t count) {
    Rule rule = make_bind_rule(pf, {});
    rule.name = "sriov" + rule.name.substr(rule.name.find('-'));
    rule.driver.reset();
    rule.sriov_vfs = count;
    return rule;
}

Rule make_mdev_rule(const sysfs::Device& parent, MdevSpec spec) {
    Rule rule;
    rule.name = kMdevRequest;
    rule.match = exact_match(parent);
    rule.mdevs.push_back(std::move(spec));
    return rule;
}

sysfs::ScanOptions required_facts(const DriverAction& spec) {
    sysfs::ScanOptions wanted;
    for (const Candidate& candidate : spec.chain)
        if (candidate.kind == Candidate::CandidateKind::kNamed)
            wanted.drivers.insert(candidate.driver);
    return wanted;
}

}  // namespace policy
