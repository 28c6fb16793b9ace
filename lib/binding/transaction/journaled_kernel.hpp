// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "binding/journal/journal.hpp"
#include "binding/transaction/step_log.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

using Milliseconds = std::chrono::milliseconds;

/// What a transaction under way tells those who watch it.
struct ProgressSink {
    std::function<void(const std::string&)>
        on_step;  ///< before each write: "bind 0000:01:00.0 to vfio-pci"
    std::function<void(const sysfs::Device&)>
        on_device;  ///< a device before it is first written to
};

/// Every write to the kernel that a transaction makes goes through here: the intent is on disk
/// first, the watchers know, then the kernel is asked, and what came of it is noted. Going forward
/// a write whose intent cannot be put on disk is not made. On the way back it is: the transaction's
/// first record is enough to undo by, and not undoing would be worse.
class JournaledKernel {
  public:
    enum class Direction { kForward, kUndo };

    JournaledKernel(sysfs::Kernel& kernel, Journal& journal, const ProgressSink& progress,
                    StepLog& steps, std::string txn, unsigned first_step,
                    Milliseconds retry_timeout)
        : kernel_(kernel),
          journal_(journal),
          progress_(progress),
          steps_(steps),
          txn_(std::move(txn)),
          step_(first_step),
          retry_timeout_(retry_timeout) {}

    void begin_undo() { direction_ = Direction::kUndo; }
    [[nodiscard]] sysfs::Kernel& kernel() { return kernel_; }

    [[nodiscard]] base::Result<void> load_module(const sysfs::DeviceId& for_device,
                                                 const std::string& module);
    /// An empty driver clears it.
    [[nodiscard]] base::Result<void> set_override(const sysfs::DeviceTarget& target,
                                                  const std::string& driver);
    [[nodiscard]] base::Result<void> unbind(const sysfs::DeviceTarget& target,
                                            const std::string& driver);
    [[nodiscard]] base::Result<void> bind(const sysfs::DeviceTarget& target,
                                          const std::string& driver);
    /// bind, again and again while the kernel says EBUSY or EAGAIN and patience lasts: a native
    /// driver gets EBUSY until the last close of a VFIO peer is through.
    [[nodiscard]] base::Result<void> bind_with_retry(const sysfs::DeviceTarget& target,
                                                     const std::string& driver);
    [[nodiscard]] base::Result<void> write_attr(const sysfs::DeviceTarget& target,
                                                const std::string& attr, const std::string& value,
                                                const std::string& before);
    [[nodiscard]] base::Result<void> set_vfs(const sysfs::DeviceTarget& pf, std::uint32_t count,
                                             std::uint32_t before);
    [[nodiscard]] base::Result<void> create_mdev(const sysfs::DeviceId& parent,
                                                 const std::string& parent_name,
                                                 const std::string& type, const std::string& uuid);
    [[nodiscard]] base::Result<void> remove_mdev(const sysfs::DeviceId& parent,
                                                 const std::string& type, const std::string& uuid);
    /// Reads what is there first, so that the intent says what to put back.
    /// `shown`: the access as the plan words it.
    [[nodiscard]] base::Result<void> set_access(const sysfs::DeviceId& device,
                                                const std::string& node,
                                                const sysfs::NodeAccess& access,
                                                const std::string& shown);
    /// A step that writes nothing of its own (check_open), or one that failed before its write.
    void record_step(policy::Op op, const sysfs::DeviceId& device, const std::string& value,
                     policy::StepResult result, const std::string& error = {});

    /// Looks again until `holds` or the time is up; tells the watchers that it waits.
    [[nodiscard]] bool wait_for(Milliseconds at_most, const std::string& what,
                                const std::function<bool()>& holds);

  private:
    [[nodiscard]] bool is_bound_to(const sysfs::DeviceTarget& target, const std::string& driver);
    using KernelCall = std::function<base::Result<void>()>;
    /// One write as the journal has it; the plan may word its step otherwise (an mdev's is the
    /// mdev's own).
    struct JournaledWrite {
        policy::Op op;
        sysfs::DeviceId device;
        std::string value;
        std::string before;
        std::string doing;
        std::optional<sysfs::DeviceId> shown_device = std::nullopt;
        std::optional<std::string> shown_value = std::nullopt;
    };
    [[nodiscard]] base::Result<void> write(const JournaledWrite& what, const KernelCall& call);

    sysfs::Kernel& kernel_;
    Journal& journal_;
    const ProgressSink& progress_;
    StepLog& steps_;
    std::string txn_;
    unsigned step_;
    Milliseconds retry_timeout_;
    Direction direction_ = Direction::kForward;
};

/// A node's access as the journal's `before`, and back.
[[nodiscard]] std::string encode_access(const sysfs::NodeAccess& access);
[[nodiscard]] std::optional<sysfs::NodeAccess> decode_access(const std::string& text);

}  // namespace binding
