// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/sdbus_daemon_bus.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <exception>
#include <string_view>
#include <type_traits>
#include <utility>

#include "vfioctl/client/bus_values.hpp"

namespace vfioctl {
namespace {

constexpr const char* kBusName = "org.bindd1";
constexpr const char* kPath = "/org/bindd1";
constexpr const char* kManager = "org.bindd1.Manager";
constexpr const char* kDevice = "org.bindd1.Device";
constexpr const char* kMdev = "org.bindd1.MediatedDevice";
constexpr const char* kJob = "org.bindd1.Job";
constexpr const char* kProperties = "org.freedesktop.DBus.Properties";
constexpr const char* kSignals = "type='signal',sender='org.bindd1'";
constexpr const char* kOwnerChanges =
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
    "member='NameOwnerChanged',arg0='org.bindd1'";
/// An authentication agent may have to wait for a password.
constexpr std::uint64_t kCallTimeout = std::uint64_t{300} * 1'000'000;

template <typename Function>
auto catch_errors(const Function& function) -> DaemonBusResult<decltype(function())> {
    try {
        if constexpr (std::is_void_v<decltype(function())>)
            function();
        else
            return function();
    } catch (const sdbus::Error& error) {
        return tl::unexpected(DaemonBusError{error.getName(), error.getMessage()});
    } catch (const std::exception& problem) {
        return tl::unexpected(DaemonBusError{{}, problem.what()});
    }
    if constexpr (std::is_void_v<decltype(function())>)
        return {};
}

/// Errors of a call of an object that the daemon does not have. It has all of a job.
DaemonBusResult<std::string> name_absence(DaemonBusResult<std::string> result) {
    if (!result && result.error().name == "org.freedesktop.DBus.Error.UnknownObject")
        return tl::unexpected(
            DaemonBusError{"org.bindd1.Error.NoSuchDevice", "the daemon sees no such device"});
    return result;
}

/// Errors of a call to a daemon that has gone, or has come back without the object.
template <typename T>
DaemonBusResult<T> name_loss(DaemonBusResult<T> result) {
    constexpr const char* kLosses[] = {"NoReply",       "ServiceUnknown", "NameHasNoOwner",
                                       "UnknownObject", "UnknownMethod",  "UnknownInterface"};
    if (!result)
        for (const char* loss : kLosses)
            if (result.error().name == std::string("org.freedesktop.DBus.Error.") + loss)
                return tl::unexpected(DaemonBusError{kDaemonLost, result.error().text});
    return result;
}

template <typename T>
T read_reply(sdbus::MethodReply reply) {
    T value;
    reply >> value;
    return value;
}

/// State and progress of a job, from its PropertiesChanged or GetAll.
struct RemoteJobState {
    bool ended = false;
    binding::Progress progress;
    bool changed = false;  ///< since this was cleared

