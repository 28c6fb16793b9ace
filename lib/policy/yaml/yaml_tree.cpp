// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
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

SourcePosition to_position(const YAML::Mark& mark) {
    return {static_cast<unsigned>(std::max(mark.line, 0)) + 1,
            static_cast<unsigned>(std::max(mark.column, 0)) + 1};
}

YamlNode node_at(SourcePosition position, YamlKind kind) {
    YamlNode node;
    node.kind = kind;
    node.position = position;
    return node;
}

/// Passes yaml-cpp's events to the builder, within the limits.
class EventReader : public YAML::EventHandler {
  public:
    EventReader(DiagnosticCollector& report, BoundedStreambuf& text)
        : report_(&report), text_(&text), tree_(report) {}

    [[nodiscard]] YamlTreeBuilder& tree() { return tree_; }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, YamlKind::kSequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, YamlKind::kMap);
    }
    void OnMapEnd() override { close(); }

  private:
    void count(SourcePosition position);
    [[nodiscard]] SourcePosition missing_item_position(SourcePosition position) const;
    bool refuse_properties(SourcePosition position, const std::string& tag, YAML::anchor_t anchor);
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style, YamlKind kind);
    void close() {
        text_->on_event();
        tree_.close();
    }

    DiagnosticCollector* report_;
    BoundedStreambuf* text_;
    YamlTreeBuilder tree_;
    unsigned nodes_ = 0;
};

void EventReader::count(SourcePosition position) {
    text_->on_event();
    if (++nodes_ > kMaxNodes)
        throw YamlError(position, fmt::format("more than {} values in one file", kMaxNodes),
                        "split the policy into several files");
}

bool EventReader::refuse_properties(SourcePosition position, const std::string& tag,
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

void EventReader::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const SourcePosition position = to_position(mark);
    count(position);
    const std::string_view rest =
        report_->source().text().substr(report_->source().offset(position));
    const bool written = rest.starts_with('~') || rest.starts_with("null") ||
                         rest.starts_with("Null") || rest.starts_with("NULL");
    if (refuse_properties(position, "?", anchor)) {
        // reported
    } else if (tree_.is_key_next()) {
        report_->error(position, "a key is missing here");
    } else if (const YamlNode* key = tree_.pending_key(); key != nullptr && !written) {
        if (key->kind != YamlKind::kBroken)
            report_->error(key->position, fmt::format("{} has no value", base::quote(key->text)),
                           "leave the key out, or give it a value");
    } else {
        report_->error(written ? position : missing_item_position(position),
                       written ? "null is not a value in a policy" : "a value is missing here");
    }
    tree_.add(node_at(position, YamlKind::kBroken));
}

/// yaml-cpp reports a missing item of a block list at the next token; this finds the '-'.
SourcePosition EventReader::missing_item_position(SourcePosition position) const {
    if (!tree_.is_in_block())
        return position;
    const SourceBuffer& source = report_->source();
    const std::size_t dash =
        source.text().substr(0, source.offset(position)).find_last_not_of(" \t\r\n");
    return dash == std::string_view::npos ? position : source.position(dash);
}

void EventReader::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
    const SourcePosition position = to_position(mark);
    count(position);
    report_->error(position, "aliases ('*name') are not part of the policy language",
                   "write the value out; a glob that begins with '*' must be quoted");
    tree_.add(node_at(position, YamlKind::kBroken));
}

void EventReader::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
    const SourcePosition position = to_position(mark);
    count(position);
    YamlNode node = node_at(position, YamlKind::kScalar);
    const char first = report_->source().at(position);
    if (refuse_properties(position, tag, anchor)) {
        node.kind = YamlKind::kBroken;
    } else if (value.size() > kMaxScalarBytes) {
        report_->error(position, fmt::format("this text has {} bytes; a value has at most {}",
                                             value.size(), kMaxScalarBytes));
        node.kind = YamlKind::kBroken;
    } else if (tag == "!") {
        const bool block = first == '|' || first == '>';
        node.style = block ? ScalarStyle::kBlock : ScalarStyle::kQuoted;
        if (!block && !has_closing_quote(report_->source(), position))
            throw YamlError(position, fmt::format("this quote ({}) is never closed", first));
    }
    if (node.kind == YamlKind::kScalar)
        node.text = value;
    tree_.add(std::move(node));
}

void EventReader::open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style, YamlKind kind) {
    const SourcePosition position = to_position(mark);
    count(position);
    refuse_properties(position, tag, anchor);
    if (tree_.depth() >= kMaxDepth)
        throw YamlError(position, fmt::format("nested deeper than {} levels", kMaxDepth));
    tree_.open(node_at(position, kind), style == YAML::EmitterStyle::Flow
                                            ? CollectionStyle::kFlow
                                            : CollectionStyle::kBlock);
}

}  // namespace

std::optional<YamlNode> parse_yaml(DiagnosticCollector& report) {
    BoundedStreambuf text(report.source());
    EventReader events(report, text);
    try {
        std::istream stream(&text);
        stream.exceptions(std::ios::badbit);  // lets YamlError through istream::read
        YAML::Parser parser(stream);
        parser.HandleNextDocument(events);
        return events.tree().take();
    } catch (const YamlError& refused) {
        report.error(refused.position, refused.text, refused.hint);
    } catch (const YAML::Exception& error) {
        report_syntax_error(report, to_position(error.mark), error.msg,
                            events.tree().open_bracket());
    } catch (const std::exception& error) {
        report.error({}, fmt::format("cannot be parsed: {}", error.what()));
    }
    return std::nullopt;
}

}  // namespace policy
