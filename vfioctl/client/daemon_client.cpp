// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/daemon_client.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "binding/codec/codec.hpp"
#include "binding/report/history_report.hpp"

namespace vfioctl {
namespace {

constexpr std::string_view kErrorPrefix = "org.bindd1.Error.";

ExitCode bus_exit_code(const std::string& error) {
    if (error == "org.bindd1.Error.NoSuchDevice")
        return ExitCode::kNoDevice;
    if (error == "org.bindd1.Error.Refused" || error == "org.bindd1.Error.Conflict")
        return ExitCode::kRefused;
    if (error == "org.bindd1.Error.Stuck")
        return ExitCode::kTimedOut;
    if (error == "org.bindd1.Error.OptionNotPermitted")
        return ExitCode::kUsage;
    return ExitCode::kFailed;
}

/// A rollback would undo another transaction; what had been created or removed would be refused.
bool may_repeat(std::string_view method) {
    return method != "Rollback" && method != "CreateMdev" && method != "Remove";
}

/// The text of an error of the daemon is a whole sentence.
tl::unexpected<Failure> daemon_failure(const DaemonBusError& error, std::string hint = {}) {
    if (error.name == "org.bindd1.Error.NotAuthorized")
        hint = "polkit authorises this; root is always allowed";
    return fail(bus_exit_code(error.name), error.name.starts_with(kErrorPrefix) ? "" : "bindd",
                error.text, std::move(hint));
}

template <typename T>
CliResult<T> to_result(DaemonBusResult<T> result) {
    if (!result)
        return daemon_failure(result.error());
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return *std::move(result);
}

tl::unexpected<Failure> unknown_reply() {
    return fail(ExitCode::kFailed, "bindd", "unknown reply from the daemon",
                "restart the daemon after an upgrade, or use --direct to bypass it");
}

/// The whole file, wherever its offset is.
CliResult<std::string> file_text(int fd) {
    std::string text;
    char buffer[65536];
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(fd, buffer, sizeof buffer, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(
                base::fail_errno(errno, "read", "the daemon's snapshot of the host").value());
        if (got == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(got));
        at += got;
    }
}

/// The lines of a job: "error JSON", "warning TEXT", or a word and a transaction as JSON.
CliResult<DaemonClient::ChangeResult> parse_lines(const std::vector<std::string>& lines) {
    DaemonClient::ChangeResult done;
    for (const std::string& line : lines) {
        const std::size_t blank = std::min(line.find(' '), line.size());
        const std::string word = line.substr(0, blank);
        const std::string rest = line.substr(std::min(blank + 1, line.size()));
        if (word == "error") {
            const auto error = binding::decode_error(rest);
            return error ? fail(*error) : unknown_reply();
        }
        if (word == "warning") {
            done.warnings.push_back(rest);
            continue;
        }
        auto transaction = binding::decode_transaction(rest);
        if (!transaction)
            return unknown_reply();
        done.plan.transactions.push_back(std::move(*transaction));
    }
    return done;
}

}  // namespace

CliResult<std::unique_ptr<DaemonClient>> DaemonClient::find(const std::string& run_directory) {
    const char* own = std::getenv("BINDD_BUS_ADDRESS");
    // The daemon creates this file once it is on the bus: a `list` without a daemon opens no bus.
    const bool expected =
        own != nullptr || ::access((run_directory + "/on-bus").c_str(), F_OK) == 0;
    if (!expected && std::getenv("DBUS_SYSTEM_BUS_ADDRESS") == nullptr)
        return nullptr;
    auto bus = connect_daemon_bus(own == nullptr ? "" : own);
    if (!bus && expected)
        return fail(ExitCode::kFailed, "bindd", "it is running, but " + bus.error().text(),
                    "reinstall vfioctl; --direct bypasses the daemon");
    if (!bus || *bus == nullptr || !(*bus)->has_daemon())
        return nullptr;
    return std::make_unique<DaemonClient>(*std::move(bus));
}

CliResult<binding::HostSnapshot> DaemonClient::fetch_snapshot(
    const std::vector<std::string>& usage_of) {
    CallOptions options;
    if (!usage_of.empty())
        options.emplace("usage", usage_of);
    const base::UniqueFd file = TRY(to_result(bus_->snapshot(options)));
    return to_cli(binding::parse_snapshot(TRY(file_text(file.get()))));
}

CliResult<void> DaemonClient::reload() {
    return to_result(bus_->reload());
}

CliResult<std::vector<binding::HistoryEntry>> DaemonClient::history() {
    return to_cli(binding::parse_history(TRY(to_result(bus_->history()))));
}

CliResult<BusProperties> DaemonClient::properties(const std::string& path,
                                                  const std::string& interface) {
    return to_result(bus_->properties(path, interface));
}

CliResult<DaemonClient::ChangeResult> DaemonClient::run_job(
    const ChangeRequest& request, const std::function<void(const binding::Progress&)>& progress) {
    const auto is_lost = [](const auto& result) {
        return !result && result.error().name == kDaemonLost;
    };
    auto lines = follow_job(request, progress);
    if (!is_lost(lines))
        return parse_lines(TRY(to_result(std::move(lines))));
    const bool back = comes_back();
    const bool again = back && may_repeat(request.method);
    if (again)
        lines = follow_job(request, progress);
    if (is_lost(lines))
        return fail(ExitCode::kFailed, "bindd",
                    std::string("the daemon ended during the request") +
                        (again  ? ", came back, and ended again"
                         : back ? " and has come back; what was unfinished is undone"
                                : " and has not come back; when it starts, it undoes what was "
                                  "unfinished"),
                    back ? "`vfioctl history` shows what was done"
                         : "`vfioctl --direct list` shows the devices; `systemctl status bindd`");
    auto result = parse_lines(TRY(to_result(std::move(lines))));
    if (result)
        result->warnings.push_back(
            "the daemon ended during the request and came back; it was asked again");
    return result;
}

DaemonBusResult<std::vector<std::string>> DaemonClient::follow_job(
    const ChangeRequest& request, const std::function<void(const binding::Progress&)>& progress) {
    const auto job = bus_->start_job(request);
    if (!job)
        return tl::unexpected(job.error());
    if (const auto waited = bus_->wait_for_job(*job, progress); !waited)
        return tl::unexpected(waited.error());
    return bus_->job_lines(*job);
}

/// It answers once it is ready: its start undoes what was unfinished.
bool DaemonClient::comes_back() {
    constexpr std::chrono::milliseconds kPause{100};
    const auto end = std::chrono::steady_clock::now() + patience;
    do {
        if (bus_->has_daemon()) {
            const auto manager = bus_->properties("/org/bindd1", "org.bindd1.Manager");
            if (manager && manager->contains("Ready") && manager->at("Ready") == "true")
                return true;
        }
        std::this_thread::sleep_for(kPause);
    } while (std::chrono::steady_clock::now() < end);
    return false;
}

CliResult<void> DaemonClient::listen(
    const std::function<AfterSignal(const BusSignal&)>& on_signal) {
    return to_result(bus_->listen(on_signal));
}

}  // namespace vfioctl
