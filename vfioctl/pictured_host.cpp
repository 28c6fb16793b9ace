// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pictured_host.hpp"

namespace vfioctl {
namespace {

tl::unexpected<sysfs::Error> unsupported(const char* operation, const std::string& object) {
    return sysfs::fail(sysfs::Code::kUnsupported, operation, object, "the daemon does the writing");
}

/// More than a daemon has to know for its policies.
bool asks_for_more(const sysfs::Wanted& wanted) {
    return wanted.serial || wanted.slots || wanted.resets || wanted.properties || !wanted.attrs.empty();
}

}  // namespace

sysfs::Result<sysfs::Inventory> PicturedHost::inventory(const sysfs::Wanted& wanted) {
    if (asks_for_more(wanted))
        return local_.inventory(wanted);
    return picture_.inventory;
}

sysfs::Usage PicturedHost::usage(const sysfs::Inventory& inventory, std::span<const sysfs::DeviceId> devices) {
    std::vector<std::string> words;
    for (const sysfs::DeviceId& id : devices)
        words.push_back(id.text());
    if (words.empty())
        return {};
    if (auto picture = daemon_.picture(words))
        return std::move(picture->usage);
    return local_.usage(inventory, devices);
}

sysfs::Result<void> PicturedHost::load_module(const std::string& module) {
    return unsupported("load", module);
}
sysfs::Result<void> PicturedHost::set_override(const sysfs::Target& target, const std::string& /*driver*/) {
    return unsupported("set the override", target.id.display());
}
sysfs::Result<void> PicturedHost::unbind(const sysfs::Target& target, const std::string& /*driver*/) {
    return unsupported("unbind", target.id.display());
}
sysfs::Result<void> PicturedHost::bind(const sysfs::Target& target, const std::string& /*driver*/) {
    return unsupported("bind", target.id.display());
}
sysfs::Result<void> PicturedHost::write_attr(const sysfs::Target& target, const std::string& /*attr*/,
                                             const std::string& /*value*/) {
    return unsupported("write an attribute", target.id.display());
}
sysfs::Result<void> PicturedHost::create_mdev(const std::string& parent, const std::string& /*type*/,
                                              const std::string& /*uuid*/) {
    return unsupported("create a mediated device", parent);
}
sysfs::Result<void> PicturedHost::remove_mdev(const std::string& uuid) {
    return unsupported("remove", uuid);
}
sysfs::Result<void> PicturedHost::set_vfs(const sysfs::Target& pf, std::uint32_t /*count*/) {
    return unsupported("set the number of VFs", pf.id.display());
}
sysfs::Result<sysfs::NodeAccess> PicturedHost::set_access(const std::string& node,
                                                          const sysfs::NodeAccess& /*access*/) {
    return unsupported("set the access", node);
}

}  // namespace vfioctl
