// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/device_builder.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace fake {
namespace {

/// Exactly `digits` hex digits; a fixture with a typo must not run.
std::uint32_t hex_or_die(const std::string& text, std::size_t digits) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (error != std::errc{} || end != text.data() + text.size() || text.size() != digits) {
        std::fprintf(stderr, "fixture: '%s' is not %zu hex digits\n", text.c_str(), digits);
        std::abort();
    }
    return value;
}

std::uint16_t id16(const std::string& text) {
    return static_cast<std::uint16_t>(hex_or_die(text, 4));
}

}  // namespace

std::string pci_modalias(const sysfs::HardwareIds& ids) {
    std::array<char, 80> text{};
    const std::uint32_t code = ids.class_code.value_or(0);
    const int length = std::snprintf(
        text.data(), text.size(), "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X",
        unsigned{ids.vendor.value_or(0)}, unsigned{ids.device.value_or(0)},
        unsigned{ids.subsystem_vendor.value_or(0)}, unsigned{ids.subsystem_device.value_or(0)},
        (code >> 16) & 0xff, (code >> 8) & 0xff, code & 0xff);
    return {text.data(), static_cast<std::size_t>(length)};
}

DeviceBuilder& DeviceBuilder::kind(const std::string& vendor_id, const std::string& device_id,
                                   const std::string& class_digits) {
    return vendor(vendor_id, device_id).class_code(class_digits);
}

DeviceBuilder& DeviceBuilder::gpu() {
    device_.boot_vga = false;
    return kind("10de", "2204", "030000");
}

DeviceBuilder& DeviceBuilder::accelerator_3d() {
    return kind("10de", "1eb8", "030200");
}

DeviceBuilder& DeviceBuilder::nic() {
    return kind("8086", "10d3", "020000");
}

DeviceBuilder& DeviceBuilder::nvme() {
    return kind("144d", "a808", "010802");
}

DeviceBuilder& DeviceBuilder::audio() {
    return kind("10de", "1aef", "040300");
}

DeviceBuilder& DeviceBuilder::bridge() {
    device_.header_type = 1;
    device_.driver = "pcieport";
    return kind("8086", "1901", "060400");
}

DeviceBuilder& DeviceBuilder::vendor(const std::string& vendor_id, const std::string& device_id) {
    device_.ids.vendor = id16(vendor_id);
    device_.ids.device = id16(device_id);
    return *this;
}

DeviceBuilder& DeviceBuilder::subsystem(const std::string& vendor_id,
                                        const std::string& device_id) {
    device_.ids.subsystem_vendor = id16(vendor_id);
    device_.ids.subsystem_device = id16(device_id);
    return *this;
}

DeviceBuilder& DeviceBuilder::class_code(const std::string& six_hex_digits) {
    device_.ids.class_code = hex_or_die(six_hex_digits, 6);
    return *this;
}

DeviceBuilder& DeviceBuilder::revision(const std::string& two_hex_digits) {
    device_.ids.revision = static_cast<std::uint8_t>(hex_or_die(two_hex_digits, 2));
    return *this;
}

DeviceBuilder& DeviceBuilder::modalias(const std::string& text) {
    device_.modalias = text;
    return *this;
}

DeviceBuilder& DeviceBuilder::behind(const sysfs::Device& bridge) {
    const std::string& name = device_.id.name;
    device_.syspath = bridge.syspath + "/" + name;
    // "0000:01:00.0" → "00.0": the part that stays when buses are renumbered.
    device_.path = bridge.path + "/" + name.substr(name.rfind(':') + 1);
    return *this;
}

DeviceBuilder& DeviceBuilder::group(int iommu_group) {
    device_.iommu_group = iommu_group;
    return *this;
}

DeviceBuilder& DeviceBuilder::numa(int node) {
    device_.numa_node = node;
    return *this;
}

DeviceBuilder& DeviceBuilder::slot(const std::string& name) {
    device_.slot = name;
    return *this;
}

DeviceBuilder& DeviceBuilder::serial(const std::string& text) {
    device_.serial = text;
    return *this;
}

DeviceBuilder& DeviceBuilder::netdev(const std::string& name) {
    device_.netdevs.push_back(name);
    return *this;
}

DeviceBuilder& DeviceBuilder::driver(const std::string& name) {
    device_.driver = name;
    return *this;
}

DeviceBuilder& DeviceBuilder::unbound() {
    device_.driver.reset();
    device_.vfio.reset();
    return *this;
}

DeviceBuilder& DeviceBuilder::override_(const std::string& driver) {
    device_.driver_override = driver;
    return *this;
}

DeviceBuilder& DeviceBuilder::boot_vga() {
    device_.boot_vga = true;
    return *this;
}

DeviceBuilder& DeviceBuilder::vfio(const std::string& driver, const std::string& cdev) {
    device_.driver = driver;
    device_.driver_override = driver;
    device_.vfio = sysfs::VfioNodes{};
    if (device_.iommu_group)
        device_.vfio->group = std::to_string(*device_.iommu_group);
    if (!cdev.empty())
        device_.vfio->cdev = cdev;
    return *this;
}

DeviceBuilder& DeviceBuilder::pf(std::uint32_t total, std::uint32_t enabled) {
    device_.sriov = sysfs::SriovPf{.total = total,
                                   .enabled = enabled,
                                   .autoprobe = true,
                                   .offset = {},
                                   .stride = {},
                                   .vfs = {}};
    return *this;
}

DeviceBuilder& DeviceBuilder::vf_of(const std::string& pf_address, std::uint32_t index) {
    device_.vf = sysfs::SriovVf{.pf = pf_address, .index = index};
    return *this;
}

DeviceBuilder& DeviceBuilder::mdev_type(const std::string& id, std::uint32_t available,
                                        const std::string& device_api) {
    device_.mdev_parent_name = device_.id.name;
    device_.mdev_types.push_back(sysfs::MdevType{
        .id = id, .device_api = device_api, .available = available, .name = {}, .description = {}});
    return *this;
}

DeviceBuilder& DeviceBuilder::vgpu_type(const std::string& number, const std::string& name) {
    device_.vgpu.emplace();
    device_.mdev_types.push_back(sysfs::MdevType{.id = "nvidia-" + number,
                                                 .device_api = "vfio-pci",
                                                 .available = 1,
                                                 .name = name,
                                                 .description = {}});
    return *this;
}

DeviceBuilder& DeviceBuilder::property(const std::string& key, const std::string& value) {
    device_.properties[key] = value;
    return *this;
}

DeviceBuilder& DeviceBuilder::attr(const std::string& key, const std::string& value) {
    device_.attrs[key] = value;
    return *this;
}

}  // namespace fake
