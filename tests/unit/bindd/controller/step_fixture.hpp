// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bindd/controller/step.hpp"
#include "tests/fake/host.hpp"

namespace bindd {

/// The pure controller over values: a made-up host, a journal and a clock that only a test moves.
/// Every call returns the effects as text.
class StepTest : public testing::Test {
  protected:
    using Lines = std::vector<std::string>;

    StepTest();

    Lines feed(Input input);
    /// Feeds the timer after this long.
    Lines fire(TimerId timer, std::chrono::milliseconds after = {});
    /// Policies of one rule that binds all network devices, with more lines for the rule.
    Lines start(const std::string& more = {});
    /// Until the host is as wanted, with every transaction done, and the first reconciliation
    /// complete. Requests 1 to 4.
    void start_ready(const std::string& more = {});
    Lines reply(RequestId request, binding::Message message);
    Lines end(RequestId request, base::Result<void> result = {});
    Lines notice(binding::Message message);
    /// All interrupted transactions have been named.
    Lines recovered() { return end(kRecoveryRequest); }
    /// The answer to a scan, as the host is now.
    Lines scanned(RequestId request);
    Lines unused(RequestId request);
    /// The host after the transaction that request `request` executes, and its answer.
    Lines executed(RequestId request, policy::StepResult result, const std::string& error = {});
    /// A transaction was executed: the journal and the host show it.
    void bind(const std::string& address);
    void rebind(const std::string& address, const std::string& driver);
    [[nodiscard]] const sysfs::Device& device(const std::string& address);
    [[nodiscard]] binding::DeviceState device_state(const std::string& address);
    JobId submit(JobKind kind, const std::string& address, JobMode mode = JobMode::kExecute);

    fake::Host host_;
    binding::JournalState journal_;
    ControllerState state_;
    Time now_{std::chrono::hours(1)};
    std::map<RequestId, policy::Transaction> transactions_;  ///< that were started

  private:
    sysfs::Inventory inventory_;
};

}  // namespace bindd
