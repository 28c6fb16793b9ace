// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/match_field.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "policy/decide/match.hpp"
#include "sysfs/device/names.hpp"

namespace policy {
namespace {

using StringList = std::vector<std::string>;

std::optional<std::string> hex_text(std::optional<std::uint32_t> value, std::size_t digits) {
    if (!value)
        return std::nullopt;
    return base::to_hex(*value, digits);
}

template <typename Number>
std::optional<std::string> decimal_text(const std::optional<Number>& value) {
    if (!value)
        return std::nullopt;
    return std::to_string(*value);
}

std::string bool_text(bool value) {
    return value ? "true" : "false";
}

const std::string* mapped(const std::map<std::string, std::string>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

const std::string* present(const std::optional<std::string>& text) {
    return text ? &*text : nullptr;
}

const std::string* non_empty(const std::string& text) {
    return text.empty() ? nullptr : &text;
}

/// The facts that are text as they stand, without a copy: a match is asked once a rule and device.
const std::string* stored_text(const FieldTest& test, const sysfs::Device& device,
                               const sysfs::Host& host) {
    switch (test.field) {
        case Field::kBus:
            return &device.id.bus;
        case Field::kAddress:
            return &device.id.name;
        case Field::kDriver:
            return present(device.driver);
        case Field::kModalias:
            return non_empty(device.modalias);
        case Field::kPath:
            return non_empty(device.path);
        case Field::kSlot:
            return present(device.slot);
        case Field::kSerial:
            return present(device.serial);
        case Field::kArch:
            return non_empty(host.arch);
        case Field::kKernel:
            return non_empty(host.kernel);
        case Field::kProperty:
            return mapped(device.properties, test.key);
        case Field::kAttr:
            return mapped(device.attrs, test.key);
        case Field::kMdevParent:
            return non_empty(device.mdev_parent_name);
        case Field::kVendor:
        case Field::kDevice:
        case Field::kSubsystemVendor:
        case Field::kSubsystemDevice:
        case Field::kClass:
        case Field::kRevision:
        case Field::kNumaNode:
        case Field::kIommuGroup:
        case Field::kIsVf:
        case Field::kIsPf:
        case Field::kVf:
        case Field::kNetdev:
        case Field::kBootVga:
            return nullptr;
    }
    return nullptr;
}

std::optional<std::string> joined_texts(const StringList& texts) {
    if (texts.empty())
        return std::nullopt;
    std::string out = texts.front();
    for (std::size_t i = 1; i < texts.size(); ++i)
        out += ", " + texts[i];
    return out;
}

bool equals_any(const StringList& wanted, const std::string* actual) {
    return actual != nullptr && std::find(wanted.begin(), wanted.end(), *actual) != wanted.end();
}

bool glob(const std::string& pattern, const std::string& text) {
    // Most patterns are plain names, and fnmatch costs ten times a comparison.
    return has_wildcard(pattern) ? ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0
                                 : pattern == text;
}

bool globs_any(const StringList& wanted, const std::string* actual) {
    return actual != nullptr &&
           std::any_of(wanted.begin(), wanted.end(),
                       [&](const std::string& pattern) { return glob(pattern, *actual); });
}

bool driver_holds(const StringList& wanted, const std::optional<std::string>& driver) {
    if (!driver)
        return std::find(wanted.begin(), wanted.end(), "none") != wanted.end();
    return globs_any(wanted, &*driver);
}

bool class_holds(const StringList& wanted, const std::optional<std::uint32_t>& code) {
    return code && std::any_of(wanted.begin(), wanted.end(),
                               [&](const std::string& word) { return class_matches(word, *code); });
}

bool vf_holds(const std::vector<IndexRange>& ranges, const std::optional<sysfs::SriovVf>& vf) {
    return vf && std::any_of(ranges.begin(), ranges.end(), [&](const IndexRange& range) {
               return range.first <= vf->index && vf->index <= range.last;
           });
}

bool netdev_holds(const StringList& wanted, const StringList& netdevs) {
    return std::any_of(netdevs.begin(), netdevs.end(),
                       [&](const std::string& name) { return globs_any(wanted, &name); });
}

bool kernel_holds(const StringList& wanted, const std::string& release) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& comparison) {
        return kernel_matches(comparison, release).value_or(false);
    });
}

/// Of PCI classes network and wireless controllers; of what has no class, anything.
bool may_have_netdevs(const sysfs::Device& device) {
    if (!device.ids.class_code)
        return true;
    const std::uint32_t base = *device.ids.class_code >> 16;
    return base == 0x02 || base == 0x0d;
}

}  // namespace

