// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <set>
#include <string>

#include "binding/stage.hpp"
#include "binding/transact.hpp"
#include "binding/writer.hpp"

namespace binding {

/// Carries one staged change out, in the phases that the planner spells out: its group's devices all
/// get their overrides, then all leave their drivers, then all are bound, then the rest.
class ChangeRun {
  public:
    /// `loaded`: the modules that this transaction has loaded already.
    ChangeRun(Scene& scene, Writer& writer, Staged& staged, std::set<std::string>& loaded)
        : scene_(scene), writer_(writer), staged_(staged), loaded_(loaded),
          target_{staged.now.id, staged.now.identity()},
          driver_(staged.armed_by_rule && staged.already ? staged.now.driver.value_or("") : std::string()) {}

    /// Extent::kOverrides, in place of all the others.
    [[nodiscard]] sysfs::Result<void> arm();
    [[nodiscard]] sysfs::Result<void> prepare();
    [[nodiscard]] sysfs::Result<void> leave();
    [[nodiscard]] sysfs::Result<void> arrive();
    /// VFs, mdevs and the nodes' access.
    [[nodiscard]] sysfs::Result<void> dress();
    /// `check: open`, when every device of the group is bound: a group opens as a whole.
    [[nodiscard]] sysfs::Result<void> check();

    /// What the commit says of it: the driver it is on by our doing; empty: that was left alone.
    [[nodiscard]] const std::string& driver() const { return driver_; }
    [[nodiscard]] bool released() const { return released_; }

  private:
    [[nodiscard]] bool takes_driver() const;
    [[nodiscard]] sysfs::Result<void> next_candidate();
    [[nodiscard]] sysfs::Result<std::string> driver_name(const policy::ChainLink& link);
    [[nodiscard]] sysfs::Result<void> override_to(const std::string& driver);
    [[nodiscard]] sysfs::Result<void> bind_along_chain();
    [[nodiscard]] sysfs::Result<void> verify_bound(const std::string& driver);
    [[nodiscard]] sysfs::Result<void> verify_unbound();
    [[nodiscard]] sysfs::Result<void> look_again(const std::string& tried);
    [[nodiscard]] sysfs::Result<void> to_host();
    [[nodiscard]] sysfs::Result<void> remove_made();

    Scene& scene_;
    Writer& writer_;
    Staged& staged_;
    std::set<std::string>& loaded_;
    sysfs::Target target_;
    std::size_t next_ = 0;   ///< the candidate to be tried next
    std::string trying_;     ///< the one whose override is set
    std::string driver_;
    bool released_ = false;
};

}  // namespace binding
