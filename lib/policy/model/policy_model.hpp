// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/model/device_attributes.hpp"
#include "policy/model/diagnostic.hpp"
#include "sysfs/device/inventory.hpp"

/// The policy language as values (bindd-policy(5) is the grammar). The parser returns only
/// complete and consistent values, so their users check nothing again.
namespace policy {

/// The keys of a match that test the device; match_fields.hpp describes each.
enum class Field : std::uint8_t {
    kBus,
    kAddress,
    kVendor,
    kDevice,
    kSubsystemVendor,
    kSubsystemDevice,
    kClass,
    kRevision,
    kDriver,
    kModalias,
    kPath,
    kSlot,
    kNumaNode,
    kIommuGroup,
    kIsVf,
    kIsPf,
    kVf,
    kNetdev,
    kSerial,
    kBootVga,
    kArch,
    kKernel,
    kProperty,
    kAttr,
    kMdevParent,
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::kMdevParent) + 1;

/// An inclusive range of VF indexes; a single index has first == last.
struct IndexRange {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    auto operator<=>(const IndexRange&) const = default;
};

/// One key of a match with its wanted values, one of which must hold. `wanted` keeps the author's
/// words, validated, with ids in lower case. `key` is the map key for property and attr
/// ("ID_SERIAL"), else empty.
struct FieldTest {
    Field field;
    std::string key;
    std::vector<std::string>
        wanted;  ///< any of; "true"/"false" for the booleans; ids lower-case hex
    std::vector<IndexRange> ranges;  ///< for vf, beside `wanted`
    SourceLocation where;
};

/// All of `fields` hold, and `pf` (on the parent PF), every one of `all`, one of each `any`, and
/// none of `none` (the `not`s).
struct Match {
    std::vector<FieldTest> fields;
    std::vector<Match> pf;  ///< 0 or 1: a match on the parent PF
    std::vector<std::vector<Match>> any;
    std::vector<Match> all;
    std::vector<Match> none;
    SourceLocation where;
};

/// One spec in a driver chain.
struct Candidate {
    enum class CandidateKind { kAuto, kNamed };
    CandidateKind kind = CandidateKind::kAuto;
    std::string driver;  ///< for kNamed: the driver's name, not the module's
    auto operator<=>(const Candidate&) const = default;
};

/// `driver:` of a rule. kHost: give the device back to the host (its native driver). kNone: keep
/// the device without a driver (override "none").
struct DriverAction {
    enum class ActionKind { kChain, kNone, kHost };
    ActionKind kind = ActionKind::kChain;
    std::vector<Candidate> chain;
    auto operator<=>(const DriverAction&) const = default;
};

/// Which peers of the IOMMU group a rule binds together with its device.
struct GroupSelection {
    enum class SelectionKind { kStrict, kWhole, kListed };
    SelectionKind kind = SelectionKind::kStrict;
    std::vector<Match> listed;
};

/// `access:`; names or numbers as written, resolved when they are applied.
struct AccessSpec {
    std::optional<std::string> owner;
    std::optional<std::string> group;
    std::optional<std::uint32_t> mode;
    auto operator<=>(const AccessSpec&) const = default;
};

enum class Check { kNone, kOpen };
enum class Drift { kReport, kRestore };

/// One `mdevs:` entry: a fixed UUID, or `count` of them with UUIDv5 names.
struct MdevSpec {
    std::optional<std::string> uuid;
    std::optional<std::uint32_t> count;
    std::string type;
    std::vector<std::pair<std::string, std::string>> attrs;  ///< in order, names may repeat
    SourceLocation where;
};

/// Which VFIO drivers serve a device.
struct Variant {
    std::string name;
    std::int64_t priority = 0;
    Match match;
    std::vector<std::string> drivers;
    std::string why;
    SourceLocation where;
};

/// Which devices are bound to VFIO, and how.
struct Rule {
    std::string name;
    std::int64_t priority = 0;
    Match match;
    bool protect = false;
    std::optional<DriverAction> driver;
    GroupSelection group;
    std::vector<std::string>
        in_use_allow;  ///< reason codes, as `in_use: {allow: [...]}` names them
    std::optional<std::uint32_t> limit;
    AccessSpec access;
    Check check = Check::kNone;
    Drift drift = Drift::kReport;
    std::optional<std::uint32_t> sriov_vfs;
    std::vector<DeviceAttribute> attrs;  ///< each name once
    std::vector<MdevSpec> mdevs;
    SourceLocation where;
};

/// "rule guest-gpu (10-host.yaml:3)"; without the place for a rule that no file holds.
[[nodiscard]] std::string rule_citation(const Rule& rule);

/// A whole set, in file order. `generation` is a digest of the sources' names and texts.
struct PolicySet {
    std::vector<Variant> variants;
    std::vector<Rule> rules;
    std::vector<std::string> files;
    std::string generation;

    /// What a scan must read so that this set can be decided.
    [[nodiscard]] sysfs::ScanOptions required_facts() const;
};

}  // namespace policy
