// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_options.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "sysfs/names.hpp"
#include "vfio/backend.hpp"

namespace bindd {
namespace {

constexpr double kDay = 86'400;
constexpr std::size_t kMostTexts = 1024;
constexpr const char* kText = "text, of the type s";
constexpr const char* kTexts = "a list of texts, of the type as";

tl::unexpected<Fault> not_permitted(const std::string& key, const std::string& why) {
    return fault(FaultKind::kOptionNotPermitted, "option " + key + ": " + why);
}

Answer<void> check_keys(const Options& options, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : options) {
        if (std::find(known.begin(), known.end(), key) != known.end())
            continue;
        std::string list;
        for (const std::string_view word : known)
            list += (list.empty() ? "" : ", ") + std::string(word);
        return not_permitted(key, list.empty() ? "there are none here" : "unknown; one of: " + list);
    }
    return {};
}

/// Absent: `otherwise`.
template <typename T>
Answer<T> take(const Options& options, std::string_view key, std::string_view type, T otherwise) {
    const auto found = options.find(std::string(key));
    if (found == options.end())
        return otherwise;
    if (const T* value = std::get_if<T>(&found->second))
        return *value;
    return not_permitted(found->first, "wants " + std::string(type));
}

Answer<policy::DriverWish> driver_wish(const std::string& words) {
    using Kind = policy::DriverWish::Kind;
    if (words == "host")
        return policy::DriverWish{.kind = Kind::kHost, .chain = {}};
    if (words == "none")
        return policy::DriverWish{.kind = Kind::kNone, .chain = {}};
    policy::DriverWish wish{.kind = Kind::kChain, .chain = {}};
    for (std::size_t from = 0; from <= words.size();) {
        const std::size_t comma = std::min(words.find(',', from), words.size());
        const std::string word = words.substr(from, comma - from);
        from = comma + 1;
        if (word == "host" || word == "none" || !sysfs::parse_driver_name(word))
            return not_permitted("driver", "'" + word + "' cannot be in a list of drivers");
        const policy::Candidate candidate =
            word == "auto" ? policy::Candidate{policy::Candidate::Kind::kAuto, ""}
                           : policy::Candidate{policy::Candidate::Kind::kNamed, word};
        if (std::find(wish.chain.begin(), wish.chain.end(), candidate) != wish.chain.end())
            return not_permitted("driver", "names " + word + " twice");
        wish.chain.push_back(candidate);
    }
    return wish;
}

Answer<policy::GroupWish::Kind> group_wish(const std::string& word) {
    if (word == "strict")
        return policy::GroupWish::Kind::kStrict;
    if (word == "whole")
        return policy::GroupWish::Kind::kWhole;
    return not_permitted("group", "'" + word + "' is none of: strict, whole");
}

Answer<policy::Lifted> lifted(const std::vector<std::string>& words) {
    policy::Lifted out;
    for (const std::string& word : words) {
        const auto code = policy::reason_code(word);
        if (!code)
            return not_permitted("force", "there is no reason '" + word + "'; " + policy::one_of_forceable());
        if (!policy::is_forceable(*code))
            return not_permitted("force", word + " cannot be forced; " + policy::one_of_forceable());
        out.codes.insert(*code);
    }
    return out;
}

Answer<void> take_timeout(const Options& options, Request& request) {
    const auto seconds =
        take<double>(options, "timeout", "a number of seconds, of the type d", std::chrono::duration<double>(request.timeout).count());
    if (!seconds)
        return tl::unexpected(seconds.error());
    if (!std::isfinite(*seconds) || *seconds < 0.001 || *seconds > kDay)
        return not_permitted("timeout", "between 0.001 and 86400 seconds");
    request.timeout = std::chrono::milliseconds(std::lround(*seconds * 1000));
    return {};
}

Answer<void> take_errand(const Options& options, Request& request) {
    const auto dry_run = take<bool>(options, "dry-run", "a boolean, of the type b", false);
    if (!dry_run)
        return tl::unexpected(dry_run.error());
    request.errand = *dry_run ? Errand::kPlanOnly : Errand::kCarryOut;
    return {};
}

Answer<void> take_wish(const Options& options, Request& request) {
    const auto driver = take<std::string>(options, "driver", kText, "auto").and_then(driver_wish);
    if (!driver)
        return tl::unexpected(driver.error());
    const auto group = take<std::string>(options, "group", kText, "strict").and_then(group_wish);
    if (!group)
        return tl::unexpected(group.error());
    const auto codes = take<std::vector<std::string>>(options, "force", kTexts, {}).and_then(lifted);
    if (!codes)
        return tl::unexpected(codes.error());
    request.wish = {.driver = *driver, .group = *group, .lifted = *codes};
    return take_timeout(options, request);
}

}  // namespace

Answer<Request> bind_request(const Options& options) {
    Request request{.kind = JobKind::kBind};
    return check_keys(options, {"driver", "group", "force", "timeout", "dry-run"})
        .and_then([&] { return take_wish(options, request); })
        .and_then([&] { return take_errand(options, request); })
        .map([&] { return request; });
}

Answer<Request> claim_request(const Options& options) {
    Request request{.kind = JobKind::kBind};
    return check_keys(options, {"driver", "group", "force", "timeout"})
        .and_then([&] { return take_wish(options, request); })
        .map([&] { return request; });
}

Answer<Request> plain_request(JobKind kind, const Options& options) {
    Request request{.kind = kind};
    return check_keys(options, {"timeout", "dry-run"})
        .and_then([&] { return take_timeout(options, request); })
        .and_then([&] { return take_errand(options, request); })
        .map([&] { return request; });
}

Answer<std::string> open_backend(const Options& options) {
    if (const auto checked = check_keys(options, {"backend"}); !checked)
        return tl::unexpected(checked.error());
    auto backend = take<std::string>(options, "backend", kText, "");
    if (!backend || backend->empty())
        return backend;
    if (vfio::parse_backend(*backend))
        return backend;
    std::string all;
    for (const vfio::Backend each : vfio::kBackends)
        all += (all.empty() ? "" : ", ") + std::string(vfio::name(each));
    return not_permitted("backend", "'" + *backend + "' is none of: " + all);
}

Answer<std::vector<std::string>> only_texts(const Options& options, std::string_view key) {
    if (const auto checked = check_keys(options, {key}); !checked)
        return tl::unexpected(checked.error());
    auto texts = take<std::vector<std::string>>(options, key, kTexts, {});
    if (texts && texts->size() > kMostTexts)
        return not_permitted(std::string(key), "too many");
    return texts;
}

bool forces(const Options& options) {
    const auto found = options.find("force");
    if (found == options.end())
        return false;
    const auto* words = std::get_if<std::vector<std::string>>(&found->second);
    return words == nullptr || !words->empty();
}

}  // namespace bindd
