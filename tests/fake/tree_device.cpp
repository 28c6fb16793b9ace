// SPDX-License-Identifier: LGPL-2.1-or-later
#include <numeric>

#include "sysfs/device/names.hpp"
#include "tests/fake/tree.hpp"

namespace fake {
namespace {

using base::to_hex;
using sysfs::Device;

std::string number_line(std::uint64_t value) {
    return std::to_string(value) + "\n";
}
std::string hex_line(std::uint32_t value, std::size_t digits) {
    return "0x" + to_hex(value, digits) + "\n";
}

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'f')
            c = static_cast<char>(c - 'a' + 'A');
    return text;
}

std::string id_pair(std::uint16_t vendor, std::uint16_t device) {
    return upper(to_hex(vendor, 4) + ":" + to_hex(device, 4));
}

/// As pci_uevent() prints it: the class without leading zeros beyond four digits, ids in upper
/// case.
std::string uevent(const Device& device) {
    std::string out;
    if (device.driver)
        out += "DRIVER=" + *device.driver + "\n";
    const sysfs::HardwareIds& ids = device.ids;
    if (device.id.bus == "pci") {
        if (ids.class_code)
            out += "PCI_CLASS=" + upper(to_hex(*ids.class_code, 4)) + "\n";
        if (ids.vendor && ids.device)
            out += "PCI_ID=" + id_pair(*ids.vendor, *ids.device) + "\n";
        if (ids.subsystem_vendor && ids.subsystem_device)
            out += "PCI_SUBSYS_ID=" + id_pair(*ids.subsystem_vendor, *ids.subsystem_device) + "\n";
        out += "PCI_SLOT_NAME=" + device.id.name + "\n";
    }
    return out + (device.modalias.empty() ? "" : "MODALIAS=" + device.modalias + "\n");
}

void write_ids(Tree& tree, const Device& device) {
    const std::string at = device.syspath + "/";
    const sysfs::HardwareIds& ids = device.ids;
    if (ids.vendor)
        tree.file(at + "vendor", hex_line(*ids.vendor, 4));
    if (ids.device)
        tree.file(at + "device", hex_line(*ids.device, 4));
    if (ids.subsystem_vendor)
        tree.file(at + "subsystem_vendor", hex_line(*ids.subsystem_vendor, 4));
    if (ids.subsystem_device)
        tree.file(at + "subsystem_device", hex_line(*ids.subsystem_device, 4));
    if (ids.class_code)
        tree.file(at + "class", hex_line(*ids.class_code, 6));
    if (ids.revision)
        tree.file(at + "revision", hex_line(*ids.revision, 2));
}

void write_pci(Tree& tree, const Device& device) {
    const std::string at = device.syspath + "/";
    std::string config(256, '\0');
    config[0x0e] = static_cast<char>(device.header_type.value_or(0));
    tree.file(at + "config", config);
    if (device.is_bridge())
        tree.file(at + "secondary_bus_number", "1\n");
    if (device.boot_vga)
        tree.file(at + "boot_vga", *device.boot_vga ? "1\n" : "0\n");
    std::string methods;
    for (const std::string& method : device.reset_methods)
        methods += (methods.empty() ? "" : " ") + method;
    tree.file(at + "reset_method", methods + "\n");
    if (device.slot) {
        const std::string& name = device.id.name;
        tree.file("/sys/bus/pci/slots/" + *device.slot + "/address",
                  name.substr(0, name.rfind('.')) + "\n");
    }
    if (device.serial)
        tree.file(at + "vpd", vpd_with_serial(*device.serial));
    if (!device.sriov)
        return;
    tree.file(at + "sriov_totalvfs", number_line(device.sriov->total));
    tree.file(at + "sriov_numvfs", number_line(device.sriov->enabled));
    if (device.sriov->autoprobe)
        tree.file(at + "sriov_drivers_autoprobe", *device.sriov->autoprobe ? "1\n" : "0\n");
}

void write_override(Tree& tree, const Device& device) {
    if (!device.has_override)
        return;
    const bool says_nothing = device.id.bus == "spi" || device.id.bus == "ap";
    tree.file(device.syspath + "/driver_override",
              device.driver_override.value_or(says_nothing ? "" : "(null)") + "\n");
}

void write_vfio(Tree& tree, const Device& device) {
    const std::string at = device.syspath + "/vfio-dev";
    if (!device.vfio) {
        if (device.driver && sysfs::is_vfio_driver(*device.driver))
            tree.dir(at);  // without an entry: not VFIO's
        return;
    }
    const std::string name = device.vfio->cdev.value_or("vfio0");
    tree.dir(at + "/" + name);
    if (device.vfio->cdev)
        tree.file(at + "/" + name + "/dev", "511:0\n");
    if (device.vfio->group)
        tree.dir("/sys/class/vfio/" + *device.vfio->group);
}

