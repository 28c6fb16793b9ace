// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "sysfs/kernel.hpp"

namespace vfioctl {

/// A host that can be looked at: every verb that would write answers kUnsupported, with the reason that
/// is given here.
class ReadOnlyHost : public sysfs::Kernel {
  public:
    sysfs::Result<void> load_module(const std::string& module) final;
    sysfs::Result<void> set_override(const sysfs::Target& target, const std::string& driver) final;
    sysfs::Result<void> unbind(const sysfs::Target& target, const std::string& driver) final;
    sysfs::Result<void> bind(const sysfs::Target& target, const std::string& driver) final;
    sysfs::Result<void> write_attr(const sysfs::Target& target, const std::string& attr,
                                   const std::string& value) final;
    sysfs::Result<void> create_mdev(const std::string& parent, const std::string& type,
                                    const std::string& uuid) final;
    sysfs::Result<void> remove_mdev(const std::string& uuid) final;
    sysfs::Result<void> set_vfs(const sysfs::Target& pf, std::uint32_t count) final;
    sysfs::Result<sysfs::NodeAccess> set_access(const std::string& node,
                                                const sysfs::NodeAccess& access) final;

  protected:
    explicit ReadOnlyHost(const char* why) : why_(why) {}

  private:
    [[nodiscard]] tl::unexpected<sysfs::Error> refuse(const char* operation, const std::string& object) const;
    const char* why_;
};

}  // namespace vfioctl
