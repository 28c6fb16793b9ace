// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policy/yaml/source_file.hpp"

namespace policy {

enum class YamlKind { kScalar, kSequence, kMap, kBroken };
enum class ScalarStyle { kPlain, kQuoted, kBlock };
enum class CollectionStyle { kBlock, kFlow };

struct YamlEntry;

/// One node of a policy file, as written: nothing is resolved, "010" stays those three characters.
/// kBroken: the value was refused and reported; readers do not report it again.
struct YamlNode {
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

/// Assembles a tree from the begins and ends of its collections. It reports keys that are no
/// scalars or that occur twice.
class YamlTreeBuilder {
  public:
    explicit YamlTreeBuilder(DiagnosticCollector& report) : report_(&report) {}

    void open(YamlNode collection, CollectionStyle style);
    void close();
    /// Adds a finished node: an item, a key, the value of the pending key, or the root.
    void add(YamlNode node);

    [[nodiscard]] std::size_t depth() const { return open_.size(); }
    /// Is the next node a key?
    [[nodiscard]] bool is_key_next() const;
    /// The key whose value is next; nullptr: the next node is no value of a map.
    [[nodiscard]] const YamlNode* pending_key() const;
    /// Is the innermost open collection written in block style?
    [[nodiscard]] bool is_in_block() const {
        return !open_.empty() && open_.back().style == CollectionStyle::kBlock;
    }
    /// The position of the innermost open '[' or '{'; nothing when none is open.
    [[nodiscard]] std::optional<SourcePosition> open_bracket() const;
    [[nodiscard]] std::optional<YamlNode> take() { return std::move(root_); }

  private:
    struct OpenCollection {
        YamlNode node;
        CollectionStyle style = CollectionStyle::kBlock;
        std::optional<YamlNode> key;
        std::map<std::string, SourcePosition, std::less<>> keys;
    };
    void add_key(OpenCollection& map, YamlNode key);

    DiagnosticCollector* report_;
    std::vector<OpenCollection> open_;
    std::optional<YamlNode> root_;
};

}  // namespace policy
