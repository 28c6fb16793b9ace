// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/manager_object.hpp"

#include <nlohmann/json.hpp>

#include "bindd/bus/inspection.hpp"
#include "bindd/bus/leases.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/documents.hpp"
#include "bindd/interfaces/fallback_objects.hpp"
#include "bindd/version.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"

namespace bindd {
namespace {

Paths to_paths(const std::vector<sdbus::ObjectPath>& paths) {
    return {paths.begin(), paths.end()};
}

}  // namespace

ManagerObject::ManagerObject(sdbus::IConnection& connection, sd_bus* bus, ManagerDependencies deps)
    : AdaptorInterfaces(connection, dbus::ObjectPath(kManagerPath)),
      bus_(bus),
      deps_(deps),
      generation_(deps_.controller.view().policies.generation.empty() ? 0 : 1),
      policy_digest_(deps_.controller.view().policies.generation) {
    registerAdaptor();
}

ManagerObject::~ManagerObject() {
    unregisterAdaptor();
}

Caller ManagerObject::caller() const {
    return to_caller(sd_bus_get_current_message(bus_));
}

MethodOptions ManagerObject::options() const {
    return read_options(sd_bus_get_current_message(bus_));
}

void ManagerObject::Plan(sdbus::Result<std::string>&& result, Variants /*options*/) {
    handle(std::move(result), [&](const Reply<std::string>& reply) {
        deps_.requests.plan(caller(), options(), value_reply(reply));
    });
}

void ManagerObject::Apply(sdbus::Result<Path>&& result, Variants /*options*/) {
    handle(std::move(result), [&](const Reply<Path>& reply) {
        deps_.requests.apply(caller(), options(), job_reply(reply));
    });
}

void ManagerObject::Bind(sdbus::Result<Path>&& result, std::vector<Path> devices,
                         Variants /*options*/) {
    handle(std::move(result), [&](const Reply<Path>& reply) {
        deps_.requests.bind(caller(), to_paths(devices), options(), job_reply(reply));
    });
}

void ManagerObject::Release(sdbus::Result<Path>&& result, std::vector<Path> devices,
                            Variants /*options*/) {
    handle(std::move(result), [&](const Reply<Path>& reply) {
        deps_.requests.release(caller(), to_paths(devices), options(), job_reply(reply));
    });
}

void ManagerObject::Rollback(sdbus::Result<Path>&& result, std::string transaction,
                             Variants /*options*/) {
    handle(std::move(result), [&](const Reply<Path>& reply) {
        deps_.requests.rollback(caller(), transaction, options(), job_reply(reply));
    });
}

void ManagerObject::Reload(sdbus::Result<>&& result) {
    handle(std::move(result),
           [&](const Reply<>& reply) { deps_.requests.reload(caller(), empty_reply(reply)); });
}

void ManagerObject::Claim(sdbus::Result<sdbus::UnixFd>&& result, std::vector<Path> devices,
                          std::string why, Variants /*options*/) {
    handle(std::move(result), [&](const Reply<sdbus::UnixFd>& reply) {
        deps_.leases.claim(caller(), to_paths(devices), why, options(), fd_reply(reply));
    });
}

void ManagerObject::History(sdbus::Result<std::string>&& result) {
    handle(std::move(result), [&](const Reply<std::string>& reply) {
        const auto answer = [&histories = deps_.histories,
                             reply](const std::pair<AuthorizedCaller, Disclosure>& inspected) {
            // The token counts the request until it is answered.
            histories.request(inspected.second,
                              [token = inspected.first.token, give = value_reply(reply)](
                                  const BusResult<std::string>& document) { give(document); });
        };
        deps_.inspection.identify_and_ask(
            caller(),
            on_success<std::pair<AuthorizedCaller, Disclosure>>(value_reply(reply), answer));
    });
}

void ManagerObject::Snapshot(sdbus::Result<sdbus::UnixFd>&& result, Variants /*options*/) {
    handle(std::move(result), [&](const Reply<sdbus::UnixFd>& reply) {
        deps_.snapshots.create(caller(), options(), fd_reply(reply));
    });
}

std::string ManagerObject::Version() {
    return read_out([] { return std::string(kVersion); });
}

std::string ManagerObject::ApplyMode() {
    return read_out([&] {
        return std::string(
            deps_.controller.apply_mode() == bindd::ApplyMode::kManual ? "manual" : "automatic");
    });
}

uint32_t ManagerObject::count(const char* state) const {
    return read_out([&]() -> uint32_t {
        const auto counts = deps_.controller.counts();
        const auto found = counts.find(state);
        return found == counts.end() ? 0 : found->second;
    });
}

std::vector<sdbus::Struct<sdbus::ObjectPath, std::string>> ManagerObject::StuckDevices() {
    return read_out([&] {
        std::vector<sdbus::Struct<Path, std::string>> out;
        const Disclosure disclosure = deps_.inspection.for_reader();
        for (const StuckDevice& stuck : deps_.controller.stuck())
            out.emplace_back(Path(deps_.paths.path_or_root(stuck.device)),
                             bus_text(redact(stuck.why, disclosure)));
        return out;
    });
}

void ManagerObject::changed(const std::vector<const char*>& properties) {
    emit_properties_changed(bus_, kManagerPath, INTERFACE_NAME, properties);
}

void ManagerObject::counts_changed() {
    changed({"Unmanaged", "Bound", "Pending", "Refused", "Conflict", "Failed", "Stuck",
             "StuckDevices"});
}

void ManagerObject::policies_reloaded(const std::vector<policy::Diagnostic>& diagnostics) {
    const std::string& now = deps_.controller.view().policies.generation;
    if (now != policy_digest_)
        ++generation_;
    policy_digest_ = now;
    policy_error_.clear();
    for (const policy::Diagnostic& diagnostic : diagnostics)
        if (diagnostic.severity == policy::DiagnosticSeverity::kError)
            policy_error_ = policy::render(diagnostics);
    changed({"PolicyGeneration", "PolicyError"});
}

void ManagerObject::ready() {
    ready_ = true;
    changed({"Ready"});
}

void ManagerObject::transaction_finished(const Job& job, const policy::Transaction& transaction) {
    const char* result = transaction.result ? policy::step_result_name(*transaction.result) : "";
    const std::string path = job.request.kind == JobKind::kReconcile ? "/" : job_path(job.id);
    const std::string report =
        binding::dump(binding::transaction_json(redact(transaction, Disclosure::kCodes)));
    (void)sd_bus_emit_signal(bus_, kManagerPath, INTERFACE_NAME, "TransactionFinished", "osss",
                             path.c_str(), bus_text(transaction.key()).c_str(), result,
                             report.c_str());
}

}  // namespace bindd
