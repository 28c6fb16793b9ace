// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "binding/record.hpp"
#include "binding/transact.hpp"
#include "binding/writer.hpp"

namespace binding {

/// One change of a transaction with the device as it was just read.
struct Staged {
    const policy::Change* change = nullptr;
    sysfs::Device now;
    const Bound* ours = nullptr;       ///< the journal's record of it, when it was ours before
    bool gone = false;                 ///< to be released, but it went away or is another device now
    bool already = false;              ///< found on what was planned; not our doing
    sysfs::NodeAccess access;          ///< resolved; empty: nothing to set
};

/// Looks at the device and says whether the change can still be carried out as planned.
[[nodiscard]] sysfs::Result<Staged> stage(Scene& scene, const policy::Change& change);

/// Carries one staged change out. What it leaves on the device is in `driver` afterwards: the name for
/// the commit record, empty where the driver was left alone.
class ChangeRun {
  public:
    ChangeRun(Scene& scene, Writer& writer, Staged& staged)
        : scene_(scene), writer_(writer), staged_(staged),
          target_{staged.now.id, staged.now.identity()} {}

    [[nodiscard]] sysfs::Result<void> run();
    /// `check: open`, to be done when every device of the group is bound: a group opens as a whole.
    [[nodiscard]] sysfs::Result<void> check();
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] bool released() const { return released_; }

  private:
    [[nodiscard]] sysfs::Result<void> to_chain();
    [[nodiscard]] sysfs::Result<void> to_none();
    [[nodiscard]] sysfs::Result<void> to_host();
    [[nodiscard]] sysfs::Result<void> remove_made();
    [[nodiscard]] sysfs::Result<std::string> driver_name(const policy::ChainLink& link);
    [[nodiscard]] sysfs::Result<void> try_driver(const std::string& driver);
    [[nodiscard]] sysfs::Result<void> leave_driver();
    [[nodiscard]] sysfs::Result<void> look_again(const std::string& tried);
    [[nodiscard]] sysfs::Result<void> verify_bound(const std::string& driver);

    Scene& scene_;
    Writer& writer_;
    Staged& staged_;
    sysfs::Target target_;
    std::string driver_;
    bool released_ = false;
};

}  // namespace binding
