// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <string_view>

#include "base/utf8.hpp"
#include "policy/yaml/bounded_streambuf.hpp"
#include "policy/yaml/syntax_error.hpp"

/// The one file that knows yaml-cpp, and what it takes to live with versions 0.7 and 0.8:
///
/// - HandleNextDocument is called once. yaml_precheck.cpp has refused a second document; LoadAll
///   never ends on some inputs.
/// - Memory is bounded by the events: depth, nodes and scalar sizes are checked as they arrive, and
///   the parser works on demand. But after a '[' or '"' that might begin a key the scanner reads
///   on, one or two tokens per character, until the key is decided, without an event. So the stream
///   counts the characters that can begin a token and stops when too many pass without an event.
/// - yaml-cpp accepts an open quote at the end of the file after a newline. So the closing quote of
///   each quoted scalar is looked up in the source.
/// - Quoted scalars and those with a lone "!" have the same tag. The byte at the mark distinguishes
///   them.
namespace policy {
namespace {

YamlNode node_at(SourcePosition position, YamlNode::YamlKind kind) {
    YamlNode node;
    node.kind = kind;
    node.position = position;
    return node;
}

/// Builds the tree from yaml-cpp's events, within the limits.
class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(DiagnosticCollector& report, BoundedStreambuf& text)
        : report_(&report), text_(&text) {}

    [[nodiscard]] std::optional<YamlNode> take() { return std::move(root_); }
    /// The position of the innermost open '[' or '{'; nothing when none is open.
    [[nodiscard]] std::optional<SourcePosition> open_bracket() const {
        if (open_.empty() || !open_.back().flow)
            return std::nullopt;
        return open_.back().node.position;
    }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, YamlNode::YamlKind::kSequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, YamlNode::YamlKind::kMap);
    }
    void OnMapEnd() override { close(); }

  private:
    /// An open collection, with the key whose value is next.
    struct OpenCollection {
        YamlNode node;
        bool flow = false;
        std::optional<YamlNode> key;
        std::map<std::string, SourcePosition, std::less<>> keys;
    };

    static SourcePosition to_position(const YAML::Mark& mark) {
        return {static_cast<unsigned>(std::max(mark.line, 0)) + 1,
                static_cast<unsigned>(std::max(mark.column, 0)) + 1};
    }
    void count(SourcePosition position);
    [[nodiscard]] SourcePosition missing_item_position(SourcePosition position) const;
    bool refuse_properties(SourcePosition position, const std::string& tag, YAML::anchor_t anchor);
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style, YamlNode::YamlKind kind);
    void close();
    void add(YamlNode node);
    void add_key(OpenCollection& map, YamlNode key);
    [[nodiscard]] bool is_key() const {
        return !open_.empty() && open_.back().node.kind == YamlNode::YamlKind::kMap &&
               !open_.back().key;
    }

    DiagnosticCollector* report_;
    BoundedStreambuf* text_;
    std::vector<OpenCollection> open_;
    std::optional<YamlNode> root_;
    unsigned nodes_ = 0;
};

void TreeBuilder::count(SourcePosition position) {
    text_->on_event();
    if (++nodes_ > kMaxNodes)
        throw YamlError(position, fmt::format("more than {} values in one file", kMaxNodes),
                        "split the policy into several files");
}

bool TreeBuilder::refuse_properties(SourcePosition position, const std::string& tag,
                                    YAML::anchor_t anchor) {
    const char first = report_->source().at(position);
    if (anchor != YAML::NullAnchor || first == '&') {
        report_->error(position, "anchors ('&name') are not part of the policy language",
                       "write the value out, or quote it if it begins with '&'");
        return true;
    }
    // "?" is a plain scalar or collection, "!" a quoted one, unless the source has the '!' itself.
    if (first == '!' || (tag != "?" && tag != "!" && !tag.empty())) {
        report_->error(position, "tags ('!name') are not part of the policy language",
                       "leave the tag out, or quote the value if it begins with '!'");
        return true;
    }
    return false;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const SourcePosition position = to_position(mark);
    count(position);
    const std::string_view rest =
        report_->source().text().substr(report_->source().offset(position));
    const bool written = rest.starts_with('~') || rest.starts_with("null") ||
                         rest.starts_with("Null") || rest.starts_with("NULL");
    if (refuse_properties(position, "?", anchor)) {
        // reported
    } else if (is_key()) {
        report_->error(position, "a key is missing here");
    } else if (!open_.empty() && open_.back().key && !written) {
        const YamlNode& key = *open_.back().key;
        if (key.kind != YamlNode::YamlKind::kBroken)
            report_->error(key.position, fmt::format("{} has no value", base::quote(key.text)),
                           "leave the key out, or give it a value");
    } else {
        report_->error(written ? position : missing_item_position(position),
                       written ? "null is not a value in a policy" : "a value is missing here");
    }
    add(node_at(position, YamlNode::YamlKind::kBroken));
}

