// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/match_predicates.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include "policy/model/class_and_kernel_match.hpp"

namespace policy {
namespace {

bool matches_any_glob(const FieldTest& test, const std::string& text) {
    return std::any_of(test.wanted.begin(), test.wanted.end(), [&](const std::string& pattern) {
        // Most patterns are plain names, and fnmatch costs ten times a comparison.
        return has_wildcard(pattern) ? ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0
                                     : pattern == text;
    });
}

}  // namespace

bool has_wildcard(const std::string& pattern) {
    return pattern.find_first_of("*?[\\") != std::string::npos;
}

bool value_equals(const MatchInput& in) {
    std::string scratch;
    const std::string* value = match_field(in.test.field).value(in, scratch);
    return value != nullptr &&
           std::find(in.test.wanted.begin(), in.test.wanted.end(), *value) != in.test.wanted.end();
}

bool value_matches(const MatchInput& in) {
    std::string scratch;
    const std::string* value = match_field(in.test.field).value(in, scratch);
    return value != nullptr && matches_any_glob(in.test, *value);
}

bool driver_holds(const MatchInput& in) {
    if (!in.device.driver)
        return std::find(in.test.wanted.begin(), in.test.wanted.end(), "none") !=
               in.test.wanted.end();
    return matches_any_glob(in.test, *in.device.driver);
}

bool class_holds(const MatchInput& in) {
    const auto& code = in.device.ids.class_code;
    return code && std::any_of(in.test.wanted.begin(), in.test.wanted.end(),
                               [&](const auto& word) { return class_matches(word, *code); });
}

bool vf_holds(const MatchInput& in) {
    const auto& vf = in.device.vf;
    return vf &&
           std::any_of(in.test.ranges.begin(), in.test.ranges.end(), [&](const IndexRange& range) {
               return range.first <= vf->index && vf->index <= range.last;
           });
}

bool netdev_holds(const MatchInput& in) {
    return std::any_of(in.device.netdevs.begin(), in.device.netdevs.end(),
                       [&](const std::string& name) { return matches_any_glob(in.test, name); });
}

bool kernel_holds(const MatchInput& in) {
    return std::any_of(in.test.wanted.begin(), in.test.wanted.end(), [&](const auto& comparison) {
        return kernel_matches(comparison, in.host.kernel).value_or(false);
    });
}

bool is_unbound(const FieldTest&, const sysfs::Device& device) {
    return !device.driver;
}

/// Of PCI classes only network and wireless controllers have netdevs; a device without a class may.
bool may_get_netdevs(const FieldTest&, const sysfs::Device& device) {
    constexpr std::uint32_t kNetwork = 0x02;
    constexpr std::uint32_t kWireless = 0x0d;
    const auto& code = device.ids.class_code;
    return !device.driver && (!code || *code >> 16 == kNetwork || *code >> 16 == kWireless);
}

/// A driver adds attributes.
bool may_get_attr(const FieldTest& test, const sysfs::Device& device) {
    return !device.driver && !device.attrs.contains(test.key);
}

/// udev adds properties; the kernel's own exist from the start.
bool may_get_property(const FieldTest& test, const sysfs::Device& device) {
    return !device.properties.contains(test.key);
}

bool always(const FieldTest&, const sysfs::Device&) {
    return true;
}

/// Without an IOMMU vfio makes a group of its own for a device that it binds
/// (vfio_noiommu_group_alloc()).
bool is_group_of_vfio(const FieldTest&, const sysfs::Device& device) {
    constexpr std::string_view kNoiommu = "noiommu-";
    return !device.iommu_group ||
           (device.vfio && device.vfio->group && device.vfio->group->starts_with(kNoiommu));
}

/// A device that its driver has put to sleep may not answer for its VPD.
bool is_serial_unknown(const FieldTest&, const sysfs::Device& device) {
    return !device.serial;
}

/// The PCI core's own attributes are the device's, whatever drives it (pci_dev_attrs[]).
bool binding_changes_attr(const FieldTest& test, const sysfs::Device&) {
    constexpr std::array<std::string_view, 18> kFixed = {
        "vendor",       "device",        "subsystem_vendor", "subsystem_device",
        "class",        "revision",      "modalias",         "numa_node",
        "local_cpus",   "local_cpulist", "max_link_speed",   "max_link_width",
        "boot_vga",     "label",         "acpi_index",       "sriov_totalvfs",
        "sriov_offset", "sriov_stride"};
    return std::find(kFixed.begin(), kFixed.end(), test.key) == kFixed.end();
}

/// The same for what the kernel and udev's hardware database say of the device itself.
bool binding_changes_property(const FieldTest& test, const sysfs::Device& device) {
    const std::string& key = test.key;
    const bool fixed = key.starts_with("PCI_") || key.ends_with("_FROM_DATABASE") ||
                       key.starts_with("ID_PATH") || key == "MODALIAS" || key == "SUBSYSTEM";
    return !fixed || !device.properties.contains(key);
}

}  // namespace policy
