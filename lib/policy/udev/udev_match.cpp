// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/udev/udev_match.hpp"

#include <algorithm>

#include "policy/decide/match.hpp"

/// udev(7): a line's keys must all hold; `|` separates a pattern's alternatives; patterns are
/// fnmatch's, as ours are; an attribute that a device has not never matches, with `!=` as little as
/// with `==`, so what is turned round is a flag and never a key. Properties that begin with a dot
/// are not kept.
namespace policy {
namespace {

constexpr std::size_t kLongestPattern = 4096;  // udev drops lines over 16 KiB

std::string equals(const std::string& key, const std::string& pattern) {
    return key + "==\"" + pattern + "\"";
}

std::string joined(const std::vector<std::string>& words, const char* between) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : between) + word;
    return out;
}

/// "0x0302??" for the class as sysfs prints it, all six digits.
std::string class_pattern(const std::string& word) {
    std::string digits = word;
    if (const auto base = base_class(word)) {
        constexpr const char* kDigits = "0123456789abcdef";
        digits = {kDigits[*base >> 4], kDigits[*base & 0xf]};
    }
    std::replace(digits.begin(), digits.end(), 'x', '?');
    digits.resize(6, '?');
    return "0x" + digits;
}

std::vector<std::string> hex_patterns(const std::vector<std::string>& ids) {
    std::vector<std::string> out;
    for (const std::string& id : ids)
        out.push_back("0x" + id);
    return out;
}

std::vector<std::string> class_patterns(const std::vector<std::string>& words) {
    std::vector<std::string> out;
    for (const std::string& word : words)
        out.push_back(class_pattern(word));
    return out;
}

std::vector<std::string> to_digits(const std::vector<std::string>& booleans) {
    std::vector<std::string> out;
    for (const std::string& word : booleans)
        out.emplace_back(word == "true" ? "1" : "0");
    return out;
}

bool contains(const std::vector<std::string>& words, const char* word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool is_udev_literal(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' - 1 && c < 0x7f && c != '"' && c != '\\' && c != '|' && c != '$' && c != '%';
    });
}

std::string UdevMatch::new_flag() {
    return "ENV{.BINDD_" + std::to_string(next_++) + "}";
}

std::string UdevMatch::write(const Match& match, Approximation approximation, std::string& out) {
    const Approximation inverted = approximation == Approximation::kInclude
                                       ? Approximation::kExclude
                                       : Approximation::kInclude;
    std::vector<std::string> conditions;
    bool never = false;
    const auto require = [&](const Condition& condition) {
        never = never || !condition;
        if (condition && !condition->empty())
            conditions.push_back(*condition);
    };
    for (const FieldTest& test : match.fields)
        require(field(test, approximation));
    if (!match.pf.empty())
        require(approximate("pf", approximation));
    for (const Match& each : match.all)
        require(write(each, approximation, out));
    for (const auto& list : match.any)
        require(any(list, approximation, out));
    for (const Match& each : match.none) {
        std::string flag = write(each, inverted, out);
        require(flag.replace(flag.find("=="), 2, "!="));
    }
    const std::string flag = new_flag();
    if (!never)
        out += joined(conditions, ", ") + (conditions.empty() ? "" : ", ") + flag + "=\"1\"\n";
    return equals(flag, "1");
}

std::string UdevMatch::any(const std::vector<Match>& list, Approximation approximation,
                           std::string& out) {
    const std::string flag = new_flag();
    for (const Match& each : list) {
        const std::string one = write(each, approximation, out);
        out += one + ", " + flag + "=\"1\"\n";
    }
    return equals(flag, "1");
}

UdevMatch::Condition UdevMatch::approximate(const std::string& key, Approximation approximation) {
    if (!contains(unsupported_, key.c_str()))
        unsupported_.push_back(key);
    return approximation == Approximation::kInclude ? Condition("") : std::nullopt;
}

UdevMatch::Condition UdevMatch::alternatives(const FieldTest& test, const std::string& key,
                                             const std::vector<std::string>& patterns,
                                             Approximation approximation) {
    const std::string pattern = joined(patterns, "|");
    const bool expressible = std::all_of(patterns.begin(), patterns.end(), is_udev_literal) &&
                             is_udev_literal(test.key) && test.key.find('}') == std::string::npos &&
                             pattern.size() <= kLongestPattern;
    return expressible ? Condition(equals(key, pattern))
                       : approximate(field_name(test.field), approximation);
}

UdevMatch::Condition UdevMatch::presence(const FieldTest& test, const std::string& file) {
    const bool with = contains(test.wanted, "true");
    const bool without = contains(test.wanted, "false");
    if (with && without)
        return "";
    return "TEST" + std::string(with ? "==" : "!=") + "\"" + file + "\"";
}

/// What does not change while the machine is up is settled here.
UdevMatch::Condition UdevMatch::host_condition(const FieldTest& test) {
    const bool holds =
        std::any_of(test.wanted.begin(), test.wanted.end(), [&](const std::string& word) {
            return test.field == Field::kArch ? word == host_.arch
                                              : kernel_matches(word, host_.kernel).value_or(false);
        });
    return holds ? Condition("") : std::nullopt;
}

UdevMatch::Condition UdevMatch::field(const FieldTest& test, Approximation approximation) {
    const auto& wanted = test.wanted;
    switch (test.field) {
        case Field::kBus:
            return contains(wanted, "pci") ? Condition("") : std::nullopt;
        case Field::kArch:
        case Field::kKernel:
            return host_condition(test);
        case Field::kAddress:
            return alternatives(test, "KERNEL", wanted, approximation);
        case Field::kVendor:
            return alternatives(test, "ATTR{vendor}", hex_patterns(wanted), approximation);
        case Field::kDevice:
            return alternatives(test, "ATTR{device}", hex_patterns(wanted), approximation);
        case Field::kSubsystemVendor:
            return alternatives(test, "ATTR{subsystem_vendor}", hex_patterns(wanted),
                                approximation);
        case Field::kSubsystemDevice:
            return alternatives(test, "ATTR{subsystem_device}", hex_patterns(wanted),
                                approximation);
        case Field::kClass:
            return alternatives(test, "ATTR{class}", class_patterns(wanted), approximation);
        case Field::kRevision:
            return alternatives(test, "ATTR{revision}", hex_patterns(wanted), approximation);
        case Field::kModalias:
            return alternatives(test, "ENV{MODALIAS}", wanted, approximation);
        case Field::kNumaNode:
            return alternatives(test, "ATTR{numa_node}", wanted, approximation);
        case Field::kIsVf:
            return presence(test, "physfn");
        case Field::kIsPf:
            return presence(test, "sriov_totalvfs");
        case Field::kBootVga:
            return alternatives(test, "ATTR{boot_vga}", to_digits(wanted), approximation);
        case Field::kProperty:
            return alternatives(test, "ENV{" + test.key + "}", wanted, approximation);
        // Another's device: no PCI device has a parent's name in /sys/class/mdev_bus but by its
        // driver.
        case Field::kMdevParent:
        case Field::kDriver:
        case Field::kPath:
        case Field::kSlot:
        case Field::kIommuGroup:
        case Field::kVf:
        case Field::kNetdev:
        case Field::kSerial:
        case Field::kAttr:
            return approximate(field_name(test.field), approximation);
    }
    return approximate(field_name(test.field), approximation);
}

}  // namespace policy
