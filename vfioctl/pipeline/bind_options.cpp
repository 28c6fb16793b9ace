// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/bind_options.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"
#include "vfioctl/context/option_values.hpp"

namespace vfioctl {
namespace {

CliResult<policy::DriverAction> parse_driver_option(const Arguments& arguments) {
    const std::string words = arguments.one("driver").value_or("auto");
    if (words == "host")
        return policy::DriverAction{.kind = policy::DriverAction::ActionKind::kHost, .chain = {}};
    if (words == "none")
        return policy::DriverAction{.kind = policy::DriverAction::ActionKind::kNone, .chain = {}};
    policy::DriverAction action{.kind = policy::DriverAction::ActionKind::kChain, .chain = {}};
    for (const std::string& word : split_commas({words})) {
        if (word == "host" || word == "none")
            return fail(ExitCode::kUsage, "--driver " + words, word + " cannot be part of a chain",
                        "give it alone, or name drivers and auto, separated by commas");
        if (!sysfs::parse_driver_name(word))
            return fail(ExitCode::kUsage, "--driver " + words, "no driver has such a name",
                        "auto, host, none, a driver's name, or several separated by commas");
        policy::Candidate candidate;
        candidate.kind = word == "auto" ? policy::Candidate::CandidateKind::kAuto
                                        : policy::Candidate::CandidateKind::kNamed;
        candidate.driver = word == "auto" ? "" : word;
        if (std::find(action.chain.begin(), action.chain.end(), candidate) != action.chain.end())
            return fail(ExitCode::kUsage, "--driver " + words, "names " + word + " twice");
        action.chain.push_back(candidate);
    }
    return action;
}

CliResult<policy::GroupSelection::SelectionKind> parse_group_option(const Arguments& arguments) {
    const std::string word = arguments.one("group").value_or("strict");
    if (word == "strict")
        return policy::GroupSelection::SelectionKind::kStrict;
    if (word == "whole")
        return policy::GroupSelection::SelectionKind::kWhole;
    return fail(ExitCode::kUsage, "--group " + word, "unknown value", "one of: strict, whole");
}

const char* why_not_forceable(policy::ReasonCode code) {
    switch (code) {
        case policy::ReasonCode::kProtected:
            return "remove the protecting rule from its policy file";
        case policy::ReasonCode::kVfioOpen:
            return "the kernel waits until its user closes it: stop it first";
        case policy::ReasonCode::kVfsInUse:
            return "its VFs are in use: disable them first";
        case policy::ReasonCode::kGroupNotViable:
            return "the kernel refuses it; `--group whole` includes the other devices";
        case policy::ReasonCode::kAmbiguous:
            return "name the driver with --driver";
        case policy::ReasonCode::kStuck:
            return "a change of it would hang as well; whoever holds it must close it first";
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
        case policy::ReasonCode::kInput:
        case policy::ReasonCode::kSignature:
        case policy::ReasonCode::kUnknownUse:
        case policy::ReasonCode::kFirmwareMemory:
        case policy::ReasonCode::kDeadDevice:
        case policy::ReasonCode::kDriverMismatch:
            return "the kernel itself would refuse";
    }
    return "";
}

}  // namespace

CliResult<policy::ForcedReasons> parse_forced_reasons(const Arguments& arguments) {
    policy::ForcedReasons out;
    for (const std::string& word : split_commas(arguments.all("force"))) {
        const auto code = policy::parse_reason_code(word);
        if (!code)
            return fail(ExitCode::kUsage, "--force " + word, "unknown reason",
                        policy::forceable_list());
        if (!policy::is_forceable(*code))
            return fail(ExitCode::kUsage, "--force " + word, "cannot be forced",
                        why_not_forceable(*code));
        out.codes.insert(*code);
    }
    return out;
}

CliResult<policy::BindOptions> parse_bind_options(const Arguments& arguments) {
    auto driver = TRY(parse_driver_option(arguments));
    const auto group = TRY(parse_group_option(arguments));
    auto codes = TRY(parse_forced_reasons(arguments));
    return policy::BindOptions{
        .driver = std::move(driver), .group = group, .forced = std::move(codes)};
}

}  // namespace vfioctl
