// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_node.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace policy {

void YamlTreeBuilder::open(YamlNode collection, CollectionStyle style) {
    open_.push_back(
        {.node = std::move(collection), .style = style, .key = std::nullopt, .keys = {}});
}

void YamlTreeBuilder::close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
}

bool YamlTreeBuilder::is_key_next() const {
    return !open_.empty() && open_.back().node.kind == YamlKind::kMap && !open_.back().key;
}

const YamlNode* YamlTreeBuilder::pending_key() const {
    return open_.empty() || !open_.back().key ? nullptr : &*open_.back().key;
}

std::optional<SourcePosition> YamlTreeBuilder::open_bracket() const {
    if (open_.empty() || is_in_block())
        return std::nullopt;
    return open_.back().node.position;
}

void YamlTreeBuilder::add(YamlNode node) {
    if (open_.empty()) {
        root_ = std::move(node);
        return;
    }
    OpenCollection& into = open_.back();
    if (into.node.kind == YamlKind::kSequence) {
        into.node.items.push_back(std::move(node));
    } else if (!into.key) {
        add_key(into, std::move(node));
    } else {
        // A broken key was reported; its value is dropped.
        if (into.key->kind == YamlKind::kScalar)
            into.node.entries.push_back({std::move(*into.key), std::move(node)});
        into.key.reset();
    }
}

void YamlTreeBuilder::add_key(OpenCollection& map, YamlNode key) {
    if (key.kind == YamlKind::kSequence || key.kind == YamlKind::kMap) {
        report_->error(key.position, "a key must be a word, not a list or a map");
        key.kind = YamlKind::kBroken;
    } else if (key.kind == YamlKind::kScalar) {
        const auto [first, added] = map.keys.try_emplace(key.text, key.position);
        if (!added) {
            report_->error(key.position, fmt::format("duplicate key {}", base::quote(key.text)),
                           fmt::format("it was given before at line {}, column {}",
                                       first->second.line, first->second.column));
            key.kind = YamlKind::kBroken;
        }
    }
    map.key = std::move(key);
}

}  // namespace policy
