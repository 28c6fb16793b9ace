// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>

#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "policy/model/keywords.hpp"
#include "policy/yaml/map_reader.hpp"
#include "policy/yaml/parse_rule.hpp"
#include "policy/yaml/parse_variant.hpp"
#include "policy/yaml/yaml_precheck.hpp"
#include "policy/yaml/yaml_tree.hpp"

namespace policy {
namespace {

/// One file with its report, which stays open until the whole set was checked.
struct ParsedSource {
    explicit ParsedSource(const SourceFile& file) : source(file), report(source) {}
    ParsedSource(const ParsedSource&) = delete;
    ParsedSource& operator=(const ParsedSource&) = delete;
    ParsedSource(ParsedSource&&) = delete;
    ParsedSource& operator=(ParsedSource&&) = delete;
    ~ParsedSource() = default;

    SourceBuffer source;
    DiagnosticCollector report;
};

void check_version(const MapReader& map, DiagnosticCollector& report) {
    const YamlEntry* version = map.find("version");
    if (version == nullptr) {
        if (map.is_map())
            report.error(map.node().position, "'version' is missing",
                         "begin the file with 'version: 1'");
        return;
    }
    const auto number = read_integer(map.value(*version), {-2147483648LL, 2147483647LL});
    if (number && *number != 1)
        report.error(version->value.position,
                     fmt::format("version {} of the policy language is not known", *number),
                     "this program reads version 1");
}

/// The entries of `variants` or `rules`; an empty list is none, and fine.
std::span<const YamlNode> section(const MapReader& map, std::string_view key,
                                  DiagnosticCollector& report) {
    const YamlEntry* entry = map.find(key);
    if (entry == nullptr || entry->value.kind == YamlKind::kBroken)
        return {};
    if (entry->value.kind == YamlKind::kSequence)
        return entry->value.items;
    report.error(entry->value.position, fmt::format("'{}' must be a list", key),
                 "each entry begins with '- name: ...'");
    return {};
}

void read_file(ParsedSource& file, PolicySet& set) {
    if (!check_bytes(file.report))
        return;
    const auto root = parse_yaml(file.report);
    if (!root)
        return;
    const MapReader map(*root, "a policy file", kFileKeys, file.report);
    if (!map.is_map())
        return;
    check_version(map, file.report);
    for (const YamlNode& node : section(map, "variants", file.report))
        set.variants.push_back(read_variant(node, file.report));
    for (const YamlNode& node : section(map, "rules", file.report))
        set.rules.push_back(read_rule(node, file.report));
}

/// Reports the second of two equal names in the whole set.
class UniqueNames {
  public:
    UniqueNames(std::deque<ParsedSource>& files, DiagnosticSeverity severity)
        : files_(&files), severity_(severity) {}

    void check(std::string_view noun, const std::string& name, const SourceLocation& where) {
        if (name.empty())
            return;
        const auto [first, added] = seen_.try_emplace(name, where);
        if (added)
            return;
        const SourcePosition position{where.line, where.column};
        std::string text = fmt::format("two {} {}", noun, base::quote(name));
        std::string hint = fmt::format("the first is at {}", first->second.text());
        if (severity_ == DiagnosticSeverity::kError)
            find_collector(where).error(position, std::move(text), std::move(hint));
        else
            find_collector(where).warning(position, std::move(text), std::move(hint));
    }

  private:
    /// Of two files with one name the first gets the message.
    DiagnosticCollector& find_collector(const SourceLocation& where) {
        const auto found = std::find_if(
            files_->begin(), files_->end(),
            [&where](const ParsedSource& file) { return file.source.file().name == where.file; });
        return found->report;
    }

    std::deque<ParsedSource>* files_;
    DiagnosticSeverity severity_;
    std::map<std::string, SourceLocation> seen_;
};

/// A name identifies a rule, but not a variant. Mdevs of one UUID may belong to rules that never
/// hold together, but inside one rule the kernel would refuse the second.
void check_across(const PolicySet& set, std::deque<ParsedSource>& files) {
    UniqueNames variants(files, DiagnosticSeverity::kWarning);
    for (const Variant& variant : set.variants)
        variants.check("variants are named", variant.name, variant.where);
    UniqueNames rules(files, DiagnosticSeverity::kError);
    for (const Rule& rule : set.rules) {
        rules.check("rules are named", rule.name, rule.where);
        UniqueNames uuids(files, DiagnosticSeverity::kError);
        for (const MdevSpec& mdev : rule.mdevs)
            if (mdev.uuid)
                uuids.check("mdevs have the UUID", *mdev.uuid, mdev.where);
    }
}

std::string digest(std::span<const SourceFile> files) {
    std::uint64_t hash = base::kFnv1aStart64;
    for (const SourceFile& file : files)
        for (const std::string_view text :
             {std::string_view(file.name), std::string_view(file.text)})
            // 0xff occurs in no UTF-8: "a" and "bc" differ from "ab" and "c".
            hash = base::fnv1a_64("\xff", base::fnv1a_64(text, hash));
    return fmt::format("{:016x}", hash);
}

}  // namespace

bool Parsed::ok() const {
    return std::none_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.severity == DiagnosticSeverity::kError;
    });
}

Parsed parse_set(std::span<const SourceFile> files) {
    Parsed parsed;
    std::deque<ParsedSource> open;
    for (const SourceFile& file : files) {
        open.emplace_back(file);
        parsed.set.files.push_back(file.name);
        read_file(open.back(), parsed.set);
    }
    check_across(parsed.set, open);
    for (ParsedSource& file : open)
        for (Diagnostic& diagnostic : file.report.take())
            parsed.diagnostics.push_back(std::move(diagnostic));
    if (parsed.ok())
        parsed.set.generation = digest(files);
    else
        parsed.set = {};
    return parsed;
}

}  // namespace policy
