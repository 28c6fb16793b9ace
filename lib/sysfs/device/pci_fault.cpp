// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A device that has fallen off the bus keeps its directory, its driver and its attributes. The
// signs of it, cheapest first:
//
// power_state is what the kernel remembers (pci_power_names): "error", or "D3cold" of a device that
// is not suspended, which could not be powered up again. "unknown" is normal without a driver
// (pci_device_remove() sets it) and with one that never enabled the device (pci-stub, lpc_ich);
// with one that did, the state cannot be unknown.
//
// Reads of a device that is gone return all ones: 63 lanes of current_link_width, or the header of
// its configuration space. Both resume a device in D3cold and the port above a suspended one
// (pci_config_pm_runtime_get()), so a suspended device is left alone. Reading the header also waits
// for a reset that is going on (pci_wait_cfg()), for a minute at worst: it is done only where no
// link answers, and not on a VFIO driver, whose user may reset the device at any time.
#include "sysfs/device/pci_fault.hpp"

#include <algorithm>
#include <sstream>

#include "sysfs/device/names.hpp"
#include "sysfs/device/vfio_drivers.hpp"

namespace sysfs {
namespace {

/// "unsupported" and "error" are states of a device that was not suspended by the kernel
/// (runtime_status_show()).
bool is_suspended(const std::optional<std::string>& runtime_status) {
    return runtime_status == "suspended" || runtime_status == "suspending" ||
           runtime_status == "resuming";
}

std::string power_fault(const DeviceDir& device, const Device& out,
                        const std::optional<std::string>& runtime_status) {
    const auto state = device.attr("power_state");
    if (state == "error")
        return "its power_state is error";
    if (state == "D3cold" && runtime_status && !is_suspended(runtime_status))
        return "its power_state is D3cold while its runtime status is " + *runtime_status;
    const bool enabled = device.number("enable").value_or(1) != 0;
    if (state == "unknown" && out.driver && enabled && !is_suspended(runtime_status))
        return "its power_state is unknown while " + *out.driver + " uses it";
    return {};
}

/// Not only the ids: those of a VF are all ones by the specification.
bool config_is_all_ones(const DeviceDir& device) {
    constexpr std::size_t kHeader = 16;
    const auto config = device.dir().read_bytes("config", kHeader);
    return config && config->size() == kHeader &&
           std::all_of(config->begin(), config->end(), [](char each) { return each == '\xff'; });
}

/// The link of a PCIe device answers for its configuration space. The link of a port is down while
/// its slot is empty; a VF has none of its own, and a function inside the chipset one of at most 0
/// or 255 lanes.
std::string access_fault(const DeviceDir& device, const Device& out) {
    constexpr std::uint64_t kMostLanes = 32;
    constexpr std::uint64_t kLanesOfAllOnes = 63;
    const std::uint64_t lanes = device.number("current_link_width").value_or(0);
    if (lanes > 0 && lanes <= kMostLanes)
        return {};
    const bool may_be_reset = out.driver && is_vfio_driver(*out.driver);
    if (lanes == kLanesOfAllOnes || (!may_be_reset && config_is_all_ones(device)))
        return "its configuration space reads as all ones";
    const std::uint64_t most = device.number("max_link_width").value_or(0);
    const bool has_link = !out.vf && !out.is_bridge() && device.has("current_link_width");
    return has_link && most > 0 && most <= kMostLanes ? "its PCIe link is down" : "";
}

/// The last line of aer_dev_fatal: "TOTAL_ERR_FATAL 2", since boot. A port counts what happened
/// below.
std::string error_fault(const DeviceDir& device) {
    constexpr std::string_view kTotal = "TOTAL_ERR_FATAL ";
    const std::string counters = device.attr("aer_dev_fatal").value_or("");
    const auto at = counters.find(kTotal);
    if (at == std::string::npos)
        return {};
    const auto count = base::parse_kernel_number(counters.substr(at + kTotal.size()));
    return count && *count > 0
               ? "it has had " + std::to_string(*count) + " fatal PCIe errors since boot"
               : std::string();
}

}  // namespace

std::string read_fault(const DeviceDir& device, const Device& out) {
    const auto runtime_status = device.dir().attr("power/runtime_status");
    if (std::string fault = power_fault(device, out, runtime_status); !fault.empty())
        return fault;
    if (!is_suspended(runtime_status) && device.attr("power_state") != "D3cold")
        if (std::string fault = access_fault(device, out); !fault.empty())
            return fault;
    return out.is_bridge() ? std::string() : error_fault(device);
}

}  // namespace sysfs
