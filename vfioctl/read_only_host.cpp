// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/read_only_host.hpp"

namespace vfioctl {

tl::unexpected<sysfs::Error> ReadOnlyHost::refuse(const char* operation, const std::string& object) const {
    return sysfs::fail(sysfs::Code::kUnsupported, operation, object, why_);
}

sysfs::Result<void> ReadOnlyHost::load_module(const std::string& module) {
    return refuse("load module", module);
}

sysfs::Result<void> ReadOnlyHost::set_override(const sysfs::Target& target, const std::string&) {
    return refuse("set the override", target.id.display());
}

sysfs::Result<void> ReadOnlyHost::unbind(const sysfs::Target& target, const std::string&) {
    return refuse("unbind", target.id.display());
}

sysfs::Result<void> ReadOnlyHost::bind(const sysfs::Target& target, const std::string&) {
    return refuse("bind", target.id.display());
}

sysfs::Result<void> ReadOnlyHost::write_attr(const sysfs::Target& target, const std::string& attr,
                                             const std::string&) {
    return refuse("write an attribute", target.id.display() + " " + attr);
}

sysfs::Result<void> ReadOnlyHost::create_mdev(const std::string& parent, const std::string&,
                                              const std::string&) {
    return refuse("create an mdev", parent);
}

sysfs::Result<void> ReadOnlyHost::remove_mdev(const std::string& uuid) {
    return refuse("remove the mdev", uuid);
}

sysfs::Result<void> ReadOnlyHost::set_vfs(const sysfs::Target& pf, std::uint32_t) {
    return refuse("set the number of VFs", pf.id.display());
}

sysfs::Result<sysfs::NodeAccess> ReadOnlyHost::set_access(const std::string& node,
                                                          const sysfs::NodeAccess&) {
    return refuse("set owner and mode", node);
}

}  // namespace vfioctl
