// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>

#include "vfioctl/chain_words.hpp"
#include "vfioctl/portrait.hpp"

namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<std::string>& text) {
    return text && !text->empty() ? Json(*text) : Json(nullptr);
}

Json group_of(const Portrait& portrait) {
    return portrait.group == nullptr ? Json(nullptr) : binding::group_json(*portrait.group);
}

Json sriov_of(const sysfs::Device& device) {
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

Json vf_of(const sysfs::Device& device) {
    if (!device.vf)
        return nullptr;
    return {{"pf", device.vf->pf}, {"index", device.vf->index}};
}

Json mdev_of(const sysfs::Device& device) {
    if (!device.mdev)
        return nullptr;
    return {{"parent", device.mdev->parent}, {"type", device.mdev->type}};
}

Json mdev_types_of(const sysfs::Device& device) {
    Json out = Json::array();
    for (const sysfs::MdevType& type : device.mdev_types)
        out.push_back({{"type", type.id},
                       {"device_api", or_null(type.device_api)},
                       {"available_instances", type.available},
                       {"name", or_null(type.name)},
                       {"description", or_null(type.description)}});
    return out;
}

Json variants_of(const policy::Chain& chain) {
    Json out = Json::array();
    for (const policy::ChainLink& link : chain.links)
        out.push_back({{"driver", or_null(link.driver)},
                       {"module", or_null(link.module)},
                       {"from", link.from},
                       {"fate", fate_word(link.fate)},
                       {"why", or_null(link.why)}});
    return out;
}

Json holders_of(const std::vector<sysfs::Use>& uses) {
    Json out = Json::array();
    for (const sysfs::Use& use : uses)
        out.push_back({{"code", use_word(use.kind)},
                       {"text", use.text},
                       {"evidence", or_null(use.evidence)}});
    return out;
}

}  // namespace

Json portrait_json(const Portrait& portrait) {
    const sysfs::Device& device = portrait.device;
    Json json = binding::device_json(device, portrait.names, portrait.decision, portrait.state);
    json["modalias"] = or_null(device.modalias);
    json["path"] = or_null(device.path);
    json["syspath"] = or_null(device.syspath);
    json["subsystem_name"] = or_null(portrait.subsystem);
    json["slot"] = or_null(device.slot);
    json["serial"] = or_null(device.serial);
    json["netdevs"] = device.netdevs;
    json["reset_methods"] = device.reset_methods;
    json["group"] = group_of(portrait);
    json["variants"] = variants_of(portrait.fitting);
    json["sriov"] = sriov_of(device);
    json["vf"] = vf_of(device);
    json["mdev"] = mdev_of(device);
    json["mdev_types"] = mdev_types_of(device);
    json["holders"] = holders_of(portrait.uses);
    return json;
}

}  // namespace vfioctl
