// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/mdev/mdev_format.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "binding/codec/json.hpp"
#include "vfioctl/context/json_document.hpp"

namespace vfioctl {
namespace {

using binding::Json;
using binding::ListedMdev;
using binding::MdevStart;

const char* start_name(MdevStart start) {
    return start == MdevStart::kAuto ? "auto" : "manual";
}

std::string pretty(const Json& json) {
    return binding::dump(json, binding::JsonLayout::kIndented);
}

/// mdevctl has no empty object: `[]` is its nothing.
Json parents_json(const std::map<std::string, Json>& parents) {
    if (parents.empty())
        return Json::array();
    Json all = Json::object();
    for (const auto& [name, children] : parents)
        all[name] = children;
    return Json::array({all});
}

std::string dump_json(const std::vector<ListedMdev>& mdevs, const binding::MdevFilter& filter) {
    if (filter.uuid && mdevs.size() == 1)
        return pretty(to_json(mdevs.front().definition));
    std::map<std::string, Json> parents;
    for (const ListedMdev& mdev : mdevs) {
        Json& children = parents.try_emplace(mdev.definition.parent, Json::array()).first->second;
        children.push_back({{mdev.definition.uuid, to_json(mdev.definition)}});
    }
    return pretty(parents_json(parents));
}

std::string attrs_text(const binding::MdevAttrs& attrs) {
    if (attrs.empty())
        return {};
    std::string out = "  Attrs:\n";
    for (std::size_t i = 0; i < attrs.size(); ++i)
        out += "    @{" + std::to_string(i) + "}: {\"" + attrs[i].first + "\":\"" +
               attrs[i].second + "\"}\n";
    return out;
}

std::string mdev_line(const ListedMdev& mdev, MdevSelection which) {
    const binding::MdevDefinition& it = mdev.definition;
    std::string line = it.uuid + " " + it.parent + " " + it.type + " " + start_name(it.start);
    switch (which) {
        case MdevSelection::kActive:
            return line + (mdev.defined ? " (defined)\n" : "\n");
        case MdevSelection::kDefined:
            return line + (mdev.active ? " (active)\n" : "\n");
    }
    return line;
}

Json listed_json(const ListedMdev& mdev) {
    return {{"uuid", mdev.definition.uuid},
            {"parent", mdev.definition.parent},
            {"type", mdev.definition.type},
            {"start", start_name(mdev.definition.start)},
            {"active", mdev.active},
            {"defined", mdev.defined},
            {"attrs", to_json(mdev.definition).at("attrs")}};
}

std::vector<sysfs::MdevType> sorted_types(const sysfs::Device& device) {
    std::vector<sysfs::MdevType> types = device.mdev_types;
    std::sort(types.begin(), types.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    return types;
}

/// On one line: i915's has several.
std::string one_line(std::string text) {
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at))
        text.replace(at, 1, ", ");
    return text;
}

Json type_json(const sysfs::MdevType& type) {
    Json json = {{"available_instances", type.available}, {"device_api", type.device_api}};
    if (type.name && !type.name->empty())
        json["name"] = *type.name;
    if (type.description && !type.description->empty())
        json["description"] = one_line(*type.description);
    return json;
}

std::string types_text(const std::string& parent, const std::vector<sysfs::MdevType>& types) {
    std::string out = parent + "\n";
    for (const sysfs::MdevType& type : types) {
        out += "  " + type.id + "\n    Available instances: " + std::to_string(type.available) +
               "\n    Device API: " + type.device_api + "\n";
        if (type.name && !type.name->empty())
            out += "    Name: " + *type.name + "\n";
        if (type.description && !type.description->empty())
            out += "    Description: " + one_line(*type.description) + "\n";
    }
    return out;
}

Json named_type_json(const sysfs::MdevType& type) {
    return {{"type", type.id},
            {"name", binding::text_or_null(type.name)},
            {"description", binding::text_or_null(type.description)},
            {"device_api", binding::text_or_null(type.device_api)},
            {"available_instances", type.available},
            {"available", type.available}};
}

}  // namespace

MdevOutput format_mdev_list(const std::vector<ListedMdev>& mdevs, MdevSelection which,
                            MdevFormat form, MdevDetail detail, const binding::MdevFilter& filter) {
    MdevOutput output{.text = {}, .json = json_document()};
    output.json["mdevs"] = Json::array();
    for (const ListedMdev& mdev : mdevs) {
        output.json["mdevs"].push_back(listed_json(mdev));
        output.text += mdev_line(mdev, which);
        if (detail == MdevDetail::kAttrs)
            output.text += attrs_text(mdev.definition.attrs);
    }
    if (form == MdevFormat::kDumpJson)
        output.text = dump_json(mdevs, filter);
    return output;
}

MdevOutput format_mdev_types(const sysfs::Inventory& inventory,
                             const std::optional<std::string>& parent, MdevFormat form) {
    std::map<std::string, std::vector<sysfs::MdevType>> parents;
    for (const sysfs::Device& device : inventory.devices)
        if (!device.mdev_parent_name.empty() && (!parent || *parent == device.mdev_parent_name))
            parents[device.mdev_parent_name] = sorted_types(device);
    MdevOutput output{.text = {}, .json = json_document()};
    output.json["parents"] = Json::array();
    std::map<std::string, Json> dumped;
    for (const auto& [name, types] : parents) {
        Json named = Json::array();
        Json& children = dumped.try_emplace(name, Json::array()).first->second;
        for (const sysfs::MdevType& type : types) {
            named.push_back(named_type_json(type));
            children.push_back({{type.id, type_json(type)}});
        }
        output.json["parents"].push_back({{"parent", name}, {"types", named}});
        output.text += types_text(name, types);
    }
    if (form == MdevFormat::kDumpJson)
        output.text = pretty(parents_json(dumped));
    return output;
}

}  // namespace vfioctl
