// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "binding/journal/journal.hpp"
#include "binding/transaction/step_log.hpp"
#include "binding/transaction/transaction_context.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace binding {

using Milliseconds = std::chrono::milliseconds;

/// Makes every write of a transaction to the kernel: the intent is synced to disk, the step is
/// reported, the kernel is called, the result is recorded. A forward write whose intent cannot be
/// recorded is not made. An undo's write is made all the same: the transaction's first record is
/// enough to undo by, and not undoing would be worse. Owns the list of steps with their results.
class JournaledKernel {
  public:
    enum class Direction { kForward, kUndo };

    /// `first_step`: the number of the first write. `planned`: the steps whose results are
    /// recorded.
    JournaledKernel(TransactionContext& context, std::string txn, unsigned first_step,
                    std::vector<policy::Step> planned)
        : kernel_(context.kernel),
          journal_(context.journal),
          on_step_(context.on_step),
          steps_(std::move(planned)),
          txn_(std::move(txn)),
          step_(first_step),
          retry_timeout_(context.options.timeout) {}

    void begin_undo() { direction_ = Direction::kUndo; }
    /// Called with a device of the transaction and what it loses, before each forward write that
    /// takes away a driver, VFs or mdevs. When it fails, nothing is written.
    using LossCheck = std::function<base::Result<void>(const sysfs::DeviceId& device,
                                                       const std::vector<sysfs::DeviceId>& lost)>;
    void check_losses_with(LossCheck check) { loss_check_ = std::move(check); }
    /// May these lose what they have? `made`: what goes before them. An undo asks by itself, before
    /// its first write to a device: its writes ask nothing.
    [[nodiscard]] base::Result<void> check_loss(const sysfs::DeviceId& device,
                                                const std::vector<sysfs::DeviceId>& lost,
                                                const std::set<sysfs::DeviceId>& made = {});
    [[nodiscard]] sysfs::Kernel& kernel() { return kernel_; }
    [[nodiscard]] StepLog& steps() { return steps_; }

    [[nodiscard]] base::Result<void> load_module(const sysfs::DeviceId& for_device,
                                                 const std::string& module);
    /// Before the device loses its driver for it: a module may have drivers on other buses only
    /// (usb-storage). With a failed step, as no write would be one.
    [[nodiscard]] base::Result<void> check_registered(const sysfs::DeviceId& device,
                                                      const std::string& driver);
    /// An empty driver clears it.
    [[nodiscard]] base::Result<void> set_override(const sysfs::DeviceTarget& target,
                                                  const std::string& driver);
    [[nodiscard]] base::Result<void> unbind(const sysfs::DeviceTarget& target,
                                            const std::string& driver);
    [[nodiscard]] base::Result<void> bind(const sysfs::DeviceTarget& target,
                                          const std::string& driver);
    /// bind, repeated while the kernel returns EBUSY or EAGAIN, up to the timeout: a native driver
    /// gets EBUSY until the last close of a VFIO peer has finished.
    [[nodiscard]] base::Result<void> bind_with_retry(const sysfs::DeviceTarget& target,
                                                     const std::string& driver);
    [[nodiscard]] base::Result<void> write_attr(const sysfs::DeviceTarget& target,
                                                const std::string& attr, const std::string& value,
                                                const std::string& before);
    [[nodiscard]] base::Result<void> set_vfs(const sysfs::DeviceTarget& pf, std::uint32_t count,
                                             std::uint32_t before);
    /// Of the attributes only the journal takes note.
    [[nodiscard]] base::Result<void> create_mdev(const sysfs::DeviceId& parent,
                                                 const std::string& parent_name,
                                                 const policy::MdevSpec& mdev);
    [[nodiscard]] base::Result<void> remove_mdev(const sysfs::DeviceId& parent,
                                                 const policy::MdevSpec& mdev);
    /// Reads the present access first, so that the intent has what an undo restores.
    /// `shown`: the access as the plan shows it.
    [[nodiscard]] base::Result<void> set_access(const sysfs::DeviceId& device,
                                                const std::string& node,
                                                const sysfs::NodeAccess& access,
                                                const std::string& shown);
    /// A step that writes nothing of its own (check_open), or one that failed before its write.
    void record_step(policy::Op op, const sysfs::DeviceId& device, const std::string& value,
                     policy::StepResult result, const std::string& error = {});

    /// Polls until `holds` or the time is up, and reports the wait as a step.
    [[nodiscard]] bool wait_for(Milliseconds at_most, const std::string& what,
                                const std::function<bool()>& holds);

  private:
    [[nodiscard]] bool is_bound_to(const sysfs::DeviceTarget& target, const std::string& driver);
    using KernelCall = std::function<base::Result<void>()>;
    /// One write as the journal has it; its step in the plan may name another device (the mdev).
    struct JournaledWrite {
        policy::Op op;
        sysfs::DeviceId device;
        std::string value;
        std::string before;
        std::string doing;
        std::optional<sysfs::DeviceId> shown_device = std::nullopt;
        std::optional<std::string> shown_value = std::nullopt;
        std::vector<sysfs::DeviceId> lost = {};  ///< drivers, VFs and mdevs taken away
    };
    [[nodiscard]] base::Result<void> write(const JournaledWrite& what, const KernelCall& call);

    sysfs::Kernel& kernel_;
    Journal& journal_;
    const std::function<void(const std::string&)>& on_step_;
    StepLog steps_;
    std::string txn_;
    unsigned step_;
    Milliseconds retry_timeout_;
    Direction direction_ = Direction::kForward;
    LossCheck loss_check_;
};

/// A node's access as the journal's `before`, and back.
[[nodiscard]] std::string encode_access(const sysfs::NodeAccess& access);
[[nodiscard]] std::optional<sysfs::NodeAccess> decode_access(const std::string& text);
/// An mdev's type and attributes likewise: one that is created again gets its attributes again. The
/// text of an mdev without attributes is its type.
[[nodiscard]] std::string encode_mdev(const policy::MdevSpec& mdev);
[[nodiscard]] policy::MdevSpec decode_mdev(const std::string& uuid, const std::string& text);

}  // namespace binding
