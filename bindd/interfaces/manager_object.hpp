// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/non_copyable.hpp"
#include "bindd/bus/caller.hpp"
#include "bindd/bus/reply.hpp"
#include "bindd/loop/controller_runner.hpp"
#include "bindd/manager_adaptor.hpp"

namespace bindd {

class HistoryDocuments;
class Inspection;
class Requests;
class Leases;
class SnapshotFiles;

/// The daemon itself, as org.bindd1.Manager.
class ManagerObject final : public sdbus::AdaptorInterfaces<org::bindd1::Manager_adaptor>,
                            base::NonCopyable {
  public:
    struct ManagerDependencies {
        ControllerRunner& controller;
        Requests& requests;
        Inspection& inspection;
        Leases& leases;
        SnapshotFiles& snapshots;
        HistoryDocuments& histories;
        const DevicePaths& paths;
    };
    ManagerObject(sdbus::IConnection& connection, sd_bus* bus, ManagerDependencies deps);
    ~ManagerObject();

    /// Signals for the controller's notifications.
    void counts_changed();
    void transaction_finished(const Job& job, const policy::Transaction& transaction);
    void policies_reloaded(const std::vector<policy::Diagnostic>& diagnostics);
    void ready();

  private:
    using Path = sdbus::ObjectPath;
    using Variants = std::map<std::string, sdbus::Variant>;

    void Plan(sdbus::Result<std::string>&& result, Variants options) override;
    void Apply(sdbus::Result<Path>&& result, Variants options) override;
    void Bind(sdbus::Result<Path>&& result, std::vector<Path> devices, Variants options) override;
    void Release(sdbus::Result<Path>&& result, std::vector<Path> devices,
                 Variants options) override;
    void Rollback(sdbus::Result<Path>&& result, std::string transaction, Variants options) override;
    void Reload(sdbus::Result<>&& result) override;
    void Claim(sdbus::Result<sdbus::UnixFd>&& result, std::vector<Path> devices, std::string why,
               Variants options) override;
    void History(sdbus::Result<std::string>&& result) override;
    void Snapshot(sdbus::Result<sdbus::UnixFd>&& result, Variants options) override;

    std::string Version() override;
    uint64_t PolicyGeneration() override { return generation_; }
    std::string PolicyError() override {
        return read_out([&] { return bus_text(policy_error_); });
    }
    std::string ApplyMode() override;
    bool Ready() override { return ready_; }
    uint32_t Unmanaged() override { return count("unmanaged"); }
    uint32_t Bound() override { return count("bound"); }
    uint32_t Pending() override { return count("pending"); }
    uint32_t Refused() override { return count("refused"); }
    uint32_t Conflict() override { return count("conflict"); }
    uint32_t Failed() override { return count("failed"); }
    uint32_t Stuck() override { return count("stuck"); }
    std::vector<sdbus::Struct<Path, std::string>> StuckDevices() override;

    [[nodiscard]] uint32_t count(const char* state) const;
    /// Of the call that is being handled. The options that sdbus-c++ has read lack keys given
    /// twice, which are refused.
    [[nodiscard]] Caller caller() const;
    [[nodiscard]] MethodOptions options() const;
    void changed(const std::vector<const char*>& properties);

    sd_bus* bus_;
    ManagerDependencies deps_;
    std::uint64_t generation_;
    std::string policy_digest_;  ///< of the set in force
    std::string policy_error_;
    bool ready_ = false;
};

}  // namespace bindd
