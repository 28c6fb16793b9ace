// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/object_path.hpp"

#include <algorithm>
#include <utility>

namespace bindd {
namespace {

std::string element(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain)
            c = '_';
    }
    return out;
}

}  // namespace

std::string job_path(JobId id) {
    return "/org/bindd1/job/" + std::to_string(id);
}

std::string group_path(int group) {
    return std::string(kGroupRoot) + "/" + std::to_string(group);
}

std::optional<int> parse_group_path(const std::string& path) {
    const std::string root = std::string(kGroupRoot) + "/";
    if (!path.starts_with(root))
        return std::nullopt;
    const auto number = base::parse_decimal(std::string_view(path).substr(root.size()));
    // "015" is a number, but not one that group_path() writes.
    if (!number || *number > 0x7fffffff || group_path(static_cast<int>(*number)) != path)
        return std::nullopt;
    return static_cast<int>(*number);
}

std::string mdev_path(const std::string& uuid) {
    return std::string(kMdevRoot) + "/" + element(uuid);
}

std::optional<std::string> parse_mdev_path(const std::string& path) {
    const std::string root = std::string(kMdevRoot) + "/";
    if (!path.starts_with(root))
        return std::nullopt;
    std::string uuid = path.substr(root.size());
    std::replace(uuid.begin(), uuid.end(), '_', '-');
    return uuid;
}

const std::string& DevicePaths::add(const sysfs::DeviceId& id) {
    const auto [known, added] = by_id_.try_emplace(id);
    if (!added)
        return known->second;
    const std::string plain = std::string(kDeviceRoot) + "/" + element(id.bus + "_" + id.name);
    std::string path = plain;
    for (unsigned next = 2; by_path_.contains(path); ++next)
        path = plain + "_" + std::to_string(next);
    known->second = std::move(path);
    by_path_.emplace(known->second, &known->first);
    return known->second;
}

void DevicePaths::remove(const sysfs::DeviceId& id) {
    const auto known = by_id_.find(id);
    if (known == by_id_.end())
        return;
    by_path_.erase(known->second);
    by_id_.erase(known);
}

const sysfs::DeviceId* DevicePaths::find(std::string_view path) const {
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
}

const std::string* DevicePaths::find(const sysfs::DeviceId& id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : &found->second;
}

std::string DevicePaths::path_or_root(const sysfs::DeviceId& id) const {
    const std::string* path = find(id);
    return path == nullptr ? "/" : *path;
}

Paths DevicePaths::all() const {
    Paths out;
    out.reserve(by_path_.size());
    for (const auto& [path, id] : by_path_)
        out.emplace_back(path);
    return out;
}

BusResult<std::vector<sysfs::DeviceId>> DevicePaths::find_all(const Paths& paths) const {
    if (paths.empty())
        return bus_error(BusErrorKind::kNoSuchDevice, "no device is named");
    if (paths.size() > kMaxDevices)
        return bus_error(BusErrorKind::kOptionNotPermitted, "too many devices at once");
    std::vector<sysfs::DeviceId> out;
    for (const std::string& path : paths) {
        const sysfs::DeviceId* id = find(path);
        if (id == nullptr)
            return bus_error(BusErrorKind::kNoSuchDevice, path + ": no such device");
        out.push_back(*id);
    }
    return out;
}

}  // namespace bindd
