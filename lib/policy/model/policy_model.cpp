// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/policy_model.hpp"

#include "policy/decide/match.hpp"

namespace policy {
namespace {

void collect_required_facts(const Match& match, sysfs::ScanOptions& wanted) {
    for (const FieldTest& test : match.fields) {
        if (test.field == Field::kSerial)
            wanted.serial = true;
        if (test.field == Field::kSlot)
            wanted.slots = true;
        if (test.field == Field::kNumaNode)
            wanted.numa_nodes = true;
        if (test.field == Field::kRevision)
            wanted.revisions = true;
        if (test.field == Field::kProperty)
            wanted.properties = true;
        if (test.field == Field::kAttr)
            wanted.attrs.insert(test.key);
    }
    for (const std::vector<Match>* inner : {&match.pf, &match.all, &match.none})
        for (const Match& each : *inner)
            collect_required_facts(each, wanted);
    for (const std::vector<Match>& alternatives : match.any)
        for (const Match& each : alternatives)
            collect_required_facts(each, wanted);
}

}  // namespace

const char* field_name(Field field) {
    switch (field) {
        case Field::kBus:
            return "bus";
        case Field::kAddress:
            return "address";
        case Field::kVendor:
            return "vendor";
        case Field::kDevice:
            return "device";
        case Field::kSubsystemVendor:
            return "subsystem_vendor";
        case Field::kSubsystemDevice:
            return "subsystem_device";
        case Field::kClass:
            return "class";
        case Field::kRevision:
            return "revision";
        case Field::kDriver:
            return "driver";
        case Field::kModalias:
            return "modalias";
        case Field::kPath:
            return "path";
        case Field::kSlot:
            return "slot";
        case Field::kNumaNode:
            return "numa_node";
        case Field::kIommuGroup:
            return "iommu_group";
        case Field::kIsVf:
            return "is_vf";
        case Field::kIsPf:
            return "is_pf";
        case Field::kVf:
            return "vf";
        case Field::kNetdev:
            return "netdev";
        case Field::kSerial:
            return "serial";
        case Field::kBootVga:
            return "boot_vga";
        case Field::kArch:
            return "arch";
        case Field::kKernel:
            return "kernel";
        case Field::kProperty:
            return "property";
        case Field::kAttr:
            return "attr";
        case Field::kMdevParent:
            return "mdev_parent";
    }
    return "";
}

sysfs::ScanOptions PolicySet::required_facts() const {
    sysfs::ScanOptions wanted;
    for (const Variant& variant : variants) {
        collect_required_facts(variant.match, wanted);
        wanted.drivers.insert(variant.drivers.begin(), variant.drivers.end());
    }
    for (const Rule& rule : rules) {
        collect_required_facts(rule.match, wanted);
        wanted.other_buses = wanted.other_buses || !keeps_to_pci(rule.match);
        for (const Match& peer : rule.group.listed)
            collect_required_facts(peer, wanted);
        wanted.access = wanted.access || rule.access != AccessSpec{};
        if (rule.access.owner)
            wanted.users.insert(*rule.access.owner);
        if (rule.access.group)
            wanted.groups.insert(*rule.access.group);
        if (!rule.driver)
            continue;
        for (const Candidate& candidate : rule.driver->chain)
            if (candidate.kind == Candidate::CandidateKind::kNamed)
                wanted.drivers.insert(candidate.driver);
    }
    return wanted;
}

}  // namespace policy
