// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/match_fields.hpp"

#include <algorithm>
#include <array>

#include "policy/model/match_predicates.hpp"
#include "sysfs/device/names.hpp"

/// The table of match keys and its functions. A match is tested for each rule and device, so values
/// that a device stores are not copied.
namespace policy {
namespace {

using sysfs::Device;
using sysfs::Host;
using sysfs::ScanOptions;

const std::string* stored(const std::string& text) {
    return text.empty() ? nullptr : &text;
}

const std::string* stored(const std::optional<std::string>& text) {
    return text ? &*text : nullptr;
}

const std::string* stored(const std::map<std::string, std::string>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

const std::string* bus_value(const MatchInput& in, std::string&) {
    return &in.device.id.bus;
}

const std::string* address_value(const MatchInput& in, std::string&) {
    return &in.device.id.name;
}

template <auto kMember>
const std::string* device_value(const MatchInput& in, std::string&) {
    return stored(in.device.*kMember);
}

template <auto kMember>
const std::string* host_value(const MatchInput& in, std::string&) {
    return stored(in.host.*kMember);
}

template <auto kMember>
const std::string* map_value(const MatchInput& in, std::string&) {
    return stored(in.device.*kMember, in.test.key);
}

template <auto kMember, std::size_t kDigits>
const std::string* hex_value(const MatchInput& in, std::string& scratch) {
    const auto& number = in.device.ids.*kMember;
    if (!number)
        return nullptr;
    scratch = base::to_hex(*number, kDigits);
    return &scratch;
}

template <auto kMember>
const std::string* number_value(const MatchInput& in, std::string& scratch) {
    if (!(in.device.*kMember))
        return nullptr;
    scratch = std::to_string(*(in.device.*kMember));
    return &scratch;
}

template <auto kMember>
const std::string* presence_value(const MatchInput& in, std::string& scratch) {
    scratch = (in.device.*kMember).has_value() ? "true" : "false";
    return &scratch;
}

const std::string* boot_vga_value(const MatchInput& in, std::string& scratch) {
    if (!in.device.boot_vga)
        return nullptr;
    scratch = *in.device.boot_vga ? "true" : "false";
    return &scratch;
}

const std::string* vf_value(const MatchInput& in, std::string& scratch) {
    if (!in.device.vf)
        return nullptr;
    scratch = std::to_string(in.device.vf->index);
    return &scratch;
}

const std::string* netdev_value(const MatchInput& in, std::string& scratch) {
    for (const std::string& name : in.device.netdevs)
        scratch += (scratch.empty() ? "" : ", ") + name;
    return stored(scratch);
}

template <bool ScanOptions::*kFact>
void require(const FieldTest&, ScanOptions& options) {
    options.*kFact = true;
}

void require_attr(const FieldTest& test, ScanOptions& options) {
    options.attrs.insert(test.key);
}

using Ids = sysfs::HardwareIds;

constexpr std::array<MatchField, kFieldCount> kMatchFields = {{
    {Field::kBus, "bus", ValueSyntax::kBusName, bus_value, value_equals, UdevTest::kPciBus},
    {Field::kAddress, "address", ValueSyntax::kAddress, address_value, value_matches,
     UdevTest::kPattern, "KERNEL"},
    {Field::kVendor, "vendor", ValueSyntax::kId, hex_value<&Ids::vendor, 4>, value_equals,
     UdevTest::kHexPattern, "ATTR{vendor}"},
    {Field::kDevice, "device", ValueSyntax::kId, hex_value<&Ids::device, 4>, value_equals,
     UdevTest::kHexPattern, "ATTR{device}"},
    {Field::kSubsystemVendor, "subsystem_vendor", ValueSyntax::kId,
     hex_value<&Ids::subsystem_vendor, 4>, value_equals, UdevTest::kHexPattern,
     "ATTR{subsystem_vendor}"},
    {Field::kSubsystemDevice, "subsystem_device", ValueSyntax::kId,
     hex_value<&Ids::subsystem_device, 4>, value_equals, UdevTest::kHexPattern,
     "ATTR{subsystem_device}"},
    {Field::kClass, "class", ValueSyntax::kClass, hex_value<&Ids::class_code, 6>, class_holds,
     UdevTest::kClassPattern, "ATTR{class}"},
    {Field::kRevision, "revision", ValueSyntax::kRevision, hex_value<&Ids::revision, 2>,
     value_equals, UdevTest::kHexPattern, "ATTR{revision}", require<&ScanOptions::revisions>},
    {Field::kDriver, "driver", ValueSyntax::kNameGlob, device_value<&Device::driver>, driver_holds,
     UdevTest::kNone, "", nullptr, is_unbound, always},
    {Field::kModalias, "modalias", ValueSyntax::kNameGlob, device_value<&Device::modalias>,
     value_matches, UdevTest::kPattern, "ENV{MODALIAS}"},
    {Field::kPath, "path", ValueSyntax::kNameGlob, device_value<&Device::path>, value_matches},
    {Field::kSlot, "slot", ValueSyntax::kText, device_value<&Device::slot>, value_equals,
     UdevTest::kNone, "", require<&ScanOptions::slots>},
    {Field::kNumaNode, "numa_node", ValueSyntax::kIndex, number_value<&Device::numa_node>,
     value_equals, UdevTest::kPattern, "ATTR{numa_node}", require<&ScanOptions::numa_nodes>},
    {Field::kIommuGroup, "iommu_group", ValueSyntax::kIndex, number_value<&Device::iommu_group>,
     value_equals, UdevTest::kNone, "", nullptr, nullptr, is_group_of_vfio},
    {Field::kIsVf, "is_vf", ValueSyntax::kBool, presence_value<&Device::vf>, value_equals,
     UdevTest::kPresence, "physfn"},
    {Field::kIsPf, "is_pf", ValueSyntax::kBool, presence_value<&Device::sriov>, value_equals,
     UdevTest::kPresence, "sriov_totalvfs"},
    {Field::kVf, "vf", ValueSyntax::kVfRange, vf_value, vf_holds},
    {Field::kNetdev, "netdev", ValueSyntax::kNameGlob, netdev_value, netdev_holds, UdevTest::kNone,
     "", nullptr, may_get_netdevs, always},
    {Field::kSerial, "serial", ValueSyntax::kText, device_value<&Device::serial>, value_equals,
     UdevTest::kNone, "", require<&ScanOptions::serial>, nullptr, is_serial_unknown},
    {Field::kBootVga, "boot_vga", ValueSyntax::kBool, boot_vga_value, value_equals,
     UdevTest::kBoolDigit, "ATTR{boot_vga}"},
    {Field::kArch, "arch", ValueSyntax::kArch, host_value<&Host::arch>, value_equals,
     UdevTest::kHost},
    {Field::kKernel, "kernel", ValueSyntax::kKernel, host_value<&Host::kernel>, kernel_holds,
     UdevTest::kHost},
    {Field::kProperty, "property", ValueSyntax::kPropertyMap, map_value<&Device::properties>,
     value_matches, UdevTest::kProperty, "", require<&ScanOptions::properties>, may_get_property,
     binding_changes_property},
    {Field::kAttr, "attr", ValueSyntax::kAttrMap, map_value<&Device::attrs>, value_matches,
     UdevTest::kNone, "", require_attr, may_get_attr, binding_changes_attr},
    // Only a driver gives a PCI device a name in /sys/class/mdev_bus.
    {Field::kMdevParent, "mdev_parent", ValueSyntax::kNameGlob,
     device_value<&Device::mdev_parent_name>, value_matches, UdevTest::kNone, "", nullptr,
     is_unbound, always},
}};

consteval bool is_complete() {
    for (std::size_t at = 0; at < kMatchFields.size(); ++at)
        if (static_cast<std::size_t>(kMatchFields[at].field) != at || kMatchFields[at].key.empty())
            return false;
    return true;
}
static_assert(is_complete(), "one row for each Field, in its order");

/// `pf` comes first: among equally similar keys did_you_mean() suggests the first one.
consteval auto collect_keys() {
    std::array<std::string_view, kFieldCount + 4> keys{"pf"};
    for (std::size_t at = 0; at < kFieldCount; ++at)
        keys[at + 1] = kMatchFields[at].key;
    keys[kFieldCount + 1] = "any";
    keys[kFieldCount + 2] = "all";
    keys[kFieldCount + 3] = "not";
    return keys;
}
constexpr auto kMatchKeys = collect_keys();

}  // namespace

std::span<const MatchField> match_fields() {
    return kMatchFields;
}

const MatchField& match_field(Field field) {
    return kMatchFields[static_cast<std::size_t>(field)];
}

const MatchField* find_match_field(std::string_view key) {
    const auto found = std::find_if(kMatchFields.begin(), kMatchFields.end(),
                                    [&](const MatchField& row) { return row.key == key; });
    return found == kMatchFields.end() ? nullptr : &*found;
}

std::span<const std::string_view> match_keys() {
    return kMatchKeys;
}

bool field_holds(const FieldTest& test, const Device& device, const Host& host) {
    return match_field(test.field).holds({test, device, host});
}

std::optional<std::string> field_value(const FieldTest& test, const Device& device,
                                       const Host& host) {
    std::string scratch;
    const std::string* value = match_field(test.field).value({test, device, host}, scratch);
    return value == nullptr ? std::nullopt : std::optional(*value);
}

bool may_change(const FieldTest& test, const Device& device) {
    const auto changes = match_field(test.field).may_change;
    return changes != nullptr && changes(test, device);
}

bool binding_changes(const FieldTest& test, const Device& device) {
    const auto changes = match_field(test.field).binding_changes;
    return changes != nullptr && changes(test, device);
}

}  // namespace policy
