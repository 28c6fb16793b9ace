// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/job_object.hpp"

#include <nlohmann/json.hpp>

#include "bindd/bus/inspection.hpp"
#include "bindd/bus/requests.hpp"
#include "binding/codec/codec.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"

namespace bindd {
namespace {

std::string result_json(const Job& job, Disclosure disclosure) {
    if (job.error)
        return {};
    binding::Json json = {{"schema", "vfioctl/1"}};
    json.update(binding::plan_json(redact(job.plan, disclosure)));
    json["warnings"] = job.warnings;
    return binding::dump(json);
}

constexpr std::chrono::seconds kRetention{60};
/// Each holds an object of sdbus-c++ and a plan of hundreds of lines, and jobs may end faster than
/// they expire.
constexpr std::size_t kMaxEnded = 32;

}  // namespace

JobObject::JobObject(sdbus::IConnection& connection, sd_bus* bus, Requests& requests,
                     Inspection& inspection, const Job& job)
    : AdaptorInterfaces(connection, dbus::ObjectPath(job_path(job.id))),
      bus_(bus),
      requests_(requests),
      inspection_(inspection),
      id_(job.id),
      kind_(job_kind_name(job.request.kind)),
      actor_(bus_text(job.request.requester.actor())) {
    for (const sysfs::DeviceId& device : job.request.devices)
        devices_.push_back(bus_text(device.display()));
    registerAdaptor();
    (void)sd_bus_emit_object_added(bus_, job_path(id_).c_str());
    update(job);
}

JobObject::~JobObject() {
    (void)sd_bus_emit_object_removed(bus_, job_path(id_).c_str());
    unregisterAdaptor();
}

void JobObject::update(const Job& job) {
    state_ = job_state_name(job.state);
    progress_ = job.progress;
    const std::string path = job_path(id_);
    if (!job.ended()) {
        (void)sd_bus_emit_properties_changed(bus_, path.c_str(), INTERFACE_NAME, "State",
                                             "Progress", nullptr);
        return;
    }
    ending_ = job.ending ? ending_name(*job.ending) : ending_name(Ending::kFailed);
    for (const std::string& warning : job.warnings)
        warnings_.push_back(bus_text(warning));
    if (job.error)
        error_name_ = bus_error_name(to_bus_error(job, Disclosure::kCodes).kind);
    everything_ = make_texts(job, Disclosure::kEverything);
    codes_ = make_texts(job, Disclosure::kCodes);
    (void)sd_bus_emit_properties_changed(bus_, path.c_str(), INTERFACE_NAME, "State", "Progress",
                                         "Ending", "Result", "Warnings", "Error", nullptr);
}

JobObject::JobTexts JobObject::make_texts(const Job& job, Disclosure disclosure) {
    JobTexts texts{.result = result_json(job, disclosure)};
    for (const policy::Transaction& transaction : job.plan.transactions)
        texts.lines.push_back("transaction " +
                              bus_text(binding::encode(redact(transaction, disclosure))));
    if (job.error) {
        base::Error error = *job.error;
        error.reason = redact(std::move(error.reason), disclosure);
        texts.lines.push_back("error " + bus_text(binding::encode(error)));
        texts.error = bus_text(to_bus_error(job, disclosure).text);
    }
    for (const std::string& warning : job.warnings)
        texts.lines.push_back("warning " + bus_text(warning));
    return texts;
}

const JobObject::JobTexts& JobObject::shown() const {
    return texts(inspection_.for_reader());
}

void JobObject::Cancel(sdbus::Result<>&& result) {
    handle(std::move(result), [&](const Reply<>& reply) {
        requests_.cancel(to_caller(sd_bus_get_current_message(bus_)), id_, empty_reply(reply));
    });
}

void JobObject::Lines(sdbus::Result<JobStrings>&& result) {
    handle(std::move(result), [&](const Reply<JobStrings>& reply) {
        // The job may have been forgotten by the time that polkit has answered.
        const auto answer = [everything = everything_.lines, codes = codes_.lines,
                             reply](const std::pair<AuthorizedCaller, Disclosure>& inspected) {
            reply.give(inspected.second == Disclosure::kEverything ? everything : codes);
        };
        inspection_.identify_and_ask(
            to_caller(sd_bus_get_current_message(bus_)),
            on_success<std::pair<AuthorizedCaller, Disclosure>>(value_reply(reply), answer));
    });
}

sdbus::Struct<uint32_t, uint32_t, std::string> JobObject::Progress() {
    return read_out([&] {
        return sdbus::Struct<uint32_t, uint32_t, Text>(std::tuple{
            static_cast<uint32_t>(progress_.transactions_done),
            static_cast<uint32_t>(progress_.transactions_total), bus_text(progress_.step)});
    });
}
sdbus::Struct<std::string, std::string> JobObject::Error() {
    return read_out([&] {
        return sdbus::Struct<Text, Text>(std::tuple{Text(error_name_), shown().error});
    });
}

JobRegistry::JobRegistry(sdbus::IConnection& connection, sd_bus* bus, sd_event* event,
                         const ControllerRunner& controller, Requests& requests,
                         Inspection& inspection)
    : connection_(connection),
      bus_(bus),
      controller_(controller),
      requests_(requests),
      inspection_(inspection),
      timer_(event, [this] { expire(); }) {}

void JobRegistry::show(JobId id) {
    const Job* job = controller_.job(id);
    if (job == nullptr || shown_.contains(id))
        return;
    shown_.emplace(id,
                   std::make_unique<JobObject>(connection_, bus_, requests_, inspection_, *job));
    if (job->ended())
        ended(*job);
}

void JobRegistry::changed(const Job& job) {
    if (const auto shown = shown_.find(job.id); shown != shown_.end() && !job.ended())
        shown->second->update(job);
}

void JobRegistry::ended(const Job& job) {
    const auto shown = shown_.find(job.id);
    if (shown == shown_.end())
        return;
    shown->second->update(job);
    ended_.push_back({job.id, base::Clock::now() + kRetention});
    while (ended_.size() > kMaxEnded)
        drop_oldest();
    if (!timer_.armed())
        timer_.arm(kRetention);
}

void JobRegistry::expire() {
    const base::Clock::time_point now = base::Clock::now();
    while (!ended_.empty() && ended_.front().until <= now)
        drop_oldest();
    if (!ended_.empty())
        timer_.arm(std::chrono::ceil<std::chrono::microseconds>(ended_.front().until - now));
}

void JobRegistry::drop_oldest() {
    shown_.erase(ended_.front().id);
    ended_.pop_front();
}

}  // namespace bindd
