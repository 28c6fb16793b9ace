// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/portrait.hpp"

#include "vfioctl/chain_words.hpp"
#include "vfioctl/device_words.hpp"
#include "vfioctl/sheet.hpp"

namespace vfioctl {
namespace {

constexpr const char* kNoBus = "mdev_parent";  // a parent that nothing binds drivers to

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + word;
    return out;
}

std::string group_line(const Portrait& portrait) {
    if (portrait.group == nullptr)
        return "none: without one, VFIO takes the device only in noiommu mode";
    const sysfs::Group& group = *portrait.group;
    std::string out = std::to_string(group.id);
    if (!group.type.empty())
        out += " (" + group.type + ")";
    return out + (group.viable() ? ", viable" : ", not viable");
}

std::vector<std::string> peer_lines(const Portrait& portrait) {
    std::vector<std::string> out;
    if (portrait.group == nullptr)
        return out;
    for (const sysfs::DeviceId& peer : portrait.group->devices) {
        if (peer == portrait.device.id)
            continue;
        std::string line = peer.display();
        for (const sysfs::Blocker& blocker : portrait.group->blockers)
            if (blocker.device == peer)
                line += "  " + blocker.driver + ": " + blocker.why;
        out.push_back(line);
    }
    return out;
}

std::string vf_line(const sysfs::Device& device) {
    return device.vf ? std::to_string(device.vf->index) + " of " + device.vf->pf : std::string{};
}

std::vector<std::string> sriov_lines(const sysfs::Device& device) {
    if (!device.sriov)
        return {};
    std::vector<std::string> out = {std::to_string(device.sriov->enabled) + " of " +
                                    std::to_string(device.sriov->total)};
    for (const auto& [index, name] : device.sriov->vfs)
        out.push_back(std::to_string(index) + " " + name);
    return out;
}

std::vector<std::string> mdev_type_lines(const sysfs::Device& device) {
    std::vector<std::string> out;
    for (const sysfs::MdevType& type : device.mdev_types)
        out.push_back(type.id + " (" + type.device_api + "), " + std::to_string(type.available) +
                      " available");
    return out;
}

std::vector<std::string> node_lines(const sysfs::Device& device) {
    std::vector<std::string> out;
    if (device.vfio && device.vfio->group)
        out.push_back("/dev/vfio/" + *device.vfio->group);
    if (device.vfio && device.vfio->cdev)
        out.push_back("/dev/vfio/devices/" + *device.vfio->cdev);
    return out;
}

std::vector<std::string> use_lines(const std::vector<sysfs::Use>& uses) {
    std::vector<std::string> out;
    for (const sysfs::Use& use : uses) {
        std::string line = std::string(use_word(use.kind)) + ": " + use.text;
        if (!use.evidence.empty() && use.text.find(use.evidence) == std::string::npos)
            line += " (" + use.evidence + ")";
        out.push_back(line);
    }
    return out;
}

std::string rule_line(const policy::Decision* decision) {
    if (decision == nullptr || decision->rule == nullptr)
        return {};
    return decision->rule->name + " (" + decision->rule->where.text() + ")";
}

void add_identity(const Portrait& portrait, Sheet& sheet) {
    const sysfs::Device& device = portrait.device;
    const sysfs::Ids& ids = device.ids;
    sheet.add("bus", device.id.bus);
    sheet.add("vendor", portrait.names.vendor);
    sheet.add("device", portrait.names.device);
    sheet.add("subsystem", portrait.subsystem);
    sheet.add("ids", id_pair(ids.vendor, ids.device));
    sheet.add("subsystem ids", id_pair(ids.subsystem_vendor, ids.subsystem_device));
    if (ids.class_code)
        sheet.add("class", class_word(ids) + " (" + sysfs::hex(*ids.class_code, 6) + ")");
    if (ids.revision)
        sheet.add("revision", sysfs::hex(*ids.revision, 2));
    sheet.add("modalias", device.modalias);
    sheet.add("path", device.path);
    sheet.add("sysfs", device.syspath);
    sheet.add("slot", device.slot);
    sheet.add("serial", device.serial);
    if (device.numa_node)
        sheet.add("numa node", std::to_string(*device.numa_node));
    if (device.boot_vga)
        sheet.add("boot vga", std::string(*device.boot_vga ? "yes" : "no"));
    sheet.add("netdevs", joined(device.netdevs));
}

void add_binding(const Portrait& portrait, Sheet& sheet) {
    const sysfs::Device& device = portrait.device;
    if (device.id.bus != kNoBus) {
        sheet.add("driver", device.driver.value_or("none"));
        sheet.add("iommu group", group_line(portrait));
    }
    if (device.has_override)
        sheet.add("override", device.driver_override.value_or("none set"));
    sheet.add("group peers", peer_lines(portrait));
    sheet.add("drivers that fit", chain_lines(portrait.fitting));
    sheet.add("reset methods", joined(device.reset_methods));
    sheet.add("vfio nodes", node_lines(device));
    sheet.add("vf", vf_line(device));
    sheet.add("vfs", sriov_lines(device));
    if (device.mdev)
        sheet.add("mdev", device.mdev->type + " of " + device.mdev->parent);
    sheet.add("mdev types", mdev_type_lines(device));
    sheet.add("used", use_lines(portrait.uses));
    sheet.add("rule", rule_line(portrait.decision));
    sheet.add("wanted", wanted_driver(portrait.decision));
    sheet.add("state", portrait.state.state);
    sheet.add("reason", portrait.state.reason);
}

}  // namespace

const char* use_word(sysfs::UseKind kind) {
    switch (kind) {
        case sysfs::UseKind::kMounted:
            return "mounted";
        case sysfs::UseKind::kSwap:
            return "swap";
        case sysfs::UseKind::kHolder:
            return "holder";
        case sysfs::UseKind::kVfioOpen:
            return "vfio-open";
        case sysfs::UseKind::kDefaultRoute:
            return "default-route";
        case sysfs::UseKind::kAddressed:
            return "addressed";
        case sysfs::UseKind::kEnslaved:
            return "enslaved";
        case sysfs::UseKind::kSession:
            return "session";
        case sysfs::UseKind::kOpenFd:
            return "open-fd";
        case sysfs::UseKind::kConsole:
            return "console";
        case sysfs::UseKind::kVfsInUse:
            return "vfs-in-use";
        case sysfs::UseKind::kSignature:
            return "signature";
    }
    return "";
}

std::string portrait_text(const Portrait& portrait) {
    Sheet sheet;
    add_identity(portrait, sheet);
    add_binding(portrait, sheet);
    return portrait.device.id.display() + "\n" + sheet.text();
}

}  // namespace vfioctl
