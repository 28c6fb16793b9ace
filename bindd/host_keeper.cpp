// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/host_keeper.hpp"

#include <algorithm>

#include "binding/json.hpp"
#include "binding/report.hpp"

namespace bindd {

using sysfs::DeviceId;
using sysfs::Result;

namespace {

/// A group is looked at when nothing more has come for this long, or after the longer time in any case.
constexpr std::chrono::milliseconds kQuiet{4};
constexpr std::chrono::milliseconds kLongest{50};

}  // namespace

HostKeeper::HostKeeper(KeeperParts parts)
    : parts_(std::move(parts)), lookout_(parts_.executor, view_, untouchable_), journal_(parts_.state),
      marks_(HandMarks::read(parts_.state.run + "/by-hand")),
      coalescer_(kQuiet, kLongest),
      readiness_(
          parts_.event,
          [this] {
              if (looked_ && !asking_usage_)
                  ready_if_settled();
          },
          [this] {
              audience_.tell(&Observer::ready);
              if (on_ready_)
                  on_ready_();
          }),
      wake_(parts_.event, [this] { look_at_due(); }), soon_(parts_.event, [this] { pump(); }),
      reload_(parts_.event, [this] {
          PolicyReading policies = read_policies(parts_.policy_paths);
          if (policies.ok() && policies.parsed.set.generation == view_.policies.generation)
              return rejected_.empty() ? void() : tell_loaded(policies.parsed.diagnostics);
          (void)reload({.uid = std::nullopt, .words = "files"});
      }) {
    parts_.executor.on_notice([this](const auto& words) { notice(words); });
}

void HostKeeper::start() {
    PolicyReading policies = read_policies(parts_.policy_paths);
    HandMarks marks = marks_;
    if (policies.ok())
        take_up(std::move(policies));
    else
        (void)reject(policies);
    marks_ = std::move(marks);  // they outlive a restart
    view_.latest = binding::latest_history(parts_.state);
    readiness_.begin_waiting();
    recover();
}

binding::DeviceState HostKeeper::state(const sysfs::Device& device) const {
    if (const std::string* why = untouchable_.why(device.id))
        return {"stuck", *why};
    binding::DeviceState state = view_.state(device);
    const auto track = tracks_.find(view_.key_of(device.id));
    if (state.state != "pending" || track == tracks_.end())
        return state;
    if (track->second.at_work())
        state.reason = "under way";
    else if (!track->second.why.empty())
        state.reason = track->second.why;
    return state;
}

GroupState HostKeeper::group_state(int group) const {
    const auto track = tracks_.find("group " + std::to_string(group));
    return track == tracks_.end() ? GroupState::kSettled : track->second.state;
}

std::map<std::string, unsigned> HostKeeper::counts() const {
    std::map<std::string, unsigned> counts{{"unmanaged", 0}, {"bound", 0},    {"pending", 0},
                                           {"refused", 0},   {"conflict", 0}, {"failed", 0},
                                           {"stuck", 0}};
    for (const sysfs::Device& device : view_.inventory.devices)
        ++counts[state(device).state];
    return counts;
}

std::vector<StuckDevice> HostKeeper::stuck() const {
    return untouchable_.list();
}

void HostKeeper::usage(std::vector<DeviceId> devices,
                       std::function<void(Result<sysfs::Usage>)> done) {
    untouchable_.take_out_of(devices);
    lookout_.ask_usage(devices, [this, devices, done = std::move(done)](const Result<void>& asked) {
        if (!asked)
            return done(sysfs::propagate(asked));
        sysfs::Usage found;
        for (const DeviceId& id : devices)
            if (const auto uses = view_.usage.find(id); uses != view_.usage.end())
                found.insert(*uses);
        done(std::move(found));
    });
}

std::string HostKeeper::plan_json() const {
    return binding::dump(binding::plan_json(view_.plan));
}

Result<std::string> HostKeeper::explain_json(const DeviceId& id) const {
    const sysfs::Device* device = view_.inventory.find(id);
    if (device == nullptr)
        return sysfs::fail(sysfs::Code::kNotFound, "explain", id.display(), "no such device");
    const policy::Decision unmanaged{.device = id,
                                     .outcome = policy::Outcome::kUnmanaged,
                                     .rule = nullptr,
                                     .rivals = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged, never touched"};
    const policy::Decision* found = view_.decision(id);
    return binding::dump(binding::explain_json(*device, view_.policies,
                                               found == nullptr ? unmanaged : *found,
                                               view_.transaction(id), view_.inventory));
}

void HostKeeper::observe(Observer& observer) {
    audience_.join(observer);
}

void HostKeeper::forget(Observer& observer) {
    audience_.leave(observer);
}

void HostKeeper::publish() {
    audience_.publish(view_, [this](const sysfs::Device& device) { return state(device); });
}

}  // namespace bindd
