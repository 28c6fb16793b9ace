// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/method_options.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <initializer_list>

#include "base/join.hpp"
#include "base/try.hpp"
#include "policy/model/device_attributes.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/device/resolve.hpp"
#include "vfio/backend.hpp"

namespace bindd {
namespace {

constexpr double kDay = 86'400;
constexpr std::size_t kMaxTexts = 1024;
constexpr const char* kText = "text, of the type s";
constexpr const char* kTexts = "a list of texts, of the type as";

tl::unexpected<BusError> not_permitted(const std::string& key, const std::string& why) {
    return bus_error(BusErrorKind::kOptionNotPermitted, "option " + key + ": " + why);
}

BusResult<void> check_keys(const MethodOptions& options,
                           std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : options) {
        if (std::holds_alternative<GivenTwice>(value))
            return not_permitted(key, "given twice");
        if (std::find(known.begin(), known.end(), key) != known.end())
            continue;
        const std::string list = base::join(known, ", ");
        return not_permitted(key,
                             list.empty() ? "there are none here" : "unknown; one of: " + list);
    }
    return {};
}

/// `otherwise` if the option is absent.
template <typename T>
BusResult<T> read_option(const MethodOptions& options, std::string_view key, std::string_view type,
                         T otherwise) {
    const auto found = options.find(std::string(key));
    if (found == options.end())
        return otherwise;
    if (const T* value = std::get_if<T>(&found->second))
        return *value;
    return not_permitted(found->first, "wants " + std::string(type));
}

BusResult<policy::DriverAction> parse_driver(const std::string& words) {
    using ActionKind = policy::DriverAction::ActionKind;
    if (words == "host")
        return policy::DriverAction{.kind = ActionKind::kHost, .chain = {}};
    if (words == "none")
        return policy::DriverAction{.kind = ActionKind::kNone, .chain = {}};
    policy::DriverAction action{.kind = ActionKind::kChain, .chain = {}};
    for (std::size_t from = 0; from <= words.size();) {
        const std::size_t comma = std::min(words.find(',', from), words.size());
        const std::string word = words.substr(from, comma - from);
        from = comma + 1;
        if (word == "host" || word == "none" || !sysfs::parse_driver_name(word))
            return not_permitted("driver", "'" + word + "' cannot be in a list of drivers");
        const policy::Candidate candidate =
            word == "auto" ? policy::Candidate{policy::Candidate::CandidateKind::kAuto, ""}
                           : policy::Candidate{policy::Candidate::CandidateKind::kNamed, word};
        if (std::find(action.chain.begin(), action.chain.end(), candidate) != action.chain.end())
            return not_permitted("driver", "names " + word + " twice");
        action.chain.push_back(candidate);
    }
    return action;
}

BusResult<policy::GroupSelection::SelectionKind> parse_group(const std::string& word) {
    if (word == "strict")
        return policy::GroupSelection::SelectionKind::kStrict;
    if (word == "whole")
        return policy::GroupSelection::SelectionKind::kWhole;
    return not_permitted("group", "'" + word + "' is none of: strict, whole");
}

BusResult<policy::ForcedReasons> parse_forced(const std::vector<std::string>& words) {
    policy::ForcedReasons out;
    for (const std::string& word : words) {
        const auto code = policy::parse_reason_code(word);
        if (!code)
            return not_permitted("force",
                                 "there is no reason '" + word + "'; " + policy::forceable_list());
        if (!policy::is_forceable(*code))
            return not_permitted("force", word + " cannot be forced; " + policy::forceable_list());
        out.codes.insert(*code);
    }
    return out;
}

BusResult<void> read_timeout(const MethodOptions& options, JobRequest& request) {
    const double seconds =
        TRY(read_option<double>(options, "timeout", "a number of seconds, of the type d",
                                std::chrono::duration<double>(request.timeout).count()));
    if (!std::isfinite(seconds) || seconds < 0.001 || seconds > kDay)
        return not_permitted("timeout", "between 0.001 and 86400 seconds");
    request.timeout = std::chrono::milliseconds(std::lround(seconds * 1000));
    return {};
}

BusResult<void> read_mode(const MethodOptions& options, JobRequest& request) {
    const bool dry_run =
        TRY(read_option<bool>(options, "dry-run", "a boolean, of the type b", false));
    request.mode = dry_run ? JobMode::kPlanOnly : JobMode::kExecute;
    return {};
}

BusResult<void> read_forced(const MethodOptions& options, JobRequest& request) {
    const auto forced = TRY(read_option<std::vector<std::string>>(options, "force", kTexts, {}));
    request.bind_options.forced = TRY(parse_forced(forced));
    return {};
}

BusResult<void> read_bind_options(const MethodOptions& options, JobRequest& request) {
    const std::string driver = TRY(read_option<std::string>(options, "driver", kText, "auto"));
    const std::string group = TRY(read_option<std::string>(options, "group", kText, "strict"));
    request.bind_options = {
        .driver = TRY(parse_driver(driver)), .group = TRY(parse_group(group)), .forced = {}};
    TRY(read_forced(options, request));
    return read_timeout(options, request);
}

BusResult<void> read_mdev(const MethodOptions& options, policy::MdevSpec& mdev) {
    if (options.contains("uuid")) {
        const auto uuid = TRY(read_option<std::string>(options, "uuid", kText, ""));
        if (const auto valid = sysfs::parse_uuid(uuid); !valid)
            return not_permitted("uuid", valid.error().text());
        else
            mdev.uuid = *valid;
    }
    const auto attrs = TRY(read_option<std::vector<std::string>>(options, "attrs", kTexts, {}));
    if (attrs.size() > kMaxTexts)
        return not_permitted("attrs", "too many");
    for (const std::string& each : attrs) {
        if (each.find('=') == std::string::npos)
            return not_permitted("attrs", "'" + each + "' is not NAME=VALUE");
        mdev.attrs.push_back(policy::split_assignment(each));
    }
    return {};
}

}  // namespace

