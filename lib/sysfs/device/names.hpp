// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/number.hpp"
#include "base/result.hpp"

/// Names and ids, parsed strictly: the whole text or nothing. A name from outside becomes part of a
/// path only after one of these has accepted it; none of them accepts a '/', a '..' or a NUL.
namespace sysfs {

/// A device of the kernel's device model: its bus and its name there ("pci", "0000:01:00.0"). Two
/// pseudo-buses exist: "mdev" (the name is the UUID; the kernel has this bus too, without
/// driver_override) and "mdev_parent" (a parent that is on no bus with an override).
struct DeviceId {
    std::string bus;
    std::string name;

    [[nodiscard]] std::string text() const { return bus + "/" + name; }
    /// What lists print: the bare name for pci, "bus/name" for the others.
    [[nodiscard]] std::string display() const { return bus == "pci" ? name : text(); }
    auto operator<=>(const DeviceId&) const = default;
};

/// domain:bus:slot.function. The domain has 4 hex digits, or up to 8 (VMD). Compares by number.
struct PciAddress {
    std::uint32_t domain = 0;
    std::uint8_t bus = 0;
    std::uint8_t slot = 0;
    std::uint8_t function = 0;

    [[nodiscard]] std::string text() const;
    auto operator<=>(const PciAddress&) const = default;
};

/// "0000:01:00.0" as sysfs spells it, lower case.
[[nodiscard]] base::Result<PciAddress> parse_pci_address(std::string_view text);
/// The same without an error message, for sorting and filtering many names.
[[nodiscard]] std::optional<PciAddress> scan_pci_address(std::string_view text);
/// As users spell it: the domain may be missing ("01:00.0"), hex digits of either case.
[[nodiscard]] base::Result<PciAddress> parse_pci_address_loosely(std::string_view text);

/// 36 characters, hex of either case; the result is lower case.
[[nodiscard]] base::Result<std::string> parse_uuid(std::string_view text);

/// A name of a driver, module, bus, group or attribute that the kernel accepts; never a path.
[[nodiscard]] base::Result<std::string> parse_driver_name(std::string_view text);
[[nodiscard]] base::Result<std::string> parse_module_name(std::string_view text);
[[nodiscard]] base::Result<std::string> parse_bus_name(std::string_view text);
/// A driver name that sysfs shows. Blanks inside are allowed ("budget_ci dvb" is a driver); in a
/// policy they are an error.
[[nodiscard]] base::Result<std::string> parse_kernel_name(std::string_view text);
/// A device's name on its bus (vmbus has UUIDs, cdx "cdx-00:00", ap "04.0006", css "0.0.0313").
[[nodiscard]] base::Result<std::string> parse_device_name(std::string_view text);
/// An attribute below a device, with at most one directory level ("nvidia/current_vgpu_type").
[[nodiscard]] base::Result<std::string> parse_attr_name(std::string_view text);
[[nodiscard]] base::Result<std::string> parse_mdev_type(std::string_view text);

/// Module names compare with '-' and '_' folded to '_', as modprobe does.
[[nodiscard]] std::string normalise_module(std::string_view name);

/// The order of lists: PCI addresses by number, other names by base::version_compare().
[[nodiscard]] bool device_name_less(std::string_view a, std::string_view b);

}  // namespace sysfs
