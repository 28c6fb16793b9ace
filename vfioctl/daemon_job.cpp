// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <cstring>
#include <string_view>

#include "binding/wire.hpp"
#include "vfioctl/daemon.hpp"

/// A change through the daemon: asked for, watched, and what came of it as the values that a change of our own would
/// have left.
namespace vfioctl {
namespace {

constexpr const char* kJob = "org.bindd1.Job";

tl::unexpected<Failure> not_understood() {
    return fail(ExitCode::kFailed, "bindd", "its answer is not one that this version knows",
                "restart the daemon after an upgrade; --direct does without it");
}

/// State and progress of a job, out of its PropertiesChanged or GetAll.
struct Standing {
    bool ended = false;
    binding::Progress progress;
};

void take(Reader& reader, Standing& standing) {
    if (!reader.enter('a', "{sv}"))
        return;
    while (reader.enter('e', "sv")) {
        const std::string key = reader.text().value_or("");
        if (key == "State") {
            standing.ended = reader.variant() == "ended";
        } else if (key == "Progress" && reader.enter('v', "(uus)") && reader.enter('r', "uus")) {
            standing.progress.transactions_done = reader.number('u').value_or(0);
            standing.progress.transactions_total = reader.number('u').value_or(0);
            standing.progress.doing = reader.text().value_or("");
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

Outcome<std::string> Daemon::begin(const Wish& wish) {
    auto message = new_call("/org/bindd1", "org.bindd1.Manager", wish.method);
    if (!message)
        return propagate(message);
    Writer writer(message->get());
    if (!wish.paths.empty())
        writer.paths(wish.paths);
    if (std::string_view(wish.method) == "Rollback")
        writer.text(wish.transaction);
    if (!writer.options(wish.options).good())
        return not_understood();
    const auto reply = call(message->get());
    if (!reply)
        return propagate(reply);
    return Reader(reply->get()).text('o').value_or("/");
}

Outcome<void> Daemon::wait_for(const std::string& job,
                               const std::function<void(const binding::Progress&)>& progress) {
    const std::string match = "type='signal',sender='org.bindd1',interface='org.freedesktop.DBus.Properties',path='" +
                              job + "'";
    if (const int r = sd_bus_add_match(bus_, nullptr, match.c_str(), nullptr, nullptr); r < 0)
        return fail(ExitCode::kFailed, "bus", std::strerror(-r));
    // It may have ended before we began to listen.
    auto asked = new_call(job, "org.freedesktop.DBus.Properties", "GetAll");
    if (!asked)
        return propagate(asked);
    if (!Writer(asked->get()).text(kJob).good())
        return not_understood();
    const auto reply = call(asked->get());
    if (!reply)
        return propagate(reply);
    Standing standing;
    Reader first(reply->get());
    take(first, standing);
    while (!standing.ended) {
        sd_bus_message* raw = nullptr;
        const int r = sd_bus_process(bus_, &raw);
        const Message message(raw);
        if (r < 0)
            return fail(ExitCode::kFailed, "bindd", "the connection to it was lost: " + std::string(std::strerror(-r)),
                        "`vfioctl history` tells what became of it");
        if (raw != nullptr && sd_bus_message_is_signal(raw, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0 &&
            job == sd_bus_message_get_path(raw)) {
            Reader reader(raw);
            reader.skip("s");
            take(reader, standing);
            progress(standing.progress);
        }
        if (r == 0)
            if (auto waited = next(); !waited)
                return waited;
    }
    return {};
}

Outcome<Daemon::Done> Daemon::outcome_of(const std::string& job) {
    auto asked = new_call(job, kJob, "Lines");
    if (!asked)
        return propagate(asked);
    const auto reply = call(asked->get());
    if (!reply)
        return propagate(reply);
    Done done;
    for (const std::string& line : Reader(reply->get()).texts()) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        const std::string json = line.substr(std::min(blank + 1, line.size()));
        if (line.substr(0, blank) == "error") {
            const auto error = binding::of_wire<sysfs::Error>(json);
            return error ? Outcome<Done>(fail(*error)) : Outcome<Done>(not_understood());
        }
        if (line.substr(0, blank) == "warning") {
            done.warnings.push_back(json);
            continue;
        }
        auto transaction = binding::of_wire<policy::Transaction>(json);
        if (!transaction)
            return not_understood();
        done.plan.transactions.push_back(std::move(*transaction));
    }
    return done;
}

Outcome<Daemon::Done> Daemon::carry_out(const Wish& wish,
                                        const std::function<void(const binding::Progress&)>& progress) {
    const auto job = begin(wish);
    if (!job)
        return propagate(job);
    if (auto waited = wait_for(*job, progress); !waited)
        return propagate(waited);
    return outcome_of(*job);
}

}  // namespace vfioctl
