// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/captured_host.hpp"

namespace vfioctl {
namespace {

tl::unexpected<sysfs::Error> no_kernel(const char* operation, const std::string& object) {
    return sysfs::fail(sysfs::Code::kUnsupported, operation, object, "a directory is no kernel");
}

}  // namespace

sysfs::Result<sysfs::Inventory> CapturedHost::inventory(const sysfs::Wanted& wanted) {
    return sysfs::read_inventory(root_, wanted);
}

sysfs::Result<sysfs::Device> CapturedHost::device(const sysfs::DeviceId& id) {
    return sysfs::read_device(root_, id, {});
}

sysfs::Result<sysfs::Inventory> CapturedHost::devices(std::span<const sysfs::DeviceId> ids,
                                                      const sysfs::Wanted& wanted) {
    return sysfs::read_devices(root_, ids, wanted);
}

sysfs::Result<sysfs::Drivers> CapturedHost::drivers(const sysfs::Wanted& wanted) {
    return sysfs::read_drivers(root_, wanted);
}

sysfs::Result<std::vector<std::string>> CapturedHost::modules_for(const std::string& modalias) {
    return sysfs::modules_for(root_, modalias);
}

sysfs::Usage CapturedHost::usage(const sysfs::Inventory& inventory,
                                 std::span<const sysfs::DeviceId> devices) {
    return sysfs::read_usage(root_, inventory, devices);
}

sysfs::Result<void> CapturedHost::load_module(const std::string& module) {
    return no_kernel("load module", module);
}

sysfs::Result<void> CapturedHost::set_override(const sysfs::Target& target, const std::string&) {
    return no_kernel("set the override", target.id.display());
}

sysfs::Result<void> CapturedHost::unbind(const sysfs::Target& target, const std::string&) {
    return no_kernel("unbind", target.id.display());
}

sysfs::Result<void> CapturedHost::bind(const sysfs::Target& target, const std::string&) {
    return no_kernel("bind", target.id.display());
}

sysfs::Result<void> CapturedHost::write_attr(const sysfs::Target& target, const std::string& attr,
                                             const std::string&) {
    return no_kernel("write an attribute", target.id.display() + " " + attr);
}

sysfs::Result<void> CapturedHost::create_mdev(const std::string& parent, const std::string&,
                                              const std::string&) {
    return no_kernel("create an mdev", parent);
}

sysfs::Result<void> CapturedHost::remove_mdev(const std::string& uuid) {
    return no_kernel("remove the mdev", uuid);
}

sysfs::Result<void> CapturedHost::set_vfs(const sysfs::Target& pf, std::uint32_t) {
    return no_kernel("set the number of VFs", pf.id.display());
}

sysfs::Result<sysfs::NodeAccess> CapturedHost::set_access(const std::string& node,
                                                          const sysfs::NodeAccess&) {
    return no_kernel("set owner and mode", node);
}

}  // namespace vfioctl