/// The attributes of NVIDIA's driver.
void write_vgpu(Tree& tree, const Device& device) {
    if (!device.vgpu)
        return;
    const auto number = [](const std::string& type) { return type.substr(type.find('-') + 1); };
    const std::string at = device.syspath + "/nvidia/";
    const std::string& now = device.vgpu->type;
    std::string types = "ID    : vGPU Name\n";
    for (const sysfs::MdevType& type : device.mdev_types)
        types += number(type.id) + "  : " + type.name.value_or("") + "\n";
    tree.file(at + "creatable_vgpu_types", types);
    tree.file(at + "current_vgpu_type", (now.empty() ? "0" : number(now)) + "\n");
}

void write_mdev_types(Tree& tree, const Device& device) {
    if (device.mdev_parent_name.empty())
        return;
    tree.link("/sys/class/mdev_bus/" + device.mdev_parent_name, device.syspath);
    tree.dir(device.syspath + "/mdev_supported_types");
    for (const sysfs::MdevType& type : device.mdev_types) {
        const std::string at = device.syspath + "/mdev_supported_types/" + type.id + "/";
        tree.file(at + "device_api", type.device_api + "\n");
        tree.file(at + "available_instances", number_line(type.available));
        tree.file(at + "create", "", 0200);
        tree.dir(at + "devices");
        if (type.name)
            tree.file(at + "name", *type.name + "\n");
        if (type.description)
            tree.file(at + "description", *type.description + "\n");
    }
}

void write_links(Tree& tree, const Device& device) {
    const auto& [bus, name] = device.id;
    if (bus != "mdev_parent") {
        tree.link("/sys/bus/" + bus + "/devices/" + name, device.syspath);
        tree.link(device.syspath + "/subsystem", "/sys/bus/" + bus);
    }
    if (device.driver) {
        const std::string driver = "/sys/bus/" + bus + "/drivers/" + *device.driver;
        tree.link(device.syspath + "/driver", driver);
        tree.link(driver + "/" + name, device.syspath);
    }
    if (device.iommu_group) {
        const std::string group = "/sys/kernel/iommu_groups/" + std::to_string(*device.iommu_group);
        tree.link(device.syspath + "/iommu_group", group);
        tree.link(group + "/devices/" + name, device.syspath);
    }
}

void write_properties(Tree& tree, const Device& device) {
    if (device.properties.empty())
        return;
    std::string text = "I:1000000\n";
    for (const auto& [key, value] : device.properties)
        text += "E:" + key + "=" + value + "\n";
    tree.file("/run/udev/data/+" + device.id.text().replace(device.id.bus.size(), 1, ":"),
              text + "V:1\n");
}

}  // namespace

void write_device(Tree& tree, const Device& device) {
    const std::string at = device.syspath + "/";
    tree.file(at + "uevent", uevent(device));
    if (!device.modalias.empty())
        tree.file(at + "modalias", device.modalias + "\n");
    tree.file(at + "numa_node", device.numa_node
                                    ? number_line(static_cast<std::uint64_t>(*device.numa_node))
                                    : "-1\n");
    write_ids(tree, device);
    if (device.id.bus == "pci")
        write_pci(tree, device);
    write_override(tree, device);
    write_links(tree, device);
    write_vfio(tree, device);
    write_mdev_types(tree, device);
    write_vgpu(tree, device);
    write_properties(tree, device);
    for (const std::string& netdev : device.netdevs) {
        tree.dir(at + "net/" + netdev);
        tree.link("/sys/class/net/" + netdev, at + "net/" + netdev);
        tree.link(at + "net/" + netdev + "/device", device.syspath);
    }
    for (const auto& [name, value] : device.attrs)
        tree.file(at + name, value + "\n");
}

std::string vpd_with_serial(const std::string& serial) {
    const auto length = [](std::size_t size) {
        return std::string{static_cast<char>(size & 0xff), static_cast<char>(size >> 8)};
    };
    const std::string name = "fake";
    std::string out = "\x82" + length(name.size()) + name;
    std::string fields = "SN" + std::string(1, static_cast<char>(serial.size())) + serial;
    fields += std::string("RV\x01", 3);
    out += "\x90" + length(fields.size() + 1) + fields;
    const unsigned sum = std::accumulate(out.begin(), out.end(), 0U, [](unsigned total, char c) {
        return total + static_cast<unsigned char>(c);
    });
    out += static_cast<char>(0x100U - (sum & 0xffU));
    return out + "\x78";
}

}  // namespace fake
