// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/value_sets.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "policy/model/class_and_kernel_match.hpp"
#include "policy/model/match_fields.hpp"
#include "policy/model/match_predicates.hpp"

/// Values of match keys as sets, by the syntax of the key. Every answer is one that is certain.
namespace policy {
namespace {

std::string_view literal_prefix(const std::string& pattern) {
    return std::string_view(pattern).substr(0, pattern.find_first_of("*?[\\"));
}

bool globs_exclude(const std::string& a, const std::string& b) {
    if (!has_wildcard(a))
        return has_wildcard(b) ? ::fnmatch(b.c_str(), a.c_str(), 0) != 0 : a != b;
    if (!has_wildcard(b))
        return ::fnmatch(a.c_str(), b.c_str(), 0) != 0;
    const std::string_view first = literal_prefix(a);
    const std::string_view second = literal_prefix(b);
    return !first.starts_with(second) && !second.starts_with(first);
}

bool glob_covers(const std::string& wide, const std::string& narrow) {
    if (wide == narrow)
        return true;
    if (!has_wildcard(narrow))
        return ::fnmatch(wide.c_str(), narrow.c_str(), 0) == 0;
    const std::string_view prefix = literal_prefix(wide);
    return wide.size() == prefix.size() + 1 && wide.ends_with('*') &&
           literal_prefix(narrow).starts_with(prefix);
}

/// "none" of `driver` is the device without one, which no glob means.
bool is_no_driver(const WantedValue& value) {
    return value.field == Field::kDriver && value.word == "none";
}

bool classes_exclude(const std::string& a, const std::string& b) {
    const std::string first = class_digits(a);
    const std::string second = class_digits(b);
    for (std::size_t at = 0; at < first.size() && at < second.size(); ++at)
        if (first[at] != second[at] && first[at] != 'x' && second[at] != 'x')
            return true;
    return false;
}

bool class_covers(const std::string& wide, const std::string& narrow) {
    const std::string first = class_digits(wide);
    const std::string second = class_digits(narrow);
    return std::equal(first.begin(), first.end(), second.begin(), second.end(),
                      [](char w, char n) { return w == 'x' || w == n; });
}

}  // namespace

std::string WantedValue::text() const {
    std::string value = word;
    if (field == Field::kVf)
        value = std::to_string(range.first) +
                (range.last == range.first ? "" : "-" + std::to_string(range.last));
    return std::string(match_field(field).key) + (key.empty() ? "" : "." + key) + ": " + value;
}

bool excludes(const WantedValue& a, const WantedValue& b) {
    if (a.field != b.field || a.key != b.key || a.field == Field::kNetdev)
        return false;
    if (is_no_driver(a) || is_no_driver(b))
        return a.word != b.word;
    switch (match_field(a.field).syntax) {
        case ValueSyntax::kClass:
            return classes_exclude(a.word, b.word);
        case ValueSyntax::kKernel: {
            const auto first = kernel_range(a.word);
            const auto second = kernel_range(b.word);
            return first && second && (first->end <= second->first || second->end <= first->first);
        }
        case ValueSyntax::kVfRange:
            return a.range.last < b.range.first || b.range.last < a.range.first;
        case ValueSyntax::kAddress:
        case ValueSyntax::kNameGlob:
        case ValueSyntax::kPropertyMap:
        case ValueSyntax::kAttrMap:
            return globs_exclude(a.word, b.word);
        case ValueSyntax::kBusName:
        case ValueSyntax::kId:
        case ValueSyntax::kRevision:
        case ValueSyntax::kText:
        case ValueSyntax::kIndex:
        case ValueSyntax::kBool:
        case ValueSyntax::kArch:
            return a.word != b.word;
    }
    return false;
}

bool covers(const WantedValue& wide, const WantedValue& narrow) {
    if (wide.field != narrow.field || wide.key != narrow.key)
        return false;
    if (is_no_driver(wide) || is_no_driver(narrow))
        return wide.word == narrow.word;
    switch (match_field(wide.field).syntax) {
        case ValueSyntax::kClass:
            return class_covers(wide.word, narrow.word);
        case ValueSyntax::kKernel: {
            const auto outer = kernel_range(wide.word);
            const auto inner = kernel_range(narrow.word);
            return wide.word == narrow.word ||
                   (outer && inner && outer->first <= inner->first && inner->end <= outer->end);
        }
        case ValueSyntax::kVfRange:
            return wide.range.first <= narrow.range.first && narrow.range.last <= wide.range.last;
        case ValueSyntax::kAddress:
        case ValueSyntax::kNameGlob:
        case ValueSyntax::kPropertyMap:
        case ValueSyntax::kAttrMap:
            return glob_covers(wide.word, narrow.word);
        case ValueSyntax::kBusName:
        case ValueSyntax::kId:
        case ValueSyntax::kRevision:
        case ValueSyntax::kText:
        case ValueSyntax::kIndex:
        case ValueSyntax::kBool:
        case ValueSyntax::kArch:
            return wide.word == narrow.word;
    }
    return false;
}

}  // namespace policy
