// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstring>

#include "device_checks.hpp"
#include "nvme.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/interrupts.hpp"
#include "vfio/reset.hpp"

using namespace vfio;

namespace {

constexpr auto kNvmeTimeout = std::chrono::seconds(20);

/// Lets the controller write its identification into memory that is mapped for it.
void identify(Checks& checks, Nvme& nvme, VfioDevice& device) {
    const std::uint64_t here = memory(4096);
    const auto mapping = device.space()->map_scoped({.address = here, .length = 4096});
    if (!checks.works(mapping, "memory is mapped for its identity"))
        return;
    checks.works(nvme.submit_identify(mapping->iova()), "it is asked who it is");
    checks.that(nvme.complete() == std::uint16_t{0}, "it answers");
    const std::string serial = Nvme::serial(reinterpret_cast<const std::byte*>(here));
    checks.that(serial == "plain" || serial == "pf", "with its serial number", serial);
}

std::vector<const GroupFd*> shown(const VfioDevice& device) {
    return device.group().valid() ? std::vector{&device.group()} : std::vector<const GroupFd*>{};
}

}  // namespace

void check_nvme(Checks& checks, VfioDevice& device) {
    auto vectors = Interrupts::enable(device, static_cast<std::uint32_t>(abi::PciIrq::kMsix), 2);
    auto nvme = Nvme::start(device);
    if (!checks.works(vectors, "MSI-X is enabled") || !checks.works(nvme, "the controller starts"))
        return;
    checks.that(vectors->size() == 2, "with two vectors");
    identify(checks, *nvme, device);
    checks.that(vectors->wait(0, kNvmeTimeout).value_or(0) >= 1, "the admin queue's MSI-X comes");
    checks.that(vectors->wait(1, std::chrono::milliseconds(50)) == 0U, "the other does not");
    checks.works(vectors->trigger(1), "the kernel is asked to signal the other");
    checks.that(vectors->wait(1, kNvmeTimeout) == 1U, "and does");
    const auto bar = device.region(0);
    if (!checks.works(bar, "BAR 0 is there"))
        return;
    const auto map = device.map(*bar);
    checks.that(map && !map->at(0, 4).empty(), "its registers map");
    if (map)
        checks.that(*reinterpret_cast<volatile std::uint32_t*>(map->at(0x1c, 4).data()) == 1,
                    "and say through memory that it is ready");
}

void check_reset(Checks& checks, VfioDevice& device) {
    checks.that(device.info().can_reset(), "it can be reset");
    auto nvme = Nvme::start(device);
    if (!checks.works(nvme, "the controller starts"))
        return;
    checks.that(nvme->ready() == true, "and is ready");
    checks.works(device.reset(), "the device is reset");
    checks.works(device.set_bus_mastering(BusMaster::kOn), "it decodes memory again");
    checks.that(nvme->ready() == false, "it is not ready any more");
    auto again = Nvme::start(device);
    if (checks.works(again, "it starts again"))
        identify(checks, *again, device);
}

void check_hot_reset(Checks& checks, VfioDevice& device) {
    const auto scope = hot_reset_scope(device.calls(), device.fd(), device.name());
    if (!checks.works(scope, "it can be hot reset"))
        return;
    checks.that(scope->by_devid == !device.group().valid(), "in the protocol of its kind of fd");
    checks.that(scope->devices.size() == 1 && scope->devices[0].address == device.name(), "alone");
    auto nvme = Nvme::start(device);
    if (!checks.works(nvme, "the controller starts"))
        return;
    checks.that(nvme->ready() == true, "and is ready");
    if (device.group().valid())
        checks.that(!hot_reset(device.calls(), device.fd(), {}, device.name()),
                    "without its group's fd it is refused");
    checks.works(hot_reset(device.calls(), device.fd(), shown(device), device.name()),
                 "it is hot reset");
    checks.works(device.set_bus_mastering(BusMaster::kOn), "it decodes memory again");
    checks.that(nvme->ready() == false, "it is not ready any more");
}

void check_bus_reset(Checks& checks, VfioDevice& device) {
    const auto scope = hot_reset_scope(device.calls(), device.fd(), device.name());
    if (!checks.works(scope, "its bus can be reset"))
        return;
    for (const AffectedDevice& one : scope->devices)
        std::printf("# with %s%s\n", one.address.c_str(), one.owned ? "" : ", another's");
    checks.that(scope->devices.size() > 1, "with others");
    checks.that(scope->groups().size() == (device.group().valid() ? 1U : 0U), "all of one group");
    checks.works(hot_reset(device.calls(), device.fd(), shown(device), device.name()),
                 "and is reset");
}