BusResult<JobRequest> parse_bind_options(const MethodOptions& options) {
    JobRequest request{.kind = JobKind::kBind};
    TRY(check_keys(options, {"driver", "group", "force", "timeout", "dry-run"}));
    TRY(read_bind_options(options, request));
    TRY(read_mode(options, request));
    return request;
}

BusResult<JobRequest> parse_claim_options(const MethodOptions& options) {
    JobRequest request{.kind = JobKind::kBind};
    TRY(check_keys(options, {"driver", "group", "force", "timeout"}));
    TRY(read_bind_options(options, request));
    return request;
}

BusResult<JobRequest> parse_job_options(JobKind kind, const MethodOptions& options) {
    JobRequest request{.kind = kind};
    if (kind == JobKind::kRelease || kind == JobKind::kSetVfs || kind == JobKind::kRemoveMdev) {
        TRY(check_keys(options, {"force", "timeout", "dry-run"}));
        TRY(read_forced(options, request));
    } else if (kind == JobKind::kCreateMdev) {
        TRY(check_keys(options, {"uuid", "attrs", "timeout", "dry-run"}));
        TRY(read_mdev(options, request.mdev));
    } else if (kind == JobKind::kApply) {
        TRY(check_keys(options, {"devices", "timeout", "dry-run"}));
    } else {
        TRY(check_keys(options, {"timeout", "dry-run"}));
    }
    TRY(read_timeout(options, request));
    TRY(read_mode(options, request));
    return request;
}

BusResult<std::string> parse_open_options(const MethodOptions& options) {
    TRY(check_keys(options, {"backend"}));
    const std::string backend = TRY(read_option<std::string>(options, "backend", kText, ""));
    if (backend.empty() || vfio::parse_backend(backend))
        return backend;
    const std::string all =
        base::join(vfio::kBackends, ", ", [](vfio::Backend each) { return vfio::name(each); });
    return not_permitted("backend", "'" + backend + "' is none of: " + all);
}

BusResult<std::vector<sysfs::DeviceId>> read_devices_option(const MethodOptions& options,
                                                            std::string_view key,
                                                            const sysfs::Inventory& inventory) {
    const auto words = TRY(read_option<std::vector<std::string>>(options, key, kTexts, {}));
    if (words.size() > kMaxTexts)
        return not_permitted(std::string(key), "too many");
    std::vector<sysfs::DeviceId> out;
    for (const std::string& word : words) {
        const auto found = sysfs::resolve(inventory, word);
        if (!found)
            return bus_error(BusErrorKind::kNoSuchDevice, word + ": no such device");
        out.insert(out.end(), found->begin(), found->end());
    }
    return out;
}

BusResult<std::vector<sysfs::DeviceId>> parse_devices_option(const MethodOptions& options,
                                                             std::string_view key,
                                                             const sysfs::Inventory& inventory) {
    TRY(check_keys(options, {key}));
    return read_devices_option(options, key, inventory);
}

}  // namespace bindd
