// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/mdev/mdev_options.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "binding/mdevctl/mdev_context.hpp"
#include "sysfs/device/names.hpp"

/// mdevctl's options, with its letters.
namespace vfioctl {
namespace {

constexpr OptionSpec kUuid{"uuid", 'u', OptionArity::kSingle, "UUID", "the device"};
constexpr OptionSpec kParent{"parent", 'p', OptionArity::kSingle, "PARENT",
                             "its parent, as in /sys/class/mdev_bus"};
constexpr OptionSpec kType{"type", 't', OptionArity::kSingle, "TYPE", "its type"};
constexpr OptionSpec kJsonFile{"jsonfile", '\0', OptionArity::kSingle, "FILE",
                               "type, start and attributes from this file; - is standard input"};
constexpr OptionSpec kAuto{"auto", 'a', OptionArity::kFlag, "", "start it when its parent appears"};
constexpr OptionSpec kManual{"manual", 'm', OptionArity::kFlag, "", "start it only on request"};
constexpr OptionSpec kForce{"force", 'f', OptionArity::kFlag, "",
                            "ignore a callout script's refusal"};
constexpr OptionSpec kDefined{"defined", 'd', OptionArity::kFlag, "",
                              "what is defined, running or not"};
constexpr OptionSpec kVerbose{"verbose", 'v', OptionArity::kFlag, "", "with attributes"};
constexpr OptionSpec kDumpJson{"dumpjson", '\0', OptionArity::kFlag, "", "mdevctl's JSON"};
constexpr OptionSpec kAddAttr{"addattr", '\0', OptionArity::kSingle, "NAME", "add an attribute"};
constexpr OptionSpec kDelAttr{"delattr", '\0', OptionArity::kFlag, "", "delete an attribute"};
constexpr OptionSpec kValue{"value", '\0', OptionArity::kSingle, "VALUE",
                            "what --addattr writes to it"};
constexpr OptionSpec kIndex{"index", 'i', OptionArity::kSingle, "N",
                            "which attribute; without: the last"};
constexpr OptionSpec kLive{"live", 'l', OptionArity::kFlag, "",
                           "the running device, by its callout script"};
constexpr OptionSpec kModifyDefined{"defined", 'd', OptionArity::kFlag, "",
                                    "with --live: the definition too"};

tl::unexpected<Failure> usage(std::string what, std::string why) {
    return fail(ExitCode::kUsage, std::move(what), std::move(why));
}

bool is_given(const Arguments& given, const char* name) {
    return given.has(name) || given.one(name).has_value();
}

CliResult<void> exclude(const Arguments& given, const char* one, const char* other) {
    if (is_given(given, one) && is_given(given, other))
        return usage(std::string("--") + one, std::string("cannot be used with --") + other);
    return {};
}

/// The combinations that mdevctl 1.4 refuses: exactly one kind of change, and what goes with it.
CliResult<void> check_modify(const Arguments& given) {
    constexpr std::array kChanges = {"auto", "manual", "addattr", "delattr", "jsonfile"};
    constexpr std::pair<const char*, const char*> kExclusive[] = {
        {"jsonfile", "type"}, {"index", "auto"}, {"index", "manual"}, {"index", "jsonfile"},
        {"live", "type"},     {"live", "index"}, {"live", "value"}};
    for (auto one = kChanges.begin(); one != kChanges.end(); ++one)
        for (auto other = one + 1; other != kChanges.end(); ++other)
            TRY(exclude(given, *one, *other));
    for (const auto& [one, other] : kExclusive)
        TRY(exclude(given, one, other));
    if (given.one("value") && !given.one("addattr"))
        return usage("--value", "needs --addattr");
    if (std::none_of(kChanges.begin(), kChanges.end(),
                     [&](const char* name) { return is_given(given, name); }))
        return usage("", "needs --auto, --manual, --addattr, --delattr or --jsonfile");
    if (given.one("addattr") && !given.one("value") && !given.has("live"))
        return usage("--addattr", "needs --value");
    constexpr std::uint64_t kHighestIndex = std::numeric_limits<std::uint32_t>::max();
    if (const auto index = given.one("index")) {
        const auto number = base::parse_decimal(*index);
        if (!number || *number > kHighestIndex)
            return usage("--index " + printable(*index), "is no number from 0 to 4294967295");
    }
    return {};
}

}  // namespace

const std::vector<OptionSpec>& mdev_options(MdevVerb verb) {
    static const std::vector<OptionSpec> kTypes = {kParent, kDumpJson};
    static const std::vector<OptionSpec> kList = {kDefined, kUuid, kParent, kVerbose, kDumpJson};
    static const std::vector<OptionSpec> kDefine = {kUuid,     kParent, kType,
                                                    kJsonFile, kAuto,   kForce};
    static const std::vector<OptionSpec> kUndefine = {kUuid, kParent, kForce};
    static const std::vector<OptionSpec> kModify = {
        kUuid, kParent, kType,     kAddAttr, kDelAttr,       kValue, kIndex,
        kAuto, kManual, kJsonFile, kLive,    kModifyDefined, kForce};
    static const std::vector<OptionSpec> kStart = {kUuid, kParent, kType, kJsonFile, kForce};
    static const std::vector<OptionSpec> kStop = {kUuid, kForce};
    switch (verb) {
        case MdevVerb::kTypes:
            return kTypes;
        case MdevVerb::kList:
            return kList;
        case MdevVerb::kDefine:
            return kDefine;
        case MdevVerb::kUndefine:
            return kUndefine;
        case MdevVerb::kModify:
            return kModify;
        case MdevVerb::kStart:
            return kStart;
        case MdevVerb::kStop:
            return kStop;
    }
    return kTypes;
}

CliResult<void> check_mdev_options(MdevVerb verb, const Arguments& given) {
    if (const auto uuid = given.one("uuid"); uuid && !binding::parse_uuid_loosely(*uuid))
        return usage("--uuid " + printable(*uuid), "is no UUID");
    switch (verb) {
        case MdevVerb::kTypes:
        case MdevVerb::kList:
            return {};
        case MdevVerb::kDefine:
            TRY(exclude(given, "jsonfile", "auto"));
            [[fallthrough]];
        case MdevVerb::kStart:
            if (!given.one("uuid") && !given.one("parent"))
                return usage("", "needs --uuid or --parent");
            return exclude(given, "jsonfile", "type");
        case MdevVerb::kModify:
            TRY(check_modify(given));
            [[fallthrough]];
        case MdevVerb::kUndefine:
        case MdevVerb::kStop:
            return given.one("uuid") ? CliResult<void>() : usage("", "needs --uuid");
    }
    return {};
}

}  // namespace vfioctl
