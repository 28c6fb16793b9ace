// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <map>
#include <streambuf>
#include <string_view>

#include "policy/syntax.hpp"
#include "policy/utf8.hpp"

/// The one file that knows yaml-cpp, and what it takes to live with versions 0.7 and 0.8:
///
/// - Only HandleNextDocument, once. The second document was looked for before (bytes.cpp); LoadAll
/// never
///   ends on some inputs.
/// - Memory. The events bound it: depth, nodes and scalar sizes are checked as they come, and the
/// parser
///   works on demand. But a '[' or '"' that might begin a key keeps the scanner reading, a token or
///   two per character, until that key is decided, with no event meanwhile. So the stream counts
///   the characters that can begin a token, and gives up when too many pass without an event.
/// - A quote that is open at the end of the file is accepted when a newline stands before the end.
/// So each
///   quoted scalar is looked up in the source again, for its closing quote.
/// - Quoted scalars and those with a lone "!" carry the same tag. The byte at the mark tells them
/// apart.
namespace policy {
namespace {

/// Each costs yaml-cpp up to 300 bytes while it waits for a key: 30 MB.
constexpr std::size_t kMaxSilentIndicators = 100'000;
constexpr std::string_view kIndicators = "[]{},:-?\"'&*!|>%@`";

/// Ends the parse at a place, with an error that was found by us.
struct Refused : std::exception {
    Refused(Place at, std::string what_is_wrong, std::string what_to_do = {})
        : place(at), text(std::move(what_is_wrong)), hint(std::move(what_to_do)) {}
    [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
    Place place;
    std::string text;
    std::string hint;
};

/// Hands the text to yaml-cpp in slices, counting what could become a token.
class MeteredText : public std::streambuf {
  public:
    explicit MeteredText(const Source& source) : source_(&source) {}
    void on_event() { silent_ = 0; }

  private:
    int_type underflow() override {
        constexpr std::size_t kSlice = 1024;
        std::string_view slice = source_->text().substr(next_, kSlice);
        if (slice.empty())
            return traits_type::eof();
        for (std::size_t i = 0; i < slice.size(); ++i)
            count(slice[i], next_ + i);
        next_ += slice.size();
        buffer_.assign(slice);
        setg(buffer_.data(), buffer_.data(), buffer_.data() + buffer_.size());
        return traits_type::to_int_type(buffer_.front());
    }

    void count(char character, std::size_t offset) {
        if (kIndicators.find(character) == std::string_view::npos)
            return;
        if (silent_ == 0)
            first_ = offset;
        if (++silent_ > kMaxSilentIndicators)
            throw Refused(
                source_->place(first_),
                fmt::format("what begins here is larger or deeper than any policy: at most {} "
                            "values, nested at most {} deep",
                            kMaxNodes, kMaxDepth));
    }

    const Source* source_;
    std::string buffer_;
    std::size_t next_ = 0;
    std::size_t silent_ = 0;
    std::size_t first_ = 0;
};

Node node_at(Place place, Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.place = place;
    return node;
}

/// Builds the tree from yaml-cpp's events, within the limits.
class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(Report& report, MeteredText& text) : report_(&report), text_(&text) {}

    [[nodiscard]] std::optional<Node> take() { return std::move(root_); }
    /// Where the innermost open '[' or '{' stands; nothing when none is open.
    [[nodiscard]] std::optional<Place> open_bracket() const {
        if (open_.empty() || !open_.back().flow)
            return std::nullopt;
        return open_.back().node.place;
    }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, Node::Kind::kSequence);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, Node::Kind::kMap);
    }
    void OnMapEnd() override { close(); }

  private:
    /// A collection that is not closed yet, with the key that waits for its value.
    struct Open {
        Node node;
        bool flow = false;
        std::optional<Node> key;
        std::map<std::string, Place, std::less<>> keys;
    };

    static Place place_of(const YAML::Mark& mark) {
        return {static_cast<unsigned>(std::max(mark.line, 0)) + 1,
                static_cast<unsigned>(std::max(mark.column, 0)) + 1};
    }
    void count(Place place);
    [[nodiscard]] Place gap_before(Place place) const;
    bool refuse_properties(Place place, const std::string& tag, YAML::anchor_t anchor);
    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style, Node::Kind kind);
    void close();
    void add(Node node);
    void add_key(Open& map, Node key);
    [[nodiscard]] bool is_key() const {
        return !open_.empty() && open_.back().node.kind == Node::Kind::kMap && !open_.back().key;
    }

    Report* report_;
    MeteredText* text_;
    std::vector<Open> open_;
    std::optional<Node> root_;
    unsigned nodes_ = 0;
};

void TreeBuilder::count(Place place) {
    text_->on_event();
    if (++nodes_ > kMaxNodes)
        throw Refused(place, fmt::format("more than {} values in one file", kMaxNodes),
                      "split the policy into several files");
}

