// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/model/policy_model.hpp"
#include "sysfs/device/inventory.hpp"

namespace policy {

/// How the values of a match key are written. It selects the reader, whether `policy show` quotes
/// the values, and the definition in the JSON schema.
enum class ValueSyntax : std::uint8_t {
    kBusName,
    kAddress,
    kId,
    kRevision,
    kClass,
    kNameGlob,
    kText,
    kIndex,
    kBool,
    kVfRange,
    kArch,
    kKernel,
    kPropertyMap,
    kAttrMap,
};

/// How a rule of udev tests a match key.
enum class UdevTest : std::uint8_t {
    kNone,          ///< udev cannot test it
    kPattern,       ///< the values are udev's patterns
    kHexPattern,    ///< ... with 0x in front
    kClassPattern,  ///< ... as the class code in sysfs
    kBoolDigit,     ///< ... as 1 and 0
    kPresence,      ///< true: the file exists
    kProperty,      ///< the property that the test names
    kPciBus,        ///< decided when the rules are written: they are for PCI devices
    kHost,          ///< decided when the rules are written: constant while the host runs
};

/// A field of a match and the device that it is tested on.
struct MatchInput {
    const FieldTest& test;
    const sysfs::Device& device;
    const sysfs::Host& host;
};

/// One key of a match: everything that depends on the key. A new key is a value of Field and a row
/// of the table in match_fields.cpp.
struct MatchField {
    Field field;
    std::string_view key;
    ValueSyntax syntax;
    /// The device's value as users see it: stored in the device, or made in `scratch`. nullptr: the
    /// device has none.
    const std::string* (*value)(const MatchInput& in, std::string& scratch);
    bool (*holds)(const MatchInput& in);
    UdevTest udev = UdevTest::kNone;
    std::string_view udev_key = {};  ///< "ATTR{vendor}"; for kPresence the file
    /// Requests what a scan leaves out by default. nullptr: nothing.
    void (*require)(const FieldTest& test, sysfs::ScanOptions& options) = nullptr;
    /// Early in a boot: can udev or a driver still change the value? nullptr: no.
    bool (*may_change)(const FieldTest& test, const sysfs::Device& device) = nullptr;
    /// Can binding the device to another driver change the value? nullptr: no.
    bool (*binding_changes)(const FieldTest& test, const sysfs::Device& device) = nullptr;
};

/// All of them, in the order of Field.
[[nodiscard]] std::span<const MatchField> match_fields();
[[nodiscard]] const MatchField& match_field(Field field);
[[nodiscard]] const MatchField* find_match_field(std::string_view key);

/// The keys of the fields and of the combinators: pf, any, all, not.
[[nodiscard]] std::span<const std::string_view> match_keys();

/// Does one field hold for `device`? One that the device does not have never holds.
[[nodiscard]] bool field_holds(const FieldTest& test, const sysfs::Device& device,
                               const sysfs::Host& host);

/// The device's value of that field as users see it (ids in bare lower-case hex).
[[nodiscard]] std::optional<std::string> field_value(const FieldTest& test,
                                                     const sysfs::Device& device,
                                                     const sysfs::Host& host);

/// Early in a boot: can the field still change once udev and a driver have handled the device?
[[nodiscard]] bool may_change(const FieldTest& test, const sysfs::Device& device);

/// Can binding the device to another driver change the field?
[[nodiscard]] bool binding_changes(const FieldTest& test, const sysfs::Device& device);

}  // namespace policy
