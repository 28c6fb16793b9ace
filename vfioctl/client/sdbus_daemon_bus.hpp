// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "dbus/sdbus_compat.hpp"
#include "vfioctl/client/daemon_bus.hpp"

namespace vfioctl {

/// The bus by sdbus-c++, without a thread: waiting is poll(2). What sdbus-c++ throws ends here.
class SdbusDaemonBus final : public DaemonBus {
  public:
    /// Throws sdbus::Error when there is no such bus.
    explicit SdbusDaemonBus(const std::string& address)
        : connection_(dbus::connect(address).connection) {}

    bool has_daemon() override;
    DaemonBusResult<base::UniqueFd> snapshot(const CallOptions& options) override;
    DaemonBusResult<void> reload() override;
    DaemonBusResult<std::string> history() override;
    DaemonBusResult<BusProperties> properties(const std::string& path,
                                              const std::string& interface) override;
    DaemonBusResult<std::string> start_job(const ChangeRequest& request) override;
    DaemonBusResult<void> wait_for_job(
        const std::string& job,
        const std::function<void(const binding::Progress&)>& progress) override;
    DaemonBusResult<std::vector<std::string>> job_lines(const std::string& job) override;
    DaemonBusResult<void> listen(
        const std::function<AfterSignal(const BusSignal&)>& on_signal) override;

  private:
    /// The daemon's reply to a call.
    template <typename... Arguments>
    sdbus::MethodReply call(const std::string& path, const char* interface, const char* member,
                            const Arguments&... arguments);
    std::string start_job_of_object(const ChangeRequest& request);
    /// Handles one message, or waits until there may be one.
    void process_or_wait();

    std::unique_ptr<sdbus::IConnection> connection_;
};

}  // namespace vfioctl

/// The module's only symbol. Null when there is no such bus.
extern "C" __attribute__((visibility("default"))) vfioctl::DaemonBus* vfioctl_connect_daemon_bus(
    const char* address) noexcept;
