// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Identity before address. Between the decision and the write the device at "0000:01:00.0" can be
// replaced: hotplug, or a PF that recreates its VFs. An open kernfs directory stays tied to its
// device: once the device is removed every lookup in it fails with ENOENT, even if a new device has
// the name. So open, compare, and write relative to the same fd has no race.
//
// Under noiommu the IOMMU group is no identity: vfio creates it at bind and removes it at unbind.
#include "sysfs/kernel/device_target.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <utility>

#include "sysfs/device/device_dir.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/vfio_nodes.hpp"

namespace sysfs {
namespace {

/// Attribute and expected value of every id; the attributes have the same names on all buses.
std::array<std::pair<const char*, std::optional<std::uint64_t>>, 6> expected_ids(
    const HardwareIds& ids) {
    return {{{"vendor", ids.vendor},
             {"device", ids.device},
             {"subsystem_vendor", ids.subsystem_vendor},
             {"subsystem_device", ids.subsystem_device},
             {"class", ids.class_code},
             {"revision", ids.revision}}};
}

std::optional<std::uint64_t> id_of(const base::Dir& device, const char* attr) {
    const auto text = device.attr(attr);
    return text ? parse_hardware_id(*text) : std::nullopt;
}

std::string id_text(std::optional<std::uint64_t> id) {
    return id ? base::to_hex(static_cast<std::uint32_t>(*id), 4) : "none";
}

std::string ids_mismatch(const base::Dir& device, const HardwareIds& expected) {
    for (const auto& [attr, wanted] : expected_ids(expected)) {
        if (!wanted || id_of(device, attr) == wanted)
            continue;
        if (expected.vendor && expected.device &&
            (id_of(device, "vendor") != *expected.vendor ||
             id_of(device, "device") != *expected.device)) {
            return fmt::format("is another device now: {}:{}, was {}:{}",
                               id_text(id_of(device, "vendor")), id_text(id_of(device, "device")),
                               id_text(expected.vendor), id_text(expected.device));
        }
        return fmt::format("is another device now: {} is {}, was {}", attr,
                           id_text(id_of(device, attr)), id_text(wanted));
    }
    return {};
}

std::string group_mismatch(const base::Dir& device, std::optional<int> expected, Noiommu noiommu) {
    const auto now = device.link_name("iommu_group");
    const std::string was = expected ? std::to_string(*expected) : std::string();
    if (now.value_or("") == was)
        return {};
    if (device.attr("iommu_group/name") == kNoiommuGroupName || (!now && noiommu == Noiommu::kOn))
        return {};
    if (!now)
        return fmt::format("is in no IOMMU group now, was in {}", was);
    return expected ? fmt::format("is in IOMMU group {} now, was in {}", *now, was)
                    : fmt::format("is in IOMMU group {} now, was in none", *now);
}

Noiommu noiommu_mode() {
    const auto vfio = base::Dir::open("/sys/module/vfio/parameters");
    const bool on = vfio && vfio->attr("enable_unsafe_noiommu_mode") == "Y";
    return on ? Noiommu::kOn : Noiommu::kOff;
}

}  // namespace

std::string identity_mismatch(const base::Dir& device, const Identity& expected, Noiommu noiommu) {
    const std::string modalias = device.attr("modalias").value_or("");
    // A PCI modalias contains all ids but the revision: one read instead of six.
    const bool ids_in_it = modalias.starts_with("pci:") && modalias == expected.modalias;
    const HardwareIds to_compare = ids_in_it ? HardwareIds{.vendor = {},
                                                           .device = {},
                                                           .subsystem_vendor = {},
                                                           .subsystem_device = {},
                                                           .class_code = {},
                                                           .revision = expected.ids.revision}
                                             : expected.ids;
    if (auto text = ids_mismatch(device, to_compare); !text.empty())
        return text;
    if (modalias != expected.modalias) {
        return fmt::format("is another device now: {}, was {}",
                           modalias.empty() ? "no modalias" : modalias,
                           expected.modalias.empty() ? "no modalias" : expected.modalias);
    }
    if (expected.incarnation && device.inode() != expected.incarnation)
        return "was removed, and another of its kind has its address now";
    return group_mismatch(device, expected.iommu_group, noiommu);
}

bool is_alive(const base::Dir& device) {
    return device.has("uevent");
}

base::Result<base::Dir> open_target(const DeviceTarget& target, const std::string& operation) {
    const std::string object = target.id.display();
    if (!parse_bus_name(target.id.bus) || !parse_device_name(target.id.name))
        return base::fail(base::Code::kInvalid, operation, object,
                          "this could not be a device's name");
    auto device = base::Dir::open("/sys/bus/" + target.id.bus + "/devices/" + target.id.name);
    if (!device) {
        if (device.error().code == base::Code::kNotFound)
            return base::fail(base::Code::kGone, operation, object,
                              "there is no such device any more");
        return tl::unexpected<base::Error>(base::Error{device.error().code, operation, object,
                                                       device.error().errnum, device.error().reason,
                                                       device.error().hint});
    }
    // The mode is read only after a mismatch.
    std::string mismatch = identity_mismatch(*device, target.identity, Noiommu::kOff);
    if (!mismatch.empty())
        mismatch = identity_mismatch(*device, target.identity, noiommu_mode());
    if (!mismatch.empty() && !is_alive(*device))
        mismatch = "went while it was looked at";
    if (!mismatch.empty())
        return base::fail(base::Code::kGone, operation, object, std::move(mismatch));
    return device;
}

}  // namespace sysfs
