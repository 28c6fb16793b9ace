// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "binding/transaction/apply.hpp"

/// The daemon's D-Bus interface as vfioctl uses it, in values of the standard library: no type of
/// sdbus-c++ and no exception leaves its implementation, which is a module of its own.
namespace vfioctl {

using CallOptionValue = std::variant<bool, double, std::string, std::vector<std::string>>;
using CallOptions = std::map<std::string, CallOptionValue>;

/// Properties by name. A value as text: a string itself, digits, "true"; a{sv} as "key=value ...",
/// and each of its values as "Name.key" beside it; any other type is empty.
using BusProperties = std::map<std::string, std::string>;

/// The signals of the daemon.
struct PropertiesChanged {
    std::string path;
    std::string interface;
    BusProperties properties;
};
struct InterfacesAdded {
    std::string path;
    std::map<std::string, BusProperties> interfaces;
};
struct InterfacesRemoved {
    std::string path;
};
struct TransactionFinishedSignal {
    std::string group;
    std::string result;
};
/// Of the bus: the daemon has come or gone.
struct DaemonPresence {
    bool is_there = false;
};
using BusSignal = std::variant<PropertiesChanged, InterfacesAdded, InterfacesRemoved,
                               TransactionFinishedSignal, DaemonPresence>;
enum class AfterSignal { kContinue, kStop };

/// A call that changes the host. The daemon runs it as a job.
struct ChangeRequest {
    const char* method;  ///< of the Manager: Apply, Bind, Release, Rollback; or of `object`
    std::vector<std::string> paths{};  ///< of Bind and Release
    std::string transaction{};         ///< of Rollback
    std::string object{};              ///< the device of SetVfs and CreateMdev, the mdev of Remove
    std::uint32_t vfs = 0;             ///< of SetVfs
    std::string mdev_type{};           ///< of CreateMdev
    CallOptions options{};
};

inline constexpr const char* kDaemonLost = "org.bindd1.Error.Lost";

/// An error reply, or a failure of the bus itself.
struct DaemonBusError {
    std::string name;  ///< "org.bindd1.Error.Refused"
    std::string text;
};
template <typename T>
using DaemonBusResult = tl::expected<T, DaemonBusError>;

/// One connection to the bus. No call starts a daemon that does not run.
class DaemonBus {
  public:
    virtual ~DaemonBus() = default;
    [[nodiscard]] virtual bool has_daemon() = 0;
    /// The file of Manager.Snapshot.
    [[nodiscard]] virtual DaemonBusResult<base::UniqueFd> snapshot(const CallOptions& options) = 0;
    [[nodiscard]] virtual DaemonBusResult<void> reload() = 0;
    /// JSON.
    [[nodiscard]] virtual DaemonBusResult<std::string> history() = 0;
    [[nodiscard]] virtual DaemonBusResult<BusProperties> properties(
        const std::string& path, const std::string& interface) = 0;
    /// The path of the job. Its calls, and those of the two below, end with the error kDaemonLost
    /// when the daemon leaves the bus or is another one meanwhile.
    [[nodiscard]] virtual DaemonBusResult<std::string> start_job(const ChangeRequest& request) = 0;
    [[nodiscard]] virtual DaemonBusResult<void> wait_for_job(
        const std::string& job, const std::function<void(const binding::Progress&)>& progress) = 0;
    [[nodiscard]] virtual DaemonBusResult<std::vector<std::string>> job_lines(
        const std::string& job) = 0;
    /// Every signal of the daemon from now on, whichever process it is, until `on_signal` stops it.
    /// The first is a DaemonPresence: what is asked for after it is missed by no signal.
    [[nodiscard]] virtual DaemonBusResult<void> listen(
        const std::function<AfterSignal(const BusSignal&)>& on_signal) = 0;
};

/// `address` empty: the system bus. Null when there is no bus; an error when the module or a
/// library of it is not installed.
[[nodiscard]] base::Result<std::unique_ptr<DaemonBus>> connect_daemon_bus(
    const std::string& address);

}  // namespace vfioctl
