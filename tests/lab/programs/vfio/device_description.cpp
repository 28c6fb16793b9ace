// SPDX-License-Identifier: LGPL-2.1-or-later
#include <spawn.h>

#include <algorithm>
#include <vector>

#include "device_checks.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/feature.hpp"
#include "vfio/gfx.hpp"
#include "vfio/interrupts.hpp"
#include "vfio/migration.hpp"
#include "vfio/pci_caps.hpp"
#include "vfio/reset.hpp"

using namespace vfio;

void check_description(Checks& checks, VfioDevice& device) {
    checks.that(device.info().regions > 0, "it has regions");
    const auto regions = device.regions();
    for (const Region& region : regions)
        std::printf("# region %u, %s: %#llx bytes\n", region.index,
                    region_name(region, device.info().is_pci()).c_str(),
                    static_cast<unsigned long long>(region.size));
    checks.that(!regions.empty(), "some of them have a size");
    std::vector<std::byte> bytes(16);
    for (const Region& region : regions)
        if (region.readable() && region.index == std::uint32_t(abi::PciRegion::kConfig))
            checks.works(device.io(region).read(0, bytes), "its config region reads");
    for (const Irq& irq : device.irqs())
        std::printf("# interrupts %u, %s: %u\n", irq.index,
                    irq_name(irq.index, device.info().flags).c_str(), irq.count);
    // Not the next index: mdpy answers to one more than it reports.
    checks.fails(EINVAL, device.region(device.info().regions + 70), "there is no region beyond");
}

void check_config(Checks& checks, VfioDevice& device) {
    checks.that(!device.irqs().empty(), "it has interrupts");
    const auto config = device.config();
    if (!checks.works(config, "there is a config space"))
        return;
    const auto vendor = config->read16(0);
    checks.that(vendor && *vendor != 0 && *vendor != 0xffff, "it has a vendor");
    const auto bytes = device.read_config();
    if (!checks.works(bytes, "all of it reads"))
        return;
    const PciCaps caps = walk_pci_caps(*bytes);
    for (const PciCap& cap : caps.caps)
        std::printf("# capability at %#x: %s\n", cap.offset, pci_cap_name(cap).c_str());
    checks.that(!caps.caps.empty() && caps.defect.empty(), "its capabilities are sound",
                caps.defect);
    const auto line = config->read8(0x3c);
    checks.that(line && config->write8(0x3c, static_cast<std::uint8_t>(*line ^ 1)) &&
                    config->read8(0x3c) == static_cast<std::uint8_t>(*line ^ 1) &&
                    config->write8(0x3c, *line),
                "what is written reads back");
    checks.works(device.set_bus_mastering(BusMaster::kOn), "bus mastering goes on");
    const auto command = config->read16(4);
    checks.that(command && (*command & 4) != 0, "and is on");
}

void check_features(Checks& checks, VfioDevice& device) {
    const auto features = probe_features(device.calls(), device.fd());
    const auto has = [&](abi::FeatureId id) {
        return std::any_of(features.begin(), features.end(),
                           [&](const FeatureSupport& one) { return one.id == id; });
    };
    for (const FeatureSupport& one : features)
        std::printf("# feature %s%s%s\n", feature_name(one.id).c_str(), one.get ? " get" : "",
                    one.set ? " set" : "");
    const auto migration = Migration::open(device.calls(), device.fd(), device.name());
    checks.that(migration.has_value() == has(abi::FeatureId::kMigration),
                "it migrates when it has the feature, and only then");
    if (!migration)
        checks.that(migration.error().code == Code::kUnsupported, "else that is unsupported",
                    migration.error().text());
    else
        checks.that(migration->state() == abi::MigState::kRunning, "it runs");
}

void check_low_power(Checks& checks, VfioDevice& device) {
    const auto features = probe_features(device.calls(), device.fd());
    checks.that(std::any_of(features.begin(), features.end(),
                            [](const FeatureSupport& one) {
                                return one.id == abi::FeatureId::kLowPowerEntry && one.set;
                            }),
                "low power is offered");
    checks.works(enter_low_power(device.calls(), device.fd(), device.name()), "it may sleep");
    checks.that(!enter_low_power(device.calls(), device.fd(), device.name()),
                "entering low power a second time is refused");
    const auto config = device.config();
    checks.that(config && config->read16(0).value_or(0xffff) != 0xffff, "any access wakes it");
    checks.works(exit_low_power(device.calls(), device.fd(), device.name()), "it stays awake");
}

void check_mtty(Checks& checks, VfioDevice& device) {
    const auto ports = device.region(0);
    if (!checks.works(ports, "the serial port has registers"))
        return;
    const RegionIo uart = device.io(*ports);
    constexpr std::uint64_t kScratch = 7;
    checks.that(device.irqs().size() == 2, "it has INTx and MSI");
    checks.works(uart.write8(kScratch, 0x5a), "its scratch register is written");
    checks.that(uart.read8(kScratch) == std::uint8_t{0x5a}, "and reads back");
    checks.that(!device.map(*ports), "its registers cannot be mapped");
}

void check_display(Checks& checks, VfioDevice& device) {
    checks.that(has_gfx(device.calls(), device.fd(), GfxSource::kRegion),
                "there is a display, in a region");
    checks.that(!has_gfx(device.calls(), device.fd(), GfxSource::kDmabuf), "and not in a dma-buf");
    const auto plane = query_gfx_plane(device.calls(), device.fd(), GfxSource::kRegion,
                                       GfxPlaneKind::kPrimary, device.name());
    if (!checks.works(plane, "its plane is reported"))
        return;
    std::printf("# %ux%u, %u bytes a line, %u in all, region %u\n", plane->width, plane->height,
                plane->stride, plane->size, plane->handle);
    checks.that(plane->stride >= plane->width * 4 && plane->size >= plane->stride * plane->height,
                "its size has room for all lines");
    const auto region = device.region(plane->handle);
    if (!checks.works(region, "the region is there"))
        return;
    checks.that(region->size >= plane->size, "and large enough");
    const auto pixels = device.map(*region);
    if (!checks.works(pixels, "it is mapped"))
        return;
    pixels->at(0, 1)[0] = std::byte{0x5a};
    checks.that(device.io(*region).read8(0) == std::uint8_t{0x5a}, "what is painted is there");
}

/// The process that unbinds the device waits in the kernel, which requests the device from this one
/// meanwhile. This process does not wait for it, as it ends only after the device is closed. It is
/// another program, so that it inherits no fd of the device.
void check_request(Checks& checks, VfioDevice& device) {
    constexpr auto kRequest = static_cast<std::uint32_t>(abi::PciIrq::kReq);
    const auto asked = Interrupts::enable(device, kRequest, 1);
    if (!checks.works(asked, "the request interrupt is enabled"))
        return;
    checks.works(Interrupts::enable(device, static_cast<std::uint32_t>(abi::PciIrq::kErr), 1),
                 "errors too");
    checks.that(asked->wait(0, std::chrono::milliseconds(100)) == 0U, "nobody asks yet");
    std::string script = "echo " + device.name() + " >/sys/bus/pci/drivers/vfio-pci/unbind";
    char shell[] = "sh";
    char flag[] = "-c";
    char* words[] = {shell, flag, script.data(), nullptr};
    pid_t pid = 0;
    checks.that(::posix_spawn(&pid, "/bin/sh", nullptr, nullptr, words, environ) == 0,
                "the device is to be unbound");
    checks.that(asked->wait(0, std::chrono::seconds(20)).value_or(0) > 0,
                "and we are asked for it");
}
