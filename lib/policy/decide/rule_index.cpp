// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/rule_index.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "policy/model/class_and_kernel_match.hpp"
#include "policy/model/match_predicates.hpp"
#include "sysfs/device/names.hpp"

/// A match is a conjunction, so one of its conditions is enough as index key. The most specific one
/// is taken: an address, the PF's address, vendor with device, device, vendor, class. An `any`
/// whose alternatives all have keys is indexed under all of them.
namespace policy {
namespace {

enum class KeyKind : std::uint64_t { kVendorDevice, kDevice, kVendor, kClass };

/// The index keys of a match. A lower rank is more specific.
struct IndexKeys {
    unsigned rank = 0;
    std::vector<std::string> names;
    std::vector<std::uint64_t> numbers;
};

constexpr std::size_t kMostKeys = 256;  // a rule with more keys is not indexed
constexpr const char* kPfPrefix = "pf ";

std::uint64_t number_key(KeyKind kind, std::uint64_t value) {
    return (static_cast<std::uint64_t>(kind) << 32) | value;
}

const FieldTest* find_field(const Match& match, Field field) {
    for (const FieldTest& test : match.fields)
        if (test.field == field)
            return &test;
    return nullptr;
}

std::optional<IndexKeys> address_keys(const Match& match, const std::string& prefix,
                                      unsigned rank) {
    const FieldTest* test = find_field(match, Field::kAddress);
    if (test == nullptr)
        return std::nullopt;
    IndexKeys keys{.rank = rank, .names = {}, .numbers = {}};
    for (const std::string& pattern : test->wanted) {
        if (has_wildcard(pattern))
            return std::nullopt;
        keys.names.push_back(prefix + pattern);
    }
    return keys;
}

std::optional<std::vector<std::uint32_t>> id_values(const Match& match, Field field) {
    const FieldTest* test = find_field(match, field);
    if (test == nullptr)
        return std::nullopt;
    std::vector<std::uint32_t> values;
    for (const std::string& text : test->wanted) {
        const auto value = base::parse_hex(text, 4);
        if (!value)
            return std::nullopt;
        values.push_back(*value);
    }
    return values;
}

std::optional<IndexKeys> id_keys(const Match& match) {
    const auto vendors = id_values(match, Field::kVendor);
    const auto devices = id_values(match, Field::kDevice);
    IndexKeys keys;
    if (vendors && devices) {
        keys.rank = 2;
        for (const std::uint32_t vendor : *vendors)
            for (const std::uint32_t device : *devices)
                keys.numbers.push_back(number_key(KeyKind::kVendorDevice, vendor << 16 | device));
    } else if (devices) {
        keys.rank = 3;
        for (const std::uint32_t device : *devices)
            keys.numbers.push_back(number_key(KeyKind::kDevice, device));
    } else if (vendors) {
        keys.rank = 4;
        for (const std::uint32_t vendor : *vendors)
            keys.numbers.push_back(number_key(KeyKind::kVendor, vendor));
    } else {
        return std::nullopt;
    }
    return keys;
}

std::optional<IndexKeys> class_keys(const Match& match) {
    const FieldTest* test = find_field(match, Field::kClass);
    if (test == nullptr)
        return std::nullopt;
    IndexKeys keys{.rank = 5, .names = {}, .numbers = {}};
    for (const std::string& word : test->wanted) {
        auto base = base_class(word);
        if (!base && word.size() >= 2)
            if (const auto digits = base::parse_hex(word.substr(0, 2), 2))
                base = static_cast<std::uint8_t>(*digits);
        if (!base)
            return std::nullopt;
        keys.numbers.push_back(number_key(KeyKind::kClass, *base));
    }
    return keys;
}

void keep_better(std::optional<IndexKeys>& best, std::optional<IndexKeys> other) {
    if (other && (!best || other->rank < best->rank))
        best = std::move(other);
}

std::optional<IndexKeys> index_keys(const Match& match);

/// One of the alternatives holds, so the match is indexed under the keys of all, or not at all.
std::optional<IndexKeys> index_keys_of_any(const std::vector<Match>& list) {
    IndexKeys all;
    for (const Match& match : list) {
        const auto keys = index_keys(match);
        if (!keys)
            return std::nullopt;
        all.rank = std::max(all.rank, keys->rank);
        all.names.insert(all.names.end(), keys->names.begin(), keys->names.end());
        all.numbers.insert(all.numbers.end(), keys->numbers.begin(), keys->numbers.end());
    }
    return all;
}

std::optional<IndexKeys> index_keys(const Match& match) {
    std::optional<IndexKeys> best = address_keys(match, "", 0);
    for (const Match& pf : match.pf)
        keep_better(best, address_keys(pf, kPfPrefix, 1));
    keep_better(best, id_keys(match));
    keep_better(best, class_keys(match));
    for (const Match& each : match.all)
        keep_better(best, index_keys(each));
    for (const auto& list : match.any)
        keep_better(best, index_keys_of_any(list));
    if (best && best->names.size() + best->numbers.size() > kMostKeys)
        return std::nullopt;
    return best;
}

template <typename Map, typename Key>
void append(const Map& map, const Key& key, std::vector<std::uint32_t>& out) {
    if (map.empty())
        return;
    if (const auto found = map.find(key); found != map.end())
        out.insert(out.end(), found->second.begin(), found->second.end());
}

}  // namespace

RuleIndex::RuleIndex(const std::vector<Rule>& rules) {
    for (std::uint32_t index = 0; index < rules.size(); ++index) {
        const auto keys = index_keys(rules[index].match);
        if (!keys) {
            rest_.push_back(index);
            continue;
        }
        for (const std::string& name : std::set(keys->names.begin(), keys->names.end()))
            by_name_[name].push_back(index);
        for (const std::uint64_t number : std::set(keys->numbers.begin(), keys->numbers.end()))
            by_number_[number].push_back(index);
    }
}

void RuleIndex::candidates(const sysfs::Device& device, std::vector<std::uint32_t>& out) const {
    out = rest_;
    const std::size_t unindexed = out.size();
    if (!by_name_.empty()) {
        append(by_name_, device.id.name, out);
        if (device.vf)
            append(by_name_, kPfPrefix + device.vf->pf, out);
    }
    const sysfs::HardwareIds& ids = device.ids;
    if (ids.vendor && ids.device)
        append(by_number_,
               number_key(KeyKind::kVendorDevice, std::uint64_t{*ids.vendor} << 16 | *ids.device),
               out);
    if (ids.device)
        append(by_number_, number_key(KeyKind::kDevice, *ids.device), out);
    if (ids.vendor)
        append(by_number_, number_key(KeyKind::kVendor, *ids.vendor), out);
    if (ids.class_code)
        append(by_number_, number_key(KeyKind::kClass, *ids.class_code >> 16 & 0xff), out);
    if (out.size() == unindexed)
        return;
    // An `any` puts a rule into several buckets, and file order decides among equals.
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
}

}  // namespace policy
