// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <cstring>
#include <string_view>

#include "binding/codec/codec.hpp"
#include "vfioctl/client/daemon_client.hpp"

/// A change through the daemon: asked for, watched, and what came of it as the values that a change
/// of our own would have left.
namespace vfioctl {
namespace {

constexpr const char* kJob = "org.bindd1.Job";

tl::unexpected<Failure> unknown_reply() {
    return fail(ExitCode::kFailed, "bindd", "its answer is not one that this version knows",
                "restart the daemon after an upgrade; --direct does without it");
}

/// State and progress of a job, out of its PropertiesChanged or GetAll.
struct RemoteJobState {
    bool ended = false;
    binding::Progress progress;
};

void read_job_properties(ClientMessageReader& reader, RemoteJobState& job_state) {
    if (!reader.enter('a', "{sv}"))
        return;
    while (reader.enter('e', "sv")) {
        const std::string key = reader.text().value_or("");
        if (key == "State") {
            job_state.ended = reader.variant() == "ended";
        } else if (key == "Progress" && reader.enter('v', "(uus)") && reader.enter('r', "uus")) {
            job_state.progress.transactions_done = reader.number('u').value_or(0);
            job_state.progress.transactions_total = reader.number('u').value_or(0);
            job_state.progress.step = reader.text().value_or("");
            reader.leave();
            reader.leave();
        } else {
            reader.skip("v");
        }
        reader.leave();
    }
    reader.leave();
}

}  // namespace

CliResult<std::string> DaemonClient::start_job(const ChangeRequest& request) {
    auto message = new_call("/org/bindd1", "org.bindd1.Manager", request.method);
    if (!message)
        return propagate(message);
    ClientMessageWriter writer(message->get());
    if (!request.paths.empty())
        writer.paths(request.paths);
    if (std::string_view(request.method) == "Rollback")
        writer.text(request.transaction);
    if (!writer.options(request.options).good())
        return unknown_reply();
    const auto reply = call(message->get());
    if (!reply)
        return propagate(reply);
    return ClientMessageReader(reply->get()).text('o').value_or("/");
}

CliResult<void> DaemonClient::wait_for_job(
    const std::string& job, const std::function<void(const binding::Progress&)>& progress) {
    const std::string match =
        "type='signal',sender='org.bindd1',interface='org.freedesktop.DBus.Properties',path='" +
        job + "'";
    if (const int r = sd_bus_add_match(bus_, nullptr, match.c_str(), nullptr, nullptr); r < 0)
        return fail(ExitCode::kFailed, "bus", std::strerror(-r));
    // It may have ended before we began to listen.
    auto asked = new_call(job, "org.freedesktop.DBus.Properties", "GetAll");
    if (!asked)
        return propagate(asked);
    if (!ClientMessageWriter(asked->get()).text(kJob).good())
        return unknown_reply();
    const auto reply = call(asked->get());
    if (!reply)
        return propagate(reply);
    RemoteJobState job_state;
    ClientMessageReader first(reply->get());
    read_job_properties(first, job_state);
    while (!job_state.ended) {
        sd_bus_message* raw = nullptr;
        const int r = sd_bus_process(bus_, &raw);
        const ClientMessage message(raw);
        if (r < 0)
            return fail(ExitCode::kFailed, "bindd",
                        "the connection to it was lost: " + std::string(std::strerror(-r)),
                        "`vfioctl history` tells what became of it");
        if (raw != nullptr &&
            sd_bus_message_is_signal(raw, "org.freedesktop.DBus.Properties", "PropertiesChanged") >
                0 &&
            job == sd_bus_message_get_path(raw)) {
            ClientMessageReader reader(raw);
            reader.skip("s");
            read_job_properties(reader, job_state);
            progress(job_state.progress);
        }
        if (r == 0)
            if (auto waited = wait_for_message(); !waited)
                return waited;
    }
    return {};
}

CliResult<DaemonClient::ChangeResult> DaemonClient::fetch_result(const std::string& job) {
    auto asked = new_call(job, kJob, "Lines");
    if (!asked)
        return propagate(asked);
    const auto reply = call(asked->get());
    if (!reply)
        return propagate(reply);
    ChangeResult done;
    for (const std::string& line : ClientMessageReader(reply->get()).texts()) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        const std::string json = line.substr(std::min(blank + 1, line.size()));
        if (line.substr(0, blank) == "error") {
            const auto error = binding::decode<base::Error>(json);
            return error ? CliResult<ChangeResult>(fail(*error))
                         : CliResult<ChangeResult>(unknown_reply());
        }
        if (line.substr(0, blank) == "warning") {
            done.warnings.push_back(json);
            continue;
        }
        auto transaction = binding::decode<policy::Transaction>(json);
        if (!transaction)
            return unknown_reply();
        done.plan.transactions.push_back(std::move(*transaction));
    }
    return done;
}

CliResult<DaemonClient::ChangeResult> DaemonClient::run_job(
    const ChangeRequest& request, const std::function<void(const binding::Progress&)>& progress) {
    const auto job = start_job(request);
    if (!job)
        return propagate(job);
    if (auto waited = wait_for_job(*job, progress); !waited)
        return propagate(waited);
    return fetch_result(*job);
}

}  // namespace vfioctl
