// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/yaml/source_file.hpp"

namespace policy {

struct YamlEntry;

/// One node of a policy file, as written: nothing is resolved, "010" stays those three characters.
/// kBroken: the value was refused and reported; readers do not report it again.
struct YamlNode {
    enum class YamlKind { kScalar, kSequence, kMap, kBroken };
    enum class ScalarStyle { kPlain, kQuoted, kBlock };

    YamlKind kind = YamlKind::kBroken;
    ScalarStyle style = ScalarStyle::kPlain;  ///< of a scalar
    std::string text;                         ///< of a scalar
    SourcePosition position;
    std::vector<YamlNode> items;     ///< of a sequence
    std::vector<YamlEntry> entries;  ///< of a map, in file order, each key once

    [[nodiscard]] bool is_plain() const {
        return kind == YamlKind::kScalar && style == ScalarStyle::kPlain;
    }
};

/// One entry of a map; the key is a scalar.
struct YamlEntry {
    YamlNode key;
    YamlNode value;
};

/// The whole file as a tree, within the limits of source_file.hpp. Nothing when the file is no YAML
/// or exceeds a limit (reported). Anchors, aliases, tags, nulls and duplicate keys are reported and
/// become kBroken, so that the rest of the file is still checked.
[[nodiscard]] std::optional<YamlNode> parse_yaml(DiagnosticCollector& report);

}  // namespace policy