/// yaml-cpp reports a missing item of a block list at the next token; this finds the '-'.
SourcePosition TreeBuilder::missing_item_position(SourcePosition position) const {
    if (open_.empty() || open_.back().flow)
        return position;
    const SourceBuffer& source = report_->source();
    const std::size_t dash =
        source.text().substr(0, source.offset(position)).find_last_not_of(" \t\r\n");
    return dash == std::string_view::npos ? position : source.position(dash);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
    const SourcePosition position = to_position(mark);
    count(position);
    report_->error(position, "aliases ('*name') are not part of the policy language",
                   "write the value out; a glob that begins with '*' must be quoted");
    add(node_at(position, YamlNode::YamlKind::kBroken));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
    const SourcePosition position = to_position(mark);
    count(position);
    YamlNode node = node_at(position, YamlNode::YamlKind::kScalar);
    const char first = report_->source().at(position);
    if (refuse_properties(position, tag, anchor)) {
        node.kind = YamlNode::YamlKind::kBroken;
    } else if (value.size() > kMaxScalarBytes) {
        report_->error(position, fmt::format("this text has {} bytes; a value has at most {}",
                                             value.size(), kMaxScalarBytes));
        node.kind = YamlNode::YamlKind::kBroken;
    } else if (tag == "!") {
        const bool block = first == '|' || first == '>';
        node.style = block ? YamlNode::ScalarStyle::kBlock : YamlNode::ScalarStyle::kQuoted;
        if (!block && !has_closing_quote(report_->source(), position))
            throw YamlError(position, fmt::format("this quote ({}) is never closed", first));
    }
    if (node.kind == YamlNode::YamlKind::kScalar)
        node.text = value;
    add(std::move(node));
}

void TreeBuilder::open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style, YamlNode::YamlKind kind) {
    const SourcePosition position = to_position(mark);
    count(position);
    refuse_properties(position, tag, anchor);
    if (open_.size() >= kMaxDepth)
        throw YamlError(position, fmt::format("nested deeper than {} levels", kMaxDepth));
    open_.push_back({.node = node_at(position, kind),
                     .flow = style == YAML::EmitterStyle::Flow,
                     .key = std::nullopt,
                     .keys = {}});
}

void TreeBuilder::close() {
    text_->on_event();
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
}

void TreeBuilder::add(YamlNode node) {
    if (open_.empty()) {
        root_ = std::move(node);
        return;
    }
    OpenCollection& into = open_.back();
    if (into.node.kind == YamlNode::YamlKind::kSequence) {
        into.node.items.push_back(std::move(node));
    } else if (!into.key) {
        add_key(into, std::move(node));
    } else {
        // A broken key was reported; its value is dropped.
        if (into.key->kind == YamlNode::YamlKind::kScalar)
            into.node.entries.push_back({std::move(*into.key), std::move(node)});
        into.key.reset();
    }
}

void TreeBuilder::add_key(OpenCollection& map, YamlNode key) {
    if (key.kind == YamlNode::YamlKind::kSequence || key.kind == YamlNode::YamlKind::kMap) {
        report_->error(key.position, "a key must be a word, not a list or a map");
        key.kind = YamlNode::YamlKind::kBroken;
    } else if (key.kind == YamlNode::YamlKind::kScalar) {
        const auto [first, added] = map.keys.try_emplace(key.text, key.position);
        if (!added) {
            report_->error(key.position, fmt::format("duplicate key {}", base::quote(key.text)),
                           fmt::format("it was given before at line {}, column {}",
                                       first->second.line, first->second.column));
            key.kind = YamlNode::YamlKind::kBroken;
        }
    }
    map.key = std::move(key);
}

}  // namespace

std::optional<YamlNode> parse_yaml(DiagnosticCollector& report) {
    BoundedStreambuf text(report.source());
    TreeBuilder builder(report, text);
    try {
        std::istream stream(&text);
        stream.exceptions(std::ios::badbit);  // lets YamlError through istream::read
        YAML::Parser parser(stream);
        parser.HandleNextDocument(builder);
        return builder.take();
    } catch (const YamlError& refused) {
        report.error(refused.position, refused.text, refused.hint);
    } catch (const YAML::Exception& error) {
        const SourcePosition position{static_cast<unsigned>(std::max(error.mark.line, 0)) + 1,
                                      static_cast<unsigned>(std::max(error.mark.column, 0)) + 1};
        report_syntax_error(report, position, error.msg, builder.open_bracket());
    } catch (const std::exception& error) {
        report.error({}, fmt::format("cannot be parsed: {}", error.what()));
    }
    return std::nullopt;
}

}  // namespace policy
