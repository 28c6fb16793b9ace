// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/device_details_json.hpp"

#include <nlohmann/json.hpp>

#include "binding/codec/json.hpp"
#include "vfioctl/render/device_format.hpp"

namespace vfioctl {
namespace {

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

Json device_details_json(const DeviceDetails& details) {
    const sysfs::Device& device = details.device;
    Json json = binding::device_json(device, details.names, details.decision, details.state);
    json["modalias"] = text_or_null(device.modalias);
    json["path"] = text_or_null(device.path);
    json["syspath"] = text_or_null(device.syspath);
    json["subsystem_name"] = text_or_null(details.subsystem);
    json["slot"] = text_or_null(device.slot);
    json["serial"] = text_or_null(device.serial);
    json["netdevs"] = device.netdevs;
    json["reset_methods"] = device.reset_methods;
    json["group"] = group_field(details);
    json["variants"] = variants_field(details.fitting);
    json["sriov"] = sriov_field(device);
    json["vf"] = vf_field(device);
    json["mdev"] = mdev_field(device);
    json["mdev_types"] = mdev_types_field(device);
    json["holders"] = holders_field(details.uses);
    return json;
}

}  // namespace vfioctl
