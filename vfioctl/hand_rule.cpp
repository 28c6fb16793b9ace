// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hand_rule.hpp"

#include <algorithm>

#include "sysfs/names.hpp"
#include "vfioctl/options.hpp"

namespace vfioctl {
namespace {

Outcome<policy::DriverWish> driver_wish(const Arguments& arguments) {
    using Kind = policy::DriverWish::Kind;
    const std::string words = arguments.one("driver").value_or("auto");
    if (words == "host")
        return policy::DriverWish{.kind = Kind::kHost, .chain = {}};
    if (words == "none")
        return policy::DriverWish{.kind = Kind::kNone, .chain = {}};
    policy::DriverWish wish{.kind = Kind::kChain, .chain = {}};
    for (const std::string& word : split_commas({words})) {
        if (word == "host" || word == "none")
            return fail(ExitCode::kUsage, "--driver " + words, word + " cannot be part of a chain",
                        "give it alone, or name drivers and auto, separated by commas");
        if (!sysfs::parse_driver_name(word))
            return fail(ExitCode::kUsage, "--driver " + words, "no driver has such a name",
                        "auto, host, none, a driver's name, or several separated by commas");
        policy::Candidate candidate;
        candidate.kind =
            word == "auto" ? policy::Candidate::Kind::kAuto : policy::Candidate::Kind::kNamed;
        candidate.driver = word == "auto" ? "" : word;
        if (std::find(wish.chain.begin(), wish.chain.end(), candidate) != wish.chain.end())
            return fail(ExitCode::kUsage, "--driver " + words, "names " + word + " twice");
        wish.chain.push_back(candidate);
    }
    return wish;
}

Outcome<policy::GroupWish::Kind> group_wish(const Arguments& arguments) {
    const std::string word = arguments.one("group").value_or("strict");
    if (word == "strict")
        return policy::GroupWish::Kind::kStrict;
    if (word == "whole")
        return policy::GroupWish::Kind::kWhole;
    return fail(ExitCode::kUsage, "--group " + word, "unknown value", "one of: strict, whole");
}

const char* why_not_forceable(policy::ReasonCode code) {
    switch (code) {
        case policy::ReasonCode::kProtected:
            return "a protecting rule is lifted only where it stands: in its policy file";
        case policy::ReasonCode::kVfioOpen:
            return "the kernel waits until its user closes it: end that first";
        case policy::ReasonCode::kVfsInUse:
            return "its VFs would vanish under their users: disable them first";
        case policy::ReasonCode::kGroupNotViable:
            return "the kernel refuses it: `--group whole` takes the others along";
        case policy::ReasonCode::kAmbiguous:
            return "name the driver with --driver";
        case policy::ReasonCode::kBridge:
        case policy::ReasonCode::kNoIommu:
        case policy::ReasonCode::kNoDriver:
        case policy::ReasonCode::kDriverDenies:
        case policy::ReasonCode::kMounted:
        case policy::ReasonCode::kSwap:
        case policy::ReasonCode::kHolder:
        case policy::ReasonCode::kDefaultRoute:
        case policy::ReasonCode::kAddressed:
        case policy::ReasonCode::kEnslaved:
        case policy::ReasonCode::kSession:
        case policy::ReasonCode::kOpenFd:
        case policy::ReasonCode::kConsole:
        case policy::ReasonCode::kSignature:
            return "the kernel itself would refuse";
    }
    return "";
}

Outcome<policy::Lifted> lifted(const Arguments& arguments) {
    policy::Lifted out;
    for (const std::string& word : split_commas(arguments.all("force"))) {
        const auto code = policy::reason_code(word);
        if (!code)
            return fail(ExitCode::kUsage, "--force " + word, "unknown reason",
                        policy::one_of_forceable());
        if (!policy::is_forceable(*code))
            return fail(ExitCode::kUsage, "--force " + word, "cannot be forced",
                        why_not_forceable(*code));
        out.codes.insert(*code);
    }
    return out;
}

}  // namespace

Outcome<policy::HandWish> hand_wish(const Arguments& arguments) {
    auto driver = driver_wish(arguments);
    if (!driver)
        return propagate(driver);
    const auto group = group_wish(arguments);
    if (!group)
        return propagate(group);
    auto codes = lifted(arguments);
    if (!codes)
        return propagate(codes);
    return policy::HandWish{.driver = std::move(*driver), .group = *group, .lifted = std::move(*codes)};
}

}  // namespace vfioctl
