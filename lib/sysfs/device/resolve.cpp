// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/resolve.hpp"

#include <fnmatch.h>

#include <algorithm>

#include "base/edit_distance.hpp"
#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

using FoundDevices = std::vector<DeviceId>;

bool is_glob(std::string_view word) {
    return word.find_first_of("*?[") != std::string_view::npos;
}

/// Every name of a device of this host that a user may type.
std::vector<std::string> spellings(const Inventory& inventory) {
    std::vector<std::string> out;
    for (const Device& device : inventory.devices) {
        out.push_back(device.id.display());
        if (device.id.bus != "pci")
            out.push_back(device.id.name);
        out.insert(out.end(), device.netdevs.begin(), device.netdevs.end());
    }
    return out;
}

/// "01:00.0" is compared as an address of domain 0.
std::string with_domain(std::string_view word) {
    const auto address = parse_pci_address_loosely(word);
    return address ? address->text() : std::string(word);
}

tl::unexpected<base::Error> unknown_device(const Inventory& inventory, std::string_view word) {
    return base::fail(
        base::Code::kNotFound, {}, std::string(word), "no such device",
        base::did_you_mean(base::similar_names(with_domain(word), spellings(inventory))));
}

tl::unexpected<base::Error> malformed_device(std::string_view word, const base::Error& why) {
    return base::fail(
        base::Code::kInvalid, {}, why.object.empty() ? std::string(word) : why.object,
        "not a device: want an address, BUS/NAME, a UUID, a network interface or a glob");
}

template <typename Holds>
FoundDevices select_devices(const Inventory& inventory, Holds holds) {
    FoundDevices out;
    for (const Device& device : inventory.devices)
        if (holds(device))
            out.push_back(device.id);
    return out;
}

bool matches(const std::string& glob, const std::string& text) {
    return ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME | FNM_CASEFOLD) == 0;
}

/// A glob with a '/' matches BUS/NAME. One without matches names on pci, with or without the
/// domain; only if no PCI device matches, names on other buses: "*" does not mean every timer.
FoundDevices match_glob(const Inventory& inventory, const std::string& glob) {
    if (glob.find('/') != std::string::npos)
        return select_devices(
            inventory, [&](const Device& device) { return matches(glob, device.id.text()); });
    FoundDevices on_pci = select_devices(inventory, [&](const Device& device) {
        return device.id.bus == "pci" &&
               (matches(glob, device.id.name) || matches("0000:" + glob, device.id.name));
    });
    if (!on_pci.empty())
        return on_pci;
    return select_devices(inventory,
                          [&](const Device& device) { return matches(glob, device.id.name); });
}

base::Result<DeviceId> bus_and_name(std::string_view word) {
    const std::size_t slash = word.find('/');
    const auto bus = parse_bus_name(word.substr(0, slash));
    const auto name = parse_device_name(word.substr(slash + 1));
    if (!bus)
        return base::propagate(bus);
    if (!name)
        return base::propagate(name);
    if (*bus == "pci")
        return DeviceId{*bus, with_domain(*name)};
    const auto uuid = parse_uuid(*name);
    return DeviceId{*bus, uuid ? *uuid : *name};
}

FoundDevices match_word(const Inventory& inventory, std::string_view word) {
    if (const auto address = parse_pci_address_loosely(word))
        return select_devices(inventory, [name = address->text()](const Device& device) {
            return device.id == DeviceId{"pci", name};
        });
    if (const auto uuid = parse_uuid(word))
        return select_devices(inventory,
                              [&uuid](const Device& device) { return device.id.name == *uuid; });
    FoundDevices by_netdev = select_devices(inventory, [word](const Device& device) {
        return std::find(device.netdevs.begin(), device.netdevs.end(), word) !=
               device.netdevs.end();
    });
    if (!by_netdev.empty())
        return by_netdev;
    // A bare name on another bus ("mtty", "0.0.0313") is accepted if only one device has it.
    FoundDevices by_name =
        select_devices(inventory, [word](const Device& device) { return device.id.name == word; });
    return by_name.size() == 1 ? by_name : FoundDevices();
}

}  // namespace

base::Result<std::vector<DeviceId>> resolve(const Inventory& inventory, std::string_view word) {
    FoundDevices found;
    if (is_glob(word)) {
        // Each component of a glob must be valid in a name but for the wildcards, as in attribute
        // names.
        if (const auto plain = parse_attr_name(word); !plain)
            return malformed_device(word, plain.error());
        found = match_glob(inventory, std::string(word));
        if (found.empty())
            return base::fail(base::Code::kNotFound, {}, std::string(word), "no device matches");
        return found;
    }
    if (word.find('/') != std::string_view::npos) {
        const auto id = bus_and_name(word);
        if (!id)
            return malformed_device(word, id.error());
        if (inventory.find(*id) == nullptr)
            return unknown_device(inventory, word);
        return FoundDevices{*id};
    }
    if (const auto name = parse_device_name(word); !name)
        return malformed_device(word, name.error());
    found = match_word(inventory, word);
    return found.empty() ? base::Result<FoundDevices>(unknown_device(inventory, word)) : found;
}

}  // namespace sysfs
