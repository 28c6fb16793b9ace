// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/daemon_client.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <utility>

/// Finding the daemon, and calls. Jobs are in daemon_job.cpp.
namespace vfioctl {
namespace {

constexpr const char* kBusName = "org.bindd1";
constexpr const char* kPath = "/org/bindd1";
constexpr const char* kManager = "org.bindd1.Manager";
/// An agent may have to ask somebody for a password.
constexpr std::uint64_t kCallTimeout = std::uint64_t{300} * 1'000'000;

tl::unexpected<Failure> bus_failure(int r, const char* what) {
    return fail(ExitCode::kFailed, "bus", std::string(what) + ": " + std::strerror(-r),
                "--direct does without the daemon");
}

ExitCode to_exit_code(const std::string& error) {
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

/// An error reply; its text is the whole sentence.
tl::unexpected<Failure> daemon_failure(const sd_bus_error& error, int r) {
    const std::string name = error.name == nullptr ? "" : error.name;
    const std::string text = error.message == nullptr ? std::strerror(-r) : error.message;
    const bool denied = name == "org.bindd1.Error.NotAuthorized";
    return fail(to_exit_code(name), name.starts_with("org.bindd1.Error.") ? "" : "bindd", text,
                denied ? "polkit decides who may; with `sudo` one always may" : "");
}

sd_bus* connect(const std::string& address) {
    sd_bus* bus = nullptr;
    if (address.empty())
        return sd_bus_open_system(&bus) < 0 ? nullptr : bus;
    if (sd_bus_new(&bus) < 0)
        return nullptr;
    if (sd_bus_set_address(bus, address.c_str()) >= 0 && sd_bus_set_bus_client(bus, 1) >= 0 &&
        sd_bus_start(bus) >= 0)
        return bus;
    sd_bus_flush_close_unref(bus);
    return nullptr;
}

bool has_owner(sd_bus* bus) {
    sd_bus_message* raw = nullptr;
    if (sd_bus_message_new_method_call(bus, &raw, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "NameHasOwner") < 0)
        return false;
    const ClientMessage call(raw);
    sd_bus_message* reply = nullptr;
    if (!ClientMessageWriter(raw).text(kBusName).good() ||
        sd_bus_call(bus, raw, 0, nullptr, &reply) < 0)
        return false;
    const ClientMessage owned(reply);
    return ClientMessageReader(reply).number('b').value_or(0) != 0;
}

CliResult<std::string> file_text(int fd) {
    std::string text;
    char buffer[65536];
    for (off_t at = 0;;) {
        const ssize_t got = ::pread(fd, buffer, sizeof buffer, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return bus_failure(-errno, "the daemon's picture of the host");
        if (got == 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(got));
        at += got;
    }
}

}  // namespace

std::unique_ptr<DaemonClient> DaemonClient::find(const std::string& run_directory) {
    const char* own = std::getenv("BINDD_BUS_ADDRESS");
    const bool elsewhere = own != nullptr || std::getenv("DBUS_SYSTEM_BUS_ADDRESS") != nullptr;
    // The daemon's mark: without it there is none, and a `list` need not open libsystemd to find
    // that out.
    if ((!elsewhere && ::access((run_directory + "/on-bus").c_str(), F_OK) != 0) ||
        !has_libsystemd())
        return nullptr;
    sd_bus* bus = connect(own == nullptr ? "" : own);
    if (bus == nullptr)
        return nullptr;
    std::unique_ptr<DaemonClient> daemon(new DaemonClient(bus));
    return has_owner(bus) ? std::move(daemon) : nullptr;
}

DaemonClient::~DaemonClient() {
    sd_bus_flush_close_unref(bus_);
}

CliResult<ClientMessage> DaemonClient::new_call(const std::string& path, const char* interface,
                                                const char* member) {
    sd_bus_message* message = nullptr;
    if (const int r = sd_bus_message_new_method_call(bus_, &message, kBusName, path.c_str(),
                                                     interface, member);
        r < 0)
        return bus_failure(r, member);
    ClientMessage owned(message);
    (void)sd_bus_message_set_auto_start(message, 0);
    (void)sd_bus_message_set_allow_interactive_authorization(message, ::isatty(STDIN_FILENO));
    return owned;
}

CliResult<ClientMessage> DaemonClient::call(sd_bus_message* message) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* reply = nullptr;
    const int r = sd_bus_call(bus_, message, kCallTimeout, &error, &reply);
    if (r >= 0)
        return ClientMessage(reply);
    auto failure = daemon_failure(error, r);
    sd_bus_error_free(&error);
    return failure;
}

CliResult<binding::HostSnapshot> DaemonClient::fetch_snapshot(
    const std::vector<std::string>& usage_of) {
    auto message = new_call(kPath, kManager, "Snapshot");
    if (!message)
        return propagate(message);
    CallOptions options;
    if (!usage_of.empty())
        options.emplace_back("usage", usage_of);
    if (!ClientMessageWriter(message->get()).options(options).good())
        return bus_failure(-ENOMEM, "Snapshot");
    const auto reply = call(message->get());
    if (!reply)
        return propagate(reply);
    const auto fd = ClientMessageReader(reply->get()).number('h');
    if (!fd)
        return bus_failure(-EBADMSG, "Snapshot");
    const auto text = file_text(static_cast<int>(*fd));
    if (!text)
        return propagate(text);
    auto snapshot = binding::parse_snapshot(*text);
    if (!snapshot)
        return fail(snapshot.error());
    return *std::move(snapshot);
}

CliResult<void> DaemonClient::reload() {
    auto message = new_call(kPath, kManager, "Reload");
    if (!message)
        return propagate(message);
    const auto reply = call(message->get());
    return reply ? CliResult<void>() : propagate(reply);
}

CliResult<std::vector<binding::HistoryEntry>> DaemonClient::history() {
    auto message = new_call(kPath, kManager, "History");
    if (!message)
        return propagate(message);
    const auto reply = call(message->get());
    if (!reply)
        return propagate(reply);
    auto history = binding::parse_history(ClientMessageReader(reply->get()).text().value_or(""));
    if (!history)
        return fail(history.error());
    return *std::move(history);
}

CliResult<DaemonClient::BusProperties> DaemonClient::properties(const std::string& path,
                                                                const char* interface) {
    auto message = new_call(path, "org.freedesktop.DBus.Properties", "GetAll");
    if (!message)
        return propagate(message);
    if (!ClientMessageWriter(message->get()).text(interface).good())
        return bus_failure(-ENOMEM, "GetAll");
    const auto reply = call(message->get());
    if (!reply)
        return propagate(reply);
    return ClientMessageReader(reply->get()).properties();
}

CliResult<void> DaemonClient::wait_for_message() {
    const int r = sd_bus_wait(bus_, std::numeric_limits<std::uint64_t>::max());
    if (r < 0 && r != -EINTR)
        return bus_failure(r, "wait");
    return {};
}

CliResult<void> DaemonClient::listen(const std::function<AfterSignal(sd_bus_message*)>& on_signal) {
    if (const int r =
            sd_bus_add_match(bus_, nullptr, "type='signal',sender='org.bindd1'", nullptr, nullptr);
        r < 0)
        return bus_failure(r, "listen");
    for (;;) {
        sd_bus_message* raw = nullptr;
        const int r = sd_bus_process(bus_, &raw);
        const ClientMessage message(raw);
        if (r < 0)
            return bus_failure(r, "listen");
        if (raw != nullptr && on_signal(raw) == AfterSignal::kStop)
            return {};
        if (r == 0)
            if (auto waited = wait_for_message(); !waited)
                return waited;
    }
}

}  // namespace vfioctl
