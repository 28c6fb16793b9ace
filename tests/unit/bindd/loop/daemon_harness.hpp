// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "binding/journal/journal.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"

namespace bindd {

/// A nic as a process left it that was killed when it had unbound it on the way to vfio-pci: with
/// the native driver gone, the override set, and the transaction open in the journal.
void write_interrupted_transaction(const binding::StateDir& state, fake::FakeKernel& kernel,
                                   const std::string& address);

/// A made-up machine and, on it, the daemon as a process of its own that a test starts, talks to,
/// kills and starts again.
class DaemonHarness {
  public:
    using Lines = std::vector<std::string>;

    DaemonHarness(const fake::KernelState& world, const std::string& policy);
    DaemonHarness(const DaemonHarness&) = delete;
    DaemonHarness& operator=(const DaemonHarness&) = delete;
    ~DaemonHarness();

    DaemonHarness& timeout(std::chrono::milliseconds timeout);
    DaemonHarness& apply_mode(const char* mode);
    void policy(const std::string& text);
    void start();
    /// Starts it and waits until it is ready.
    void start_ready();
    /// In a process group of its own, for a script that kills a whole one.
    void start_in_group();
    /// Until it has ended by itself, or is killed.
    void wait_for_end(std::chrono::milliseconds patience);
    void send_line(const std::string& line);
    /// Waits for a line that begins so, and returns it; what came before it is skipped. A line that
    /// does not come in time fails the test and is empty.
    std::string wait_for_line(const std::string& beginning,
                              std::chrono::milliseconds patience = std::chrono::seconds(20));
    /// What it answers to "state pci/..." once it says `state`.
    std::string state_when(const std::string& device, const std::string& state);
    void kill();
    /// SIGTERM, and its exit status.
    int stop();
    [[nodiscard]] pid_t pid() const { return pid_; }

    /// What a reboot takes: /run, and the id of the boot.
    void forget_boot();

    /// A device comes or goes, in the kernel and as an event.
    void plug(const sysfs::Device& device);
    void unplug(const std::string& address);
    void change(const std::function<void(fake::KernelState&)>& change) { kernel_.change(change); }
    /// Leaves it as write_interrupted_transaction() does.
    void interrupt(const std::string& address) {
        write_interrupted_transaction(state(), kernel_, address);
    }

    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    [[nodiscard]] std::string driver_of(const std::string& address);
    [[nodiscard]] bool wait_for_driver(const std::string& address, const std::string& driver);
    [[nodiscard]] binding::JournalState journal_state() const;
    [[nodiscard]] const std::string& dir() const { return dir_.path(); }

    [[nodiscard]] binding::StateDir state() const;

  private:
    enum class Group { kOurs, kItsOwn };
    void start(Group group);

    fake::TempDir dir_;
    fake::FakeKernel kernel_;
    std::chrono::milliseconds timeout_{10'000};
    const char* apply_mode_ = "automatic";
    pid_t pid_ = 0;
    base::UniqueFd in_;
    base::UniqueFd out_;
    std::string unread_;
};

/// `count` nics on e1000e, each alone in its group: 0000:01:00.0 in group 11, ...
[[nodiscard]] fake::KernelState nics(int count);
/// A policy that gives all network devices away, with more words for the rule.
[[nodiscard]] std::string all_nics(const std::string& more = {});

}  // namespace bindd
