// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>

#include "binding/journal.hpp"
#include "binding/step_log.hpp"
#include "sysfs/kernel.hpp"

namespace binding {

using Milliseconds = std::chrono::milliseconds;

/// What a transaction under way tells those who watch it.
struct Notes {
    std::function<void(const std::string&)> doing;     ///< before each write: "bind 0000:01:00.0 to vfio-pci"
    std::function<void(const sysfs::Device&)> seen;  ///< a device before it is first written to
};

/// Every write to the kernel that a transaction makes goes through here: the intent is on disk first,
/// the watchers know, then the kernel is asked, and what came of it is noted.
/// Going forward a write whose intent cannot be put on disk is not made. On the way back it is: the
/// transaction's first record is enough to undo by, and not undoing would be worse.
class Writer {
  public:
    enum class Way { kForward, kBack };

    Writer(sysfs::Kernel& kernel, Journal& journal, const Notes& notes, StepLog& steps, std::string txn,
           unsigned first_step, Milliseconds patience)
        : kernel_(kernel), journal_(journal), notes_(notes), steps_(steps), txn_(std::move(txn)),
          step_(first_step), patience_(patience) {}

    void turn_back() { way_ = Way::kBack; }
    [[nodiscard]] sysfs::Kernel& kernel() { return kernel_; }

    [[nodiscard]] sysfs::Result<void> load_module(const sysfs::DeviceId& for_device,
                                                  const std::string& module);
    /// An empty driver clears it.
    [[nodiscard]] sysfs::Result<void> set_override(const sysfs::Target& target,
                                                   const std::string& driver);
    [[nodiscard]] sysfs::Result<void> unbind(const sysfs::Target& target, const std::string& driver);
    [[nodiscard]] sysfs::Result<void> bind(const sysfs::Target& target, const std::string& driver);
    /// bind, again and again while the kernel says EBUSY or EAGAIN and patience lasts: a native driver
    /// gets EBUSY until the last close of a VFIO peer is through.
    [[nodiscard]] sysfs::Result<void> bind_patiently(const sysfs::Target& target,
                                                     const std::string& driver);
    [[nodiscard]] sysfs::Result<void> write_attr(const sysfs::Target& target, const std::string& attr,
                                                 const std::string& value, const std::string& before);
    [[nodiscard]] sysfs::Result<void> set_vfs(const sysfs::Target& pf, std::uint32_t count,
                                              std::uint32_t before);
    [[nodiscard]] sysfs::Result<void> create_mdev(const sysfs::DeviceId& parent,
                                                  const std::string& parent_name,
                                                  const std::string& type, const std::string& uuid);
    [[nodiscard]] sysfs::Result<void> remove_mdev(const sysfs::DeviceId& parent,
                                                  const std::string& type, const std::string& uuid);
    /// Reads what is there first, so that the intent says what to put back.
    /// `shown`: the access as the plan words it.
    [[nodiscard]] sysfs::Result<void> set_access(const sysfs::DeviceId& device, const std::string& node,
                                                 const sysfs::NodeAccess& access,
                                                 const std::string& shown);
    /// A step that writes nothing of its own (check_open), or one that failed before its write.
    void note_step(policy::Op op, const sysfs::DeviceId& device, const std::string& value,
                   policy::StepResult result, const std::string& error = {});

    /// Looks again until `holds` or the time is up; tells the watchers that it waits.
    [[nodiscard]] bool wait_for(Milliseconds at_most, const std::string& what,
                                const std::function<bool()>& holds);

  private:
    [[nodiscard]] bool is_on(const sysfs::Target& target, const std::string& driver);
    using Verb = std::function<sysfs::Result<void>()>;
    /// One write as the journal has it; the plan may word its step otherwise (an mdev's is the mdev's own).
    struct Write {
        policy::Op op;
        sysfs::DeviceId device;
        std::string value;
        std::string before;
        std::string doing;
        std::optional<sysfs::DeviceId> shown_device = std::nullopt;
        std::optional<std::string> shown_value = std::nullopt;
    };
    [[nodiscard]] sysfs::Result<void> write(const Write& what, const Verb& verb);

    sysfs::Kernel& kernel_;
    Journal& journal_;
    const Notes& notes_;
    StepLog& steps_;
    std::string txn_;
    unsigned step_;
    Milliseconds patience_;
    Way way_ = Way::kForward;
};

/// A node's access as the journal's `before`, and back.
[[nodiscard]] std::string access_text(const sysfs::NodeAccess& access);
[[nodiscard]] std::optional<sysfs::NodeAccess> access_of(const std::string& text);

}  // namespace binding