bool may_change(const FieldTest& test, const sysfs::Device& device) {
    const bool unbound = !device.driver;
    switch (test.field) {
        case Field::kDriver:
        case Field::kMdevParent:
            return unbound;
        case Field::kNetdev:
            return unbound && may_have_netdevs(device);
        case Field::kAttr:  // some are a driver's
            return unbound && !device.attrs.contains(test.key);
        case Field::kProperty:  // the kernel's own are there from the start
            return !device.properties.contains(test.key);
        case Field::kBus:
        case Field::kAddress:
        case Field::kVendor:
        case Field::kDevice:
        case Field::kSubsystemVendor:
        case Field::kSubsystemDevice:
        case Field::kClass:
        case Field::kRevision:
        case Field::kModalias:
        case Field::kPath:
        case Field::kSlot:
        case Field::kNumaNode:
        case Field::kIommuGroup:
        case Field::kIsVf:
        case Field::kIsPf:
        case Field::kVf:
        case Field::kSerial:
        case Field::kBootVga:
        case Field::kArch:
        case Field::kKernel:
            return false;
    }
    return false;
}

bool has_wildcard(const std::string& pattern) {
    return pattern.find_first_of("*?[\\") != std::string::npos;
}

std::optional<std::string> field_value(const FieldTest& test, const sysfs::Device& device,
                                       const sysfs::Host& host) {
    switch (test.field) {
        case Field::kVendor:
            return hex_text(device.ids.vendor, 4);
        case Field::kDevice:
            return hex_text(device.ids.device, 4);
        case Field::kSubsystemVendor:
            return hex_text(device.ids.subsystem_vendor, 4);
        case Field::kSubsystemDevice:
            return hex_text(device.ids.subsystem_device, 4);
        case Field::kClass:
            return hex_text(device.ids.class_code, 6);
        case Field::kRevision:
            return hex_text(device.ids.revision, 2);
        case Field::kNumaNode:
            return decimal_text(device.numa_node);
        case Field::kIommuGroup:
            return decimal_text(device.iommu_group);
        case Field::kIsVf:
            return bool_text(device.vf.has_value());
        case Field::kIsPf:
            return bool_text(device.sriov.has_value());
        case Field::kVf:
            return device.vf ? std::optional(std::to_string(device.vf->index)) : std::nullopt;
        case Field::kNetdev:
            return joined_texts(device.netdevs);
        case Field::kBootVga:
            return device.boot_vga ? std::optional(bool_text(*device.boot_vga)) : std::nullopt;
        case Field::kBus:
        case Field::kAddress:
        case Field::kDriver:
        case Field::kModalias:
        case Field::kPath:
        case Field::kSlot:
        case Field::kSerial:
        case Field::kArch:
        case Field::kKernel:
        case Field::kProperty:
        case Field::kAttr:
        case Field::kMdevParent:
            break;
    }
    const std::string* text = stored_text(test, device, host);
    return text == nullptr ? std::nullopt : std::optional(*text);
}

bool field_holds(const FieldTest& test, const sysfs::Device& device, const sysfs::Host& host) {
    const StringList& wanted = test.wanted;
    switch (test.field) {
        case Field::kClass:
            return class_holds(wanted, device.ids.class_code);
        case Field::kDriver:
            return driver_holds(wanted, device.driver);
        case Field::kVf:
            return vf_holds(test.ranges, device.vf);
        case Field::kNetdev:
            return netdev_holds(wanted, device.netdevs);
        case Field::kKernel:
            return kernel_holds(wanted, host.kernel);
        case Field::kAddress:
        case Field::kModalias:
        case Field::kPath:
        case Field::kAttr:
        case Field::kProperty:
        case Field::kMdevParent:
            return globs_any(wanted, stored_text(test, device, host));
        case Field::kBus:
        case Field::kSlot:
        case Field::kSerial:
        case Field::kArch:
            return equals_any(wanted, stored_text(test, device, host));
        case Field::kVendor:
        case Field::kDevice:
        case Field::kSubsystemVendor:
        case Field::kSubsystemDevice:
        case Field::kRevision:
        case Field::kNumaNode:
        case Field::kIommuGroup:
        case Field::kIsVf:
        case Field::kIsPf:
        case Field::kBootVga: {
            const auto value = field_value(test, device, host);
            return equals_any(wanted, present(value));
        }
    }
    return false;
}

}  // namespace policy
