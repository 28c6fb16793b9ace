// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pictured_host.hpp"

namespace vfioctl {
namespace {

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

}  // namespace vfioctl