bool TreeBuilder::refuse_properties(Place place, const std::string& tag, YAML::anchor_t anchor) {
    const char first = report_->source().at(place);
    if (anchor != YAML::NullAnchor || first == '&') {
        report_->error(place, "anchors ('&name') are not part of the policy language",
                       "write the value out, or quote it if it begins with '&'");
        return true;
    }
    // "?" is a plain scalar or collection, "!" a quoted one, unless the source has the '!' itself.
    if (first == '!' || (tag != "?" && tag != "!" && !tag.empty())) {
        report_->error(place, "tags ('!name') are not part of the policy language",
                       "leave the tag out, or quote the value if it begins with '!'");
        return true;
    }
    return false;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Place place = place_of(mark);
    count(place);
    const std::string_view rest = report_->source().text().substr(report_->source().offset(place));
    const bool written = rest.starts_with('~') || rest.starts_with("null") ||
                         rest.starts_with("Null") || rest.starts_with("NULL");
    if (refuse_properties(place, "?", anchor)) {
        // said already
    } else if (is_key()) {
        report_->error(place, "a key is missing here");
    } else if (!open_.empty() && open_.back().key && !written) {
        const Node& key = *open_.back().key;
        if (key.kind != Node::Kind::kBroken)
            report_->error(key.place, fmt::format("{} has no value", cite(key.text)),
                           "leave the key out, or give it a value");
    } else {
        report_->error(written ? place : gap_before(place),
                       written ? "null is not a value in a policy" : "a value is missing here");
    }
    add(node_at(place, Node::Kind::kBroken));
}

/// Of an item of a block list that is not there yaml-cpp knows only what comes after: go back to
/// its '-'.
Place TreeBuilder::gap_before(Place place) const {
    if (open_.empty() || open_.back().flow)
        return place;
    const Source& source = report_->source();
    const std::size_t dash =
        source.text().substr(0, source.offset(place)).find_last_not_of(" \t\r\n");
    return dash == std::string_view::npos ? place : source.place(dash);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t) {
    const Place place = place_of(mark);
    count(place);
    report_->error(place, "aliases ('*name') are not part of the policy language",
                   "write the value out; a glob that begins with '*' must be quoted");
    add(node_at(place, Node::Kind::kBroken));
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
    const Place place = place_of(mark);
    count(place);
    Node node = node_at(place, Node::Kind::kScalar);
    const char first = report_->source().at(place);
    if (refuse_properties(place, tag, anchor)) {
        node.kind = Node::Kind::kBroken;
    } else if (value.size() > kMaxScalarBytes) {
        report_->error(place, fmt::format("this text has {} bytes; a value has at most {}",
                                          value.size(), kMaxScalarBytes));
        node.kind = Node::Kind::kBroken;
    } else if (tag == "!") {
        const bool block = first == '|' || first == '>';
        node.style = block ? Node::Style::kBlock : Node::Style::kQuoted;
        if (!block && !has_closing_quote(report_->source(), place))
            throw Refused(place, fmt::format("this quote ({}) is never closed", first));
    }
    if (node.kind == Node::Kind::kScalar)
        node.text = value;
    add(std::move(node));
}

void TreeBuilder::open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style, Node::Kind kind) {
    const Place place = place_of(mark);
    count(place);
    refuse_properties(place, tag, anchor);
    if (open_.size() >= kMaxDepth)
        throw Refused(place, fmt::format("nested deeper than {} levels", kMaxDepth));
    open_.push_back({.node = node_at(place, kind),
                     .flow = style == YAML::EmitterStyle::Flow,
                     .key = std::nullopt,
                     .keys = {}});
}

void TreeBuilder::close() {
    text_->on_event();
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
}

void TreeBuilder::add(Node node) {
    if (open_.empty()) {
        root_ = std::move(node);
        return;
    }
    Open& into = open_.back();
    if (into.node.kind == Node::Kind::kSequence) {
        into.node.items.push_back(std::move(node));
    } else if (!into.key) {
        add_key(into, std::move(node));
    } else {
        // A broken key was reported; its value is of no use without it.
        if (into.key->kind == Node::Kind::kScalar)
            into.node.entries.push_back({std::move(*into.key), std::move(node)});
        into.key.reset();
    }
}

void TreeBuilder::add_key(Open& map, Node key) {
    if (key.kind == Node::Kind::kSequence || key.kind == Node::Kind::kMap) {
        report_->error(key.place, "a key must be a word, not a list or a map");
        key.kind = Node::Kind::kBroken;
    } else if (key.kind == Node::Kind::kScalar) {
        const auto [first, added] = map.keys.try_emplace(key.text, key.place);
        if (!added) {
            report_->error(key.place, fmt::format("duplicate key {}", cite(key.text)),
                           fmt::format("it was given before at line {}, column {}",
                                       first->second.line, first->second.column));
            key.kind = Node::Kind::kBroken;
        }
    }
    map.key = std::move(key);
}

}  // namespace

std::optional<Node> parse_yaml(Report& report) {
    MeteredText text(report.source());
    TreeBuilder builder(report, text);
    try {
        std::istream stream(&text);
        stream.exceptions(std::ios::badbit);  // lets Refused through istream::read
        YAML::Parser parser(stream);
        parser.HandleNextDocument(builder);
        return builder.take();
    } catch (const Refused& refused) {
        report.error(refused.place, refused.text, refused.hint);
    } catch (const YAML::Exception& error) {
        const Place place{static_cast<unsigned>(std::max(error.mark.line, 0)) + 1,
                          static_cast<unsigned>(std::max(error.mark.column, 0)) + 1};
        report_syntax_error(report, place, error.msg, builder.open_bracket());
    } catch (const std::exception& error) {
        report.error({}, fmt::format("cannot be parsed: {}", error.what()));
    }
    return std::nullopt;
}

}  // namespace policy
