// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/list_filters.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "base/edit_distance.hpp"
#include "base/join.hpp"
#include "base/version_sort.hpp"
#include "policy/model/class_and_kernel_match.hpp"
#include "vfioctl/context/option_values.hpp"

namespace vfioctl {
namespace {

constexpr std::size_t kClassDigits = 6;

bool glob_matches(const std::string& glob, const std::string& text) {
    return ::fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

/// "10de:2204", "10de", ":2204", "10de:*"; as `lspci -d`.
struct IdPattern {
    std::string vendor;
    std::string device;

    static IdPattern parse(const std::string& text) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        return {text.substr(0, colon), text.substr(std::min(colon + 1, text.size()))};
    }
    static bool is_any(const std::string& part) { return part.empty() || part == "*"; }
    static bool is_valid(const std::string& part) {
        return is_any(part) || (part.size() <= 4 && base::parse_kernel_number("0x" + part));
    }
    static bool matches(const std::string& part, const std::optional<std::uint16_t>& id) {
        return is_any(part) || (id && base::parse_kernel_number("0x" + part) == *id);
    }
};

/// A class by its first digits: "0200" is "0200xx".
std::string padded_class(std::string digits) {
    if (digits.size() < kClassDigits)
        digits.resize(kClassDigits, 'x');
    return digits;
}

bool is_class(const std::string& text) {
    return policy::base_class(text) ||
           (!text.empty() && text.size() <= kClassDigits &&
            text.find_first_not_of("0123456789abcdefABCDEFxX") == std::string::npos);
}

bool is_any_text(const std::string& text) {
    return !text.empty();
}

std::string names_hint(const std::string& word, const std::vector<std::string_view>& names) {
    const std::string meant = base::did_you_mean(word, names);
    return (meant.empty() ? "" : meant + " ") + "one of: " +
           base::join(names, ", ", [](std::string_view name) { return std::string(name); });
}

/// One option of `list`: which values it takes, and which devices have them.
struct FilterOption {
    const char* name;
    bool (*is_valid)(const std::string& value);
    bool (*matches)(const ListRow& row, const std::string& value);
    std::string (*hint)(const std::string& value);
};

constexpr FilterOption kFilters[] = {
    {"class", is_class,
     [](const ListRow& row, const std::string& value) {
         const auto code = row.device->ids.class_code;
         return code && policy::class_matches(
                            policy::base_class(value) ? value : padded_class(value), *code);
     },
     [](const std::string& value) {
         const auto names = policy::class_names();
         return names_hint(value, {names.begin(), names.end()}) + ", or hex digits";
     }},
    {"id",
     [](const std::string& value) {
         const IdPattern id = IdPattern::parse(value);
         return !value.empty() && IdPattern::is_valid(id.vendor) && IdPattern::is_valid(id.device);
     },
     [](const ListRow& row, const std::string& value) {
         const IdPattern id = IdPattern::parse(value);
         return IdPattern::matches(id.vendor, row.device->ids.vendor) &&
                IdPattern::matches(id.device, row.device->ids.device);
     },
     [](const std::string&) { return std::string("VENDOR, VENDOR:DEVICE or :DEVICE in hex"); }},
    {"driver", is_any_text,
     [](const ListRow& row, const std::string& value) {
         return glob_matches(value, row.device->driver.value_or("none"));
     },
     [](const std::string&) { return std::string("a driver, a glob, or none"); }},
    {"state",
     [](const std::string& value) {
         return std::find(binding::kDeviceStates.begin(), binding::kDeviceStates.end(), value) !=
                binding::kDeviceStates.end();
     },
     [](const ListRow& row, const std::string& value) { return row.state.state == value; },
     [](const std::string& value) {
         return names_hint(value, {binding::kDeviceStates.begin(), binding::kDeviceStates.end()});
     }},
    {"rule", is_any_text,
     [](const ListRow& row, const std::string& value) {
         const auto* rule = row.decision == nullptr ? nullptr : row.decision->rule;
         return glob_matches(value, rule == nullptr ? "none" : rule->name);
     },
     [](const std::string&) { return std::string("a rule's name, a glob, or none"); }},
    {"group",
     [](const std::string& value) {
         return value == "none" || base::parse_decimal(value).has_value();
     },
     [](const ListRow& row, const std::string& value) {
         const auto group = row.device->iommu_group;
         return value == (group ? std::to_string(*group) : "none");
     },
     [](const std::string&) { return std::string("the number of an IOMMU group, or none"); }},
};

}  // namespace

CliResult<ListFilters> ListFilters::parse(const Arguments& arguments) {
    ListFilters out;
    out.only_ours_ = arguments.has("ours");
    for (const FilterOption& filter : kFilters) {
        const auto values = split_commas(arguments.all(filter.name));
        for (const std::string& value : values)
            if (!filter.is_valid(value))
                return fail(ExitCode::kUsage, "--" + std::string(filter.name) + " " + value,
                            "unknown value", filter.hint(value));
        if (!values.empty())
            out.conditions_.push_back({filter.matches, values});
    }
    for (const std::string& key : split_commas(arguments.all("sort"))) {
        const bool descending = key.starts_with('-');
        const auto column = TRY(select_columns({descending ? key.substr(1) : key}));
        out.sort_.push_back({column.front(), descending});
    }
    return out;
}

bool ListFilters::matches(const ListRow& row) const {
    if (only_ours_ && !row.ours)
        return false;
    return std::all_of(conditions_.begin(), conditions_.end(), [&](const ListCondition& condition) {
        return std::any_of(condition.values.begin(), condition.values.end(),
                           [&](const auto& value) { return condition.matches(row, value); });
    });
}

void ListFilters::apply(std::vector<ListRow>& rows) const {
    std::erase_if(rows, [&](const ListRow& row) { return !matches(row); });
    std::stable_sort(rows.begin(), rows.end(), [&](const ListRow& a, const ListRow& b) {
        for (const SortKey& key : sort_) {
            const int order = base::version_compare(key.column->text(a), key.column->text(b));
            if (order != 0)
                return key.descending ? order > 0 : order < 0;
        }
        return false;
    });
}

}  // namespace vfioctl
