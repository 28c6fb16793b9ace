// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "binding/codec/host_snapshot.hpp"
#include "binding/transaction/apply.hpp"
#include "policy/plan/plan.hpp"
#include "vfioctl/client/client_message.hpp"
#include "vfioctl/context/failure.hpp"

namespace vfioctl {

/// The daemon, as seen through the bus. Every failure of it is one of the command.
class DaemonClient {
  public:
    /// Where to look for it: a bus of its own by BINDD_BUS_ADDRESS, else the system bus (which may
    /// be another by DBUS_SYSTEM_BUS_ADDRESS). Null when none is there; not started for the sake of
    /// asking.
    [[nodiscard]] static std::unique_ptr<DaemonClient> find(const std::string& run_directory);
    DaemonClient(const DaemonClient&) = delete;
    DaemonClient& operator=(const DaemonClient&) = delete;
    ~DaemonClient();

    /// What it sees; with who uses `devices`, looked up now.
    [[nodiscard]] CliResult<binding::HostSnapshot> fetch_snapshot(
        const std::vector<std::string>& usage_of);

    /// A change to be made, and what came of it.
    struct ChangeRequest {
        const char* method;                ///< of the Manager: Apply, Bind, Release, Rollback
        std::vector<std::string> paths{};  ///< of Bind and Release
        std::string transaction{};         ///< of Rollback
        CallOptions options{};
    };
    struct ChangeResult {
        policy::Plan plan;
        std::vector<std::string> warnings;
    };
    [[nodiscard]] CliResult<ChangeResult> run_job(
        const ChangeRequest& request,
        const std::function<void(const binding::Progress&)>& progress);

    [[nodiscard]] CliResult<void> reload();
    [[nodiscard]] CliResult<std::vector<binding::HistoryEntry>> history();

    using BusProperties = std::vector<std::pair<std::string, std::string>>;
    [[nodiscard]] CliResult<BusProperties> properties(const std::string& path,
                                                      const char* interface);
    /// Every signal of it from now on, until `told` says to stop.
    enum class AfterSignal { kContinue, kStop };
    [[nodiscard]] CliResult<void> listen(
        const std::function<AfterSignal(sd_bus_message*)>& on_signal);

  private:
    explicit DaemonClient(sd_bus* bus) : bus_(bus) {}
    [[nodiscard]] CliResult<ClientMessage> new_call(const std::string& path, const char* interface,
                                                    const char* member);
    [[nodiscard]] CliResult<ClientMessage> call(sd_bus_message* message);
    [[nodiscard]] CliResult<std::string> start_job(const ChangeRequest& request);
    [[nodiscard]] CliResult<void> wait_for_job(
        const std::string& job, const std::function<void(const binding::Progress&)>& progress);
    [[nodiscard]] CliResult<ChangeResult> fetch_result(const std::string& job);
    [[nodiscard]] CliResult<void> wait_for_message();

    sd_bus* bus_;
};

}  // namespace vfioctl
