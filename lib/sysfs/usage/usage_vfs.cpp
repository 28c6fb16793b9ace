// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/usage_vfs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/device_reader.hpp"
#include "sysfs/module/crypto_algorithms.hpp"
#include "sysfs/net/target_ports.hpp"
#include "sysfs/usage/process.hpp"

namespace sysfs {
namespace {

constexpr std::size_t kShown = 4;

/// Users inside the kernel that an attribute tells of alone.
struct CountedUse {
    const char* devices;
    const char* attribute;
    const char* idle;
    const char* text;
};
constexpr CountedUse kCountedUses[] = {
    // in_use_show(): clients such as async_tx of md, and NTB's transport
    {"/sys/class/dma", "in_use", "0", "the kernel moves data with it"},
    // Unbinding stops the pings, not the timer (watchdog_dev_unregister()).
    {"/sys/class/watchdog", "state", "inactive", "it is a watchdog that runs"},
    // The gadget that the controller has (function_show()): the host plays a USB device with it.
    {"/sys/class/udc", "function", "", "it serves a USB gadget"},
    // The kernel's clients of a work queue (wq_clients_show()), and programs'.
    {"/sys/bus/dsa/devices", "clients", "0", "its work queues have clients"},
    // usbip_status_show(): exported (2), or failed while it was (3)
    {"/sys/bus/usb/devices", "usbip_status", "1", "the kernel serves it to others"},
};

void add_counted_use(const CountedUse& use, const std::string& devices, const std::string& name,
                     UsageCheck& check) {
    const auto dir = base::Dir::open(devices + "/" + name);
    const auto state = dir ? dir->read(use.attribute) : base::propagate(dir);
    if (state && *state != use.idle)
        check.add(UseKind::kHolder, use.text,
                  fmt::format("{} of {} is {}", use.attribute, name, *state));
    else if (!state && state.error().code != base::Code::kNotFound)
        check.add(UseKind::kUnknown, "who uses it is unknown", state.error().text());
}

bool has_module(const Root& root, const char* name) {
    return base::Dir::open(root.path(std::string("/sys/module/") + name)).has_value();
}

/// The watchdog of a BMC has no entry in sysfs (ipmi_watchdog is a misc device); it resets the host
/// when nobody can stop it any more.
void find_bmc_watchdog(const Root& root, UsageCheck& check) {
    for (const auto& [number, node] : check.subtree.nodes)
        if (node.subsystem == "ipmi" && has_module(root, "ipmi_watchdog"))
            check.add(UseKind::kHolder, "the kernel's watchdog may be on it", node.name);
}

/// "ttyS4,115200", "kbd,ttyS4" (kgdboc_option_setup())
void find_debugger(const Root& root, std::span<UsageCheck> checks) {
    const auto dir = base::Dir::open(root.path("/sys/module/kgdboc/parameters"));
    std::istringstream words(dir ? dir->attr("kgdboc").value_or("") : "");
    for (std::string word; std::getline(words, word, ',');)
        for (UsageCheck& check : checks)
            for (const auto& [number, node] : check.subtree.nodes)
                if (node.subsystem == "tty" && node.name == word)
                    check.add(UseKind::kConsole, "the kernel's debugger is on it",
                              "kgdboc on " + word);
}

// gen_pool_avail() of available_show(): memory that another driver has (an nvmet port with
// p2pmem), or that a program has mapped.
void find_lent_memory(UsageCheck& check) {
    for (const auto& function : check.subtree.functions) {
        const auto pool = base::Dir::open(function + "/p2pmem");
        const auto size = pool ? pool->attr("size") : std::nullopt;
        const auto available = pool ? pool->attr("available") : std::nullopt;
        if (size && available && size != available)
            check.add(UseKind::kHolder, "memory of it is lent to others",
                      fmt::format("{} of the {} bytes of {}/p2pmem are free", *available, *size,
                                  base::base_name(function)));
    }
}

/// "hci0:256" is a connection of hci0 (hci_conn_init_sysfs()): no program has a node open for it.
void find_bluetooth(const Root& root, UsageCheck& check) {
    const std::string all = root.path("/sys/class/bluetooth");
    for (const auto& name : base::list_directory(all)) {
        const auto syspath = syspath_from_link(base::read_link(all + "/" + name).value_or(""));
        if (name.find(':') != std::string::npos &&
            syspath.starts_with(check.subtree.device.syspath + "/"))
            check.add(UseKind::kHolder, "a Bluetooth device is connected through it", name);
    }
}

/// A sound card's MIDI port that the sequencer has open for a program, which has /dev/snd/seq only
/// (snd_rawmidi_kernel_open()). The card's table names the program (snd_rawmidi_proc_info_read()).
void find_sequencer(const Root& root, UsageCheck& check) {
    constexpr std::string_view kMidi = "snd/midiC";
    for (const auto& [number, node] : check.subtree.nodes) {
        const auto d = node.name.rfind('D');
        if (!node.name.starts_with(kMidi) || d == std::string::npos || d < kMidi.size())
            continue;
        const std::string port =
            fmt::format("card{}/midi{}", node.name.substr(kMidi.size(), d - kMidi.size()),
                        node.name.substr(d + 1));
        std::istringstream words(base::read_file(root.path("/proc/asound/" + port)).value_or(""));
        for (std::string word; words >> word;)
            if (word == "PID" && words >> word >> word)
                check.add(UseKind::kOpenFd, "a program plays or records with it",
                          fmt::format("{} has {} open", process_label(root, word), port));
    }
}

void find_served_ports(const Root& root, std::span<UsageCheck> checks) {
    const auto ports = read_target_ports(root);
    for (UsageCheck& check : checks) {
        const auto addresses = ports.empty() ? std::vector<std::string>()
                                             : port_addresses(root, check.subtree.device.syspath);
        for (const TargetPort& port : ports)
            if (std::find(addresses.begin(), addresses.end(), port.address) != addresses.end())
                check.add(UseKind::kHolder, "the kernel serves disks to others through it",
                          port.name);
    }
}

std::string vf_text(const Inventory& inventory, const DeviceId& pf, const std::string& name) {
    const Device* vf = inventory.find({.bus = pf.bus, .name = name});
    return vf != nullptr && vf->driver ? fmt::format("{} on {}", name, *vf->driver) : name;
}

}  // namespace

// Unbinding a PF's driver normally destroys its VFs, even if they are in use. vfio-pci refuses such
// a PF with EBUSY, but only after its native driver was unbound.
void find_vfs(const Inventory& inventory, UsageCheck& check) {
    const Device& device = check.subtree.device;
    if (!device.sriov || device.sriov->enabled == 0)
        return;
    std::string names;
    std::size_t shown = 0;
    for (const auto& [index, name] : device.sriov->vfs) {
        if (shown++ == kShown)
            break;
        names += (names.empty() ? ": " : ", ") + vf_text(inventory, device.id, name);
    }
    if (device.sriov->vfs.size() > kShown)
        names += ", ...";
    check.add(UseKind::kVfsInUse, "its virtual functions are enabled",
              fmt::format("{} of {} VFs{}", device.sriov->enabled, device.sriov->total, names));
}

// mdev_unregister_parent() removes them all, and waits for those that are open.
void find_mdevs(UsageCheck& check) {
    for (const std::string& mdev : check.subtree.mdevs)
        check.add(UseKind::kHolder, "a mediated device of it is running", mdev);
}

void find_kernel_clients(const Root& root, std::span<UsageCheck> checks) {
    for (UsageCheck& check : checks)
        for (const std::string& algorithm : used_crypto_algorithms(root, check.subtree.device))
            check.add(UseKind::kHolder, "the kernel encrypts with it", algorithm);
    for (UsageCheck& check : checks) {
        find_bmc_watchdog(root, check);
        find_lent_memory(check);
        find_bluetooth(root, check);
        find_sequencer(root, check);
    }
    find_debugger(root, checks);
    find_served_ports(root, checks);
    for (const CountedUse& each : kCountedUses) {
        const std::string devices = root.path(each.devices);
        for (const auto& name : base::list_directory(devices)) {
            const std::string syspath =
                syspath_from_link(base::read_link(devices + "/" + name).value_or(""));
            for (UsageCheck& check : checks)
                if (syspath.starts_with(check.subtree.device.syspath + "/"))
                    add_counted_use(each, devices, name, check);
        }
    }
}

}  // namespace sysfs
