// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A userspace driver on one page: opens QEMU's `edu` device, maps memory for it, copies a message
// through the device and back with its DMA engine, and waits for its interrupts.
//
//     vfioctl bind 0000:00:10.0
//     vfio-dma 0000:00:10.0
//
// The same code runs on an iommufd and on every older container: which one it got is printed.
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "vfio/device.hpp"
#include "vfio/interrupts.hpp"
#include "vfio/system_calls.hpp"

namespace {

// The device's registers in BAR 0 (QEMU, docs/specs/edu).
constexpr std::uint64_t kPending = 0x24, kAcknowledge = 0x64;
constexpr std::uint64_t kSource = 0x80, kDestination = 0x88, kCount = 0x90, kCommand = 0x98;
constexpr std::uint32_t kStart = 1, kToMemory = 2, kInterruptWhenDone = 4;
constexpr std::uint32_t kInside = 0x40000;  // the device's own memory, as its engine sees it
constexpr vfio::IovaRange kReach{0, (1U << 28) - 1};  // it has 28 address lines
constexpr std::uint32_t kMsi = 1;                     // PCI: 0 INTx, 1 MSI, 2 MSI-X

/// One transfer, begun by writing registers and over when the interrupt comes.
vfio::Result<void> carry(const vfio::RegionIo& bar, const vfio::Interrupts& msi, std::uint32_t from,
                         std::uint32_t to, std::uint32_t direction) {
    const std::uint32_t command = kStart | kInterruptWhenDone | direction;
    for (const auto& [offset, value] :
         {std::pair{kSource, from}, {kDestination, to}, {kCount, 64U}, {kCommand, command}})
        if (auto written = bar.write32(offset, value); !written)
            return written;
    const auto fired = msi.wait(0, std::chrono::seconds(10));
    if (!fired)
        return base::propagate(fired);
    if (*fired == 0)
        return base::fail(vfio::Code::kTimeout, "DMA", "edu", "no interrupt within 10 seconds");
    const auto pending = bar.read32(kPending);
    if (!pending)
        return base::propagate(pending);
    return bar.write32(kAcknowledge, *pending);
}

vfio::Result<void> run(const char* name) {
    vfio::SystemCalls calls;  // the kernel; tests put a model of it here

    // 1. Open it: the best backend that this kernel has, with an address space for its DMA.
    const auto device = vfio::VfioDevice::open(calls, name);
    if (!device)
        return base::propagate(device);
    const std::string_view backend = vfio::name(device->space()->backend());
    std::printf("%s through %.*s\n", name, static_cast<int>(backend.size()), backend.data());

    // 2. Map memory. The address the device is to use is the library's choice, within its reach;
    //    the mapping ends with its handle.
    void* memory =
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const auto mapping = device->space()->map_scoped(
        {.address = reinterpret_cast<std::uint64_t>(memory), .length = 4096, .within = kReach});
    if (!mapping)
        return base::propagate(mapping);
    const auto iova = static_cast<std::uint32_t>(mapping->iova());
    std::printf("4096 bytes mapped at %#x\n", iova);

    // 3. Interrupts arrive on eventfds; these are disabled with their handle.
    const auto msi = vfio::Interrupts::enable(*device, kMsi, 1);
    if (!msi)
        return base::propagate(msi);

    // 4. Let the device do DMA, and drive it: memory → device → elsewhere in memory.
    if (auto on = device->set_bus_mastering(vfio::BusMaster::kOn); !on)
        return on;
    const auto region = device->region(0);
    if (!region)
        return base::propagate(region);
    const vfio::RegionIo bar = device->io(*region);
    char* text = static_cast<char*>(memory);
    std::strcpy(text, "carried by DMA");
    if (auto there = carry(bar, *msi, iova, kInside, 0); !there)
        return there;
    if (auto back = carry(bar, *msi, kInside, iova + 2048, kToMemory); !back)
        return back;
    std::printf("two interrupts, and at %#x: %s\n", iova + 2048, text + 2048);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: vfio-dma DEVICE\n");
        return 2;
    }
    const auto done = run(argv[1]);
    if (done)
        return 0;
    std::fprintf(stderr, "vfio-dma: %s\n", done.error().text().c_str());
    if (!done.error().hint.empty())
        std::fprintf(stderr, "hint: %s\n", done.error().hint.c_str());
    return 1;
}
