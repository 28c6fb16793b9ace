// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/device_details.hpp"

#include <nlohmann/json.hpp>

#include "base/join.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/history_report.hpp"
#include "binding/report/plan_report.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/key_value_list.hpp"

namespace vfioctl {
namespace {

constexpr const char* kMdevParentBus = "mdev_parent";  // a parent that nothing binds drivers to

std::string group_line(const DeviceDetails& details) {
    if (details.group == nullptr)
        return "none: without one, VFIO supports the device only in noiommu mode";
    const sysfs::Group& group = *details.group;
    std::string out = std::to_string(group.id);
    if (!group.type.empty())
        out += " (" + group.type + ")";
    return out + (group.viable() ? ", viable" : ", not viable");
}

std::vector<std::string> peer_lines(const DeviceDetails& details) {
    std::vector<std::string> out;
    if (details.group == nullptr)
        return out;
    for (const sysfs::DeviceId& peer : details.group->devices) {
        if (peer == details.device.id)
            continue;
        std::string line = peer.display();
        for (const sysfs::Blocker& blocker : details.group->blockers)
            if (blocker.device == peer)
                line += "  " + blocker.driver + ": " + blocker.why;
        out.push_back(line);
    }
    return out;
}

std::string vf_line(const sysfs::Device& device) {
    return device.vf ? std::to_string(device.vf->index) + " of " + device.vf->pf : std::string{};
}

std::vector<std::string> sriov_lines(const sysfs::Device& device) {
    if (!device.sriov)
        return {};
    std::vector<std::string> out = {std::to_string(device.sriov->enabled) + " of " +
                                    std::to_string(device.sriov->total)};
    for (const auto& [index, name] : device.sriov->vfs)
        out.push_back(std::to_string(index) + " " + name);
    return out;
}

std::vector<std::string> mdev_type_lines(const sysfs::Device& device) {
    std::vector<std::string> out;
    for (const sysfs::MdevType& type : device.mdev_types)
        out.push_back(type.id + " (" + type.device_api + "), " + std::to_string(type.available) +
                      " available");
    return out;
}

std::vector<std::string> node_lines(const sysfs::Device& device) {
    std::vector<std::string> out;
    if (device.vfio && device.vfio->group)
        out.push_back("/dev/vfio/" + *device.vfio->group);
    if (device.vfio && device.vfio->cdev)
        out.push_back("/dev/vfio/devices/" + *device.vfio->cdev);
    return out;
}

std::vector<std::string> use_lines(const std::vector<sysfs::Use>& uses) {
    std::vector<std::string> out;
    for (const sysfs::Use& use : uses) {
        std::string line = std::string(sysfs::use_kind_name(use.kind)) + ": " + use.text;
        if (!use.evidence.empty() && use.text.find(use.evidence) == std::string::npos)
            line += " (" + use.evidence + ")";
        out.push_back(line);
    }
    return out;
}

std::string rule_line(const policy::Decision* decision) {
    if (decision == nullptr || decision->rule == nullptr)
        return {};
    return decision->rule->name + " (" + decision->rule->where.text() + ")";
}

std::vector<std::string> history_lines(const DeviceDetails& details) {
    std::vector<std::string> out;
    for (const binding::HistoryEntry& entry :
         details.history.value_or(std::vector<binding::HistoryEntry>{})) {
        std::string line = binding::format_local_time(entry.time_us) + "  " + entry.action + " " +
                           entry.driver + ": " + entry.result;
        if (!entry.rule.empty())
            line += ", rule " + entry.rule;
        out.push_back(line + (entry.error.empty() ? "" : ": " + entry.error));
    }
    return out;
}

void add_identity(const DeviceDetails& details, KeyValueList& list) {
    const sysfs::Device& device = details.device;
    const sysfs::HardwareIds& ids = device.ids;
    list.add("bus", device.id.bus);
    list.add("vendor", details.names.vendor);
    list.add("device", details.names.device);
    list.add("subsystem", details.subsystem);
    list.add("ids", id_pair(ids.vendor, ids.device));
    list.add("subsystem ids", id_pair(ids.subsystem_vendor, ids.subsystem_device));
    if (ids.class_code)
        list.add("class", device_class_name(ids) + " (" + base::to_hex(*ids.class_code, 6) + ")");
    if (ids.revision)
        list.add("revision", base::to_hex(*ids.revision, 2));
    list.add("modalias", device.modalias);
    list.add("path", device.path);
    list.add("sysfs", device.syspath);
    list.add("slot", device.slot);
    list.add("serial", device.serial);
    if (device.numa_node)
        list.add("numa node", std::to_string(*device.numa_node));
    if (device.boot_vga)
        list.add("boot vga", std::string(*device.boot_vga ? "yes" : "no"));
    list.add("netdevs", base::join(device.netdevs, " "));
}

void add_binding(const DeviceDetails& details, KeyValueList& list) {
    const sysfs::Device& device = details.device;
    if (device.id.bus != kMdevParentBus) {
        list.add("driver", device.driver.value_or("none"));
        list.add("iommu group", group_line(details));
    }
    if (device.has_override)
        list.add("override", device.driver_override.value_or("none set"));
    list.add("group peers", peer_lines(details));
    list.add("drivers that fit", chain_lines(details.fitting));
    list.add("kernel modules", base::join(details.modules, " "));
    list.add("reset methods", base::join(device.reset_methods, " "));
    list.add("vfio nodes", node_lines(device));
    list.add("vf", vf_line(device));
    list.add("vfs", sriov_lines(device));
    if (device.mdev)
        list.add("mdev", device.mdev->type + " of " + device.mdev->parent);
    list.add("mdev types", mdev_type_lines(device));
    list.add("used", use_lines(details.uses));
    list.add("rule", rule_line(details.decision));
    list.add("wanted", wanted_driver(details.decision));
    list.add("attributes", attribute_lines(device, details.decision));
    list.add("state", binding::state_text(details.state));
    list.add("reason", details.state.reason);
    list.add("last transactions", history_lines(details));
}

using binding::Json;
using binding::text_or_null;

Json group_field(const DeviceDetails& details) {
    return details.group == nullptr ? Json(nullptr) : binding::group_json(*details.group);
}

Json sriov_field(const sysfs::Device& device) {
    if (!device.sriov)
        return nullptr;
    Json vfs = Json::array();
    for (const auto& [index, name] : device.sriov->vfs)
        vfs.push_back({{"index", index}, {"address", name}});
    return {{"total", device.sriov->total},
            {"enabled", device.sriov->enabled},
            {"autoprobe", device.sriov->autoprobe ? Json(*device.sriov->autoprobe) : Json(nullptr)},
            {"vfs", vfs}};
}

Json vf_field(const sysfs::Device& device) {
    if (!device.vf)
        return nullptr;
    return {{"pf", device.vf->pf}, {"index", device.vf->index}};
}

Json mdev_field(const sysfs::Device& device) {
    if (!device.mdev)
        return nullptr;
    return {{"parent", device.mdev->parent}, {"type", device.mdev->type}};
}

Json mdev_types_field(const sysfs::Device& device) {
    Json out = Json::array();
    for (const sysfs::MdevType& type : device.mdev_types)
        out.push_back({{"type", type.id},
                       {"device_api", text_or_null(type.device_api)},
                       {"available_instances", type.available},
                       {"name", text_or_null(type.name)},
                       {"description", text_or_null(type.description)}});
    return out;
}

Json variants_field(const policy::Chain& chain) {
    Json out = Json::array();
    for (const policy::ChainLink& link : chain.links)
        out.push_back({{"driver", text_or_null(link.driver)},
                       {"module", text_or_null(link.module)},
                       {"from", link.from},
                       {"fate", policy::candidate_status_name(link.status)},
                       {"why", text_or_null(link.why)}});
    return out;
}

Json holders_field(const std::vector<sysfs::Use>& uses) {
    Json out = Json::array();
    for (const sysfs::Use& use : uses)
        out.push_back({{"code", sysfs::use_kind_name(use.kind)},
                       {"text", use.text},
                       {"evidence", text_or_null(use.evidence)}});
    return out;
}

}  // namespace

std::string device_details_text(const DeviceDetails& details) {
    KeyValueList list;
    add_identity(details, list);
    add_binding(details, list);
    return details.device.id.display() + "\n" + list.text();
}

Json device_details_json(const DeviceDetails& details) {
    const sysfs::Device& device = details.device;
    Json json = binding::device_json(device, details.names, details.decision, details.state);
    json["syspath"] = text_or_null(device.syspath);
    json["subsystem_name"] = text_or_null(details.subsystem);
    json["reset_methods"] = device.reset_methods;
    json["attrs"] = binding::wanted_attributes_json(device, details.decision);
    json["group"] = group_field(details);
    json["variants"] = variants_field(details.fitting);
    json["sriov"] = sriov_field(device);
    json["vf"] = vf_field(device);
    json["mdev"] = mdev_field(device);
    json["mdev_types"] = mdev_types_field(device);
    json["holders"] = holders_field(details.uses);
    json["modules"] = details.modules;
    json["history"] = details.history ? binding::history_json(*details.history) : Json(nullptr);
    return json;
}

}  // namespace vfioctl
