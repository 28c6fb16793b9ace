// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "binding/codec/json.hpp"

namespace binding {

/// In the order of their writes; names may repeat, as several assign_adapter do.
using MdevAttrs = std::vector<std::pair<std::string, std::string>>;

enum class MdevStart { kManual, kAuto };

/// A mediated device as a file of /etc/mdevctl.d describes it. UUID and parent are the file's name
/// and its directory's.
struct MdevDefinition {
    std::string uuid;
    std::string parent;
    std::string type;
    MdevStart start = MdevStart::kManual;
    MdevAttrs attrs;
    bool operator==(const MdevDefinition&) const = default;
};

/// `{"mdev_type", "start", "attrs"}`, in this order, as mdevctl writes it.
[[nodiscard]] Json to_json(const MdevDefinition& definition);
/// Indented by two and without a newline at the end: byte for byte what mdevctl puts into the file.
[[nodiscard]] std::string to_file_text(const MdevDefinition& definition);

/// The text of a file, or of what --jsonfile names. Type and attributes become parts of paths, so
/// they are checked as names. Any failure is a kInvalid in mdevctl's words, where it has some.
[[nodiscard]] base::Result<MdevDefinition> parse_mdev_definition(const std::string& uuid,
                                                                 const std::string& parent,
                                                                 std::string_view text);
/// An array of objects with a single field each; null is an empty one.
[[nodiscard]] base::Result<MdevAttrs> parse_mdev_attrs(const Json& attrs);

/// A UUID as mdevctl takes it: with or without dashes, in braces, behind "urn:uuid:", in either
/// case; as the kernel prints it. kInvalid for anything else.
[[nodiscard]] base::Result<std::string> parse_uuid_loosely(std::string_view text);
/// A new random one.
[[nodiscard]] std::string new_uuid();

}  // namespace binding