    void update(const BusVariants& properties) {
        if (const auto found = properties.find("State"); found != properties.end())
            ended = found->second.get<std::string>() == "ended";
        if (const auto found = properties.find("Progress"); found != properties.end()) {
            using Reported = sdbus::Struct<std::uint32_t, std::uint32_t, std::string>;
            const auto reported = found->second.get<Reported>();
            progress = {std::get<0>(reported), std::get<1>(reported), std::get<2>(reported)};
        }
        changed = true;
    }
};

/// Skips a message that does not match the interface: no exception may reach sd-bus.
template <typename Read>
auto skip_malformed(Read read_message) {
    return [read_message](sdbus::Message& message) {
        try {
            read_message(message);
        } catch (const std::exception&) {
        }
    };
}

}  // namespace

template <typename... Arguments>
sdbus::MethodReply SdbusDaemonBus::call(const std::string& path, const char* interface,
                                        const char* member, const Arguments&... arguments) {
    const auto proxy =
        sdbus::createProxy(*connection_, dbus::ServiceName(kBusName), dbus::ObjectPath(path));
    auto message =
        proxy->createMethodCall(dbus::InterfaceName(interface), dbus::MemberName(member));
    sd_bus_message* const raw = dbus::raw_message(message);
    (void)sd_bus_message_set_auto_start(raw, 0);
    (void)sd_bus_message_set_allow_interactive_authorization(raw, ::isatty(STDIN_FILENO));
    static_cast<void>((message << ... << arguments));
    return proxy->callMethod(message, kCallTimeout);
}

bool SdbusDaemonBus::has_daemon() {
    const auto owned = catch_errors([&] {
        const auto proxy =
            sdbus::createProxy(*connection_, dbus::ServiceName("org.freedesktop.DBus"),
                               dbus::ObjectPath("/org/freedesktop/DBus"));
        auto message = proxy->createMethodCall(dbus::InterfaceName("org.freedesktop.DBus"),
                                               dbus::MemberName("NameHasOwner"));
        message << std::string(kBusName);
        return read_reply<bool>(proxy->callMethod(message, kCallTimeout));
    });
    return owned && *owned;
}

DaemonBusResult<base::UniqueFd> SdbusDaemonBus::snapshot(const CallOptions& options) {
    return catch_errors([&] {
        auto file =
            read_reply<sdbus::UnixFd>(call(kPath, kManager, "Snapshot", to_variants(options)));
        return base::UniqueFd(file.release());
    });
}

DaemonBusResult<void> SdbusDaemonBus::reload() {
    return catch_errors([&] { call(kPath, kManager, "Reload"); });
}

DaemonBusResult<std::string> SdbusDaemonBus::history() {
    return catch_errors([&] { return read_reply<std::string>(call(kPath, kManager, "History")); });
}

DaemonBusResult<BusProperties> SdbusDaemonBus::properties(const std::string& path,
                                                          const std::string& interface) {
    return catch_errors([&] {
        return to_properties(read_reply<BusVariants>(call(path, kProperties, "GetAll", interface)));
    });
}

DaemonBusResult<std::string> SdbusDaemonBus::start_job(const ChangeRequest& request) {
    if (!request.object.empty())
        return name_loss(name_absence(catch_errors([&] { return start_job_of_object(request); })));
    return name_loss(catch_errors([&]() -> std::string {
        const BusVariants options = to_variants(request.options);
        if (std::string_view(request.method) == "Rollback")
            return read_reply<sdbus::ObjectPath>(
                call(kPath, kManager, request.method, request.transaction, options));
        if (request.paths.empty())
            return read_reply<sdbus::ObjectPath>(call(kPath, kManager, request.method, options));
        const std::vector<sdbus::ObjectPath> paths(request.paths.begin(), request.paths.end());
        return read_reply<sdbus::ObjectPath>(call(kPath, kManager, request.method, paths, options));
    }));
}

/// CreateMdev answers with the mdev as well, after the job.
std::string SdbusDaemonBus::start_job_of_object(const ChangeRequest& request) {
    const BusVariants options = to_variants(request.options);
    const std::string_view method = request.method;
    return read_reply<sdbus::ObjectPath>(
        method == "SetVfs" ? call(request.object, kDevice, request.method, request.vfs, options)
        : method == "CreateMdev"
            ? call(request.object, kDevice, request.method, request.mdev_type, options)
            : call(request.object, kMdev, request.method, options));
}

DaemonBusResult<void> SdbusDaemonBus::wait_for_job(
    const std::string& job, const std::function<void(const binding::Progress&)>& progress) {
    return name_loss(catch_errors([&] {
        RemoteJobState state;
        const auto update = skip_malformed([&](sdbus::Message& message) {
            std::string interface;
            BusVariants properties;
            message >> interface >> properties;
            state.update(properties);
        });
        const auto slot = dbus::add_match(
            *connection_,
            std::string(kSignals) + ",interface='" + kProperties + "',path='" + job + "'", update);
        bool lost = false;
        const auto leave = skip_malformed([&](sdbus::Message&) { lost = true; });
        const auto owner_slot = dbus::add_match(*connection_, kOwnerChanges, leave);
        // It may have ended before the match was added.
        state.update(read_reply<BusVariants>(call(job, kProperties, "GetAll", std::string(kJob))));
        state.changed = false;
        while (!state.ended) {
            process_or_wait();
            if (lost)
                throw dbus::make_error(kDaemonLost, "the daemon has left the bus");
            if (std::exchange(state.changed, false))
                progress(state.progress);
        }
    }));
}

DaemonBusResult<std::vector<std::string>> SdbusDaemonBus::job_lines(const std::string& job) {
    return name_loss(catch_errors(
        [&] { return read_reply<std::vector<std::string>>(call(job, kJob, "Lines")); }));
}

DaemonBusResult<void> SdbusDaemonBus::listen(
    const std::function<AfterSignal(const BusSignal&)>& on_signal) {
    return catch_errors([&] {
        std::deque<BusSignal> received;
        const auto receive = skip_malformed([&](sdbus::Message& message) {
            if (auto signal = read_signal(message))
                received.push_back(*std::move(signal));
        });
        const auto slot = dbus::add_match(*connection_, kSignals, receive);
        const auto owner_slot = dbus::add_match(*connection_, kOwnerChanges, receive);
        received.push_back(DaemonPresence{has_daemon()});
        for (;; process_or_wait())
            for (; !received.empty(); received.pop_front())
                if (on_signal(received.front()) == AfterSignal::kStop)
                    return;
    });
}

void SdbusDaemonBus::process_or_wait() {
    if (dbus::process_event(*connection_))
        return;
    const auto wanted = connection_->getEventLoopPollData();
    pollfd waiting{.fd = wanted.fd, .events = wanted.events, .revents = 0};
    if (::poll(&waiting, 1, wanted.getPollTimeout()) < 0 && errno != EINTR)
        throw dbus::make_error("org.freedesktop.DBus.Error.IOError", std::strerror(errno));
}

}  // namespace vfioctl

vfioctl::DaemonBus* vfioctl_connect_daemon_bus(const char* address) noexcept {
    try {
        return new vfioctl::SdbusDaemonBus(address);
    } catch (const std::exception&) {
        return nullptr;
    }
}
