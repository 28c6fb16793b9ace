// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fnmatch.h>

#include <algorithm>

#include "sysfs/inventory.hpp"
#include "sysfs/names.hpp"
#include "sysfs/near.hpp"

namespace sysfs {

namespace {

using FoundDevices = std::vector<DeviceId>;

bool is_glob(std::string_view word) {
    return word.find_first_of("*?[") != std::string_view::npos;
}

/// Everything a user could have typed for some device of this host.
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

/// "01:00.0" is meant in domain 0, and is compared as that.
std::string in_full(std::string_view word) {
    const auto address = parse_pci_address_loosely(word);
    return address ? address->text() : std::string(word);
}

tl::unexpected<Error> no_device(const Inventory& inventory, std::string_view word) {
    return fail(Code::kNotFound, {}, std::string(word), "no such device",
                did_you_mean(near_names(in_full(word), spellings(inventory))));
}

tl::unexpected<Error> never_a_device(std::string_view word, const Error& why) {
    return fail(Code::kInvalid, {}, why.object.empty() ? std::string(word) : why.object,
                "not a device: want an address, BUS/NAME, a UUID, a network interface or a glob");
}

template <typename Holds>
FoundDevices all_that(const Inventory& inventory, Holds holds) {
    FoundDevices out;
    for (const Device& device : inventory.devices)
        if (holds(device))
            out.push_back(device.id);
    return out;
}

bool matches(const std::string& glob, const std::string& text) {
    return ::fnmatch(glob.c_str(), text.c_str(), FNM_PATHNAME | FNM_CASEFOLD) == 0;
}

/// A glob with a '/' is over BUS/NAME. One without is over the names on pci, with or without the
/// domain; only where no PCI device fits, over those of other buses: "*" does not mean every timer.
FoundDevices match_glob(const Inventory& inventory, const std::string& glob) {
    if (glob.find('/') != std::string::npos)
        return all_that(inventory,
                        [&](const Device& device) { return matches(glob, device.id.text()); });
    FoundDevices on_pci = all_that(inventory, [&](const Device& device) {
        return device.id.bus == "pci" &&
               (matches(glob, device.id.name) || matches("0000:" + glob, device.id.name));
    });
    if (!on_pci.empty())
        return on_pci;
    return all_that(inventory, [&](const Device& device) { return matches(glob, device.id.name); });
}

Result<DeviceId> bus_and_name(std::string_view word) {
    const std::size_t slash = word.find('/');
    const auto bus = parse_bus_name(word.substr(0, slash));
    const auto name = parse_device_name(word.substr(slash + 1));
    if (!bus)
        return propagate(bus);
    if (!name)
        return propagate(name);
    if (*bus == "pci")
        return DeviceId{*bus, in_full(*name)};
    const auto uuid = parse_uuid(*name);
    return DeviceId{*bus, uuid ? *uuid : *name};
}

FoundDevices match_word(const Inventory& inventory, std::string_view word) {
    if (const auto address = parse_pci_address_loosely(word))
        return all_that(inventory, [name = address->text()](const Device& device) {
            return device.id == DeviceId{"pci", name};
        });
    if (const auto uuid = parse_uuid(word))
        return all_that(inventory,
                        [&uuid](const Device& device) { return device.id.name == *uuid; });
    FoundDevices by_netdev = all_that(inventory, [word](const Device& device) {
        return std::find(device.netdevs.begin(), device.netdevs.end(), word) !=
               device.netdevs.end();
    });
    if (!by_netdev.empty())
        return by_netdev;
    // A bare name on another bus ("mtty", "0.0.0313") will do as long as it can mean one device
    // only.
    FoundDevices by_name =
        all_that(inventory, [word](const Device& device) { return device.id.name == word; });
    return by_name.size() == 1 ? by_name : FoundDevices();
}

}  // namespace

Result<std::vector<DeviceId>> resolve(const Inventory& inventory, std::string_view word) {
    FoundDevices found;
    if (is_glob(word)) {
        // Each part of a glob has to be what a name may be, but for the stars: attributes' names
        // are.
        if (const auto plain = parse_attr_name(word); !plain)
            return never_a_device(word, plain.error());
        found = match_glob(inventory, std::string(word));
        if (found.empty())
            return fail(Code::kNotFound, {}, std::string(word), "no device matches");
        return found;
    }
    if (word.find('/') != std::string_view::npos) {
        const auto id = bus_and_name(word);
        if (!id)
            return never_a_device(word, id.error());
        if (inventory.find(*id) == nullptr)
            return no_device(inventory, word);
        return FoundDevices{*id};
    }
    if (const auto name = parse_device_name(word); !name)
        return never_a_device(word, name.error());
    found = match_word(inventory, word);
    return found.empty() ? Result<FoundDevices>(no_device(inventory, word)) : found;
}

}  // namespace sysfs
