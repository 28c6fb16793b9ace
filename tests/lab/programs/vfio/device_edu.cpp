// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <cstring>
#include <vector>

#include "device_checks.hpp"
#include "edu.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/doorbell.hpp"
#include "vfio/interrupts.hpp"

using namespace vfio;

namespace {

constexpr auto kTimeout = std::chrono::seconds(20);
constexpr auto kMoment = std::chrono::milliseconds(200);
constexpr std::uint32_t kIntx = static_cast<std::uint32_t>(abi::PciIrq::kIntx);
constexpr std::uint32_t kMsi = static_cast<std::uint32_t>(abi::PciIrq::kMsi);

char* bytes_at(std::uint64_t address) {
    return reinterpret_cast<char*>(address);
}

}  // namespace

void check_edu_map(Checks& checks, VfioDevice& device) {
    const auto bar = device.region(0);
    if (!checks.works(bar, "BAR 0 is there") ||
        !checks.works(device.set_bus_mastering(BusMaster::kOn), "it decodes memory"))
        return;
    const RegionIo registers = device.io(*bar);
    checks.that(registers.read32(0) == 0x010000edU, "it identifies itself");
    checks.that(registers.write32(4, 0x12345678) && registers.read32(4) == ~0x12345678U,
                "it inverts what it is given");
    const auto map = device.map(*bar);
    if (!checks.works(map, "BAR 0 is mapped"))
        return;
    const auto word = [&](std::uint64_t offset) -> volatile std::uint32_t& {
        return *reinterpret_cast<volatile std::uint32_t*>(map->at(offset, 4).data());
    };
    checks.that(word(0) == 0x010000edU, "it is the same device through memory");
    word(4) = 0x55aa55aa;
    checks.that(registers.read32(4) == ~0x55aa55aaU, "what goes in here comes out there");
    checks.that(map->at(bar->size - 2, 4).empty(), "nothing beyond its end is handed out");
}

void check_edu_dma(Checks& checks, VfioDevice& device) {
    const auto edu = Edu::open(device);
    if (!checks.works(edu, "the DMA engine is there"))
        return;
    constexpr std::uint64_t kLength = 0x2000;
    const std::uint64_t here = memory(kLength);
    auto mapping =
        device.space()->map_scoped({.address = here, .length = kLength, .within = Edu::kReach});
    if (!checks.works(mapping, "memory is mapped where the device reaches"))
        return;
    std::printf("# at %#llx\n", static_cast<unsigned long long>(mapping->iova()));
    checks.that(Edu::kReach.contains(mapping->mapped().iova), "which is below 28 bits");
    std::vector<char> pattern(1024);
    for (std::size_t i = 0; i < pattern.size(); ++i)
        pattern[i] = static_cast<char>(i * 7 + 1);
    std::memcpy(bytes_at(here), pattern.data(), pattern.size());
    std::memset(bytes_at(here) + 0x1000, 0, pattern.size());
    const auto size = static_cast<std::uint32_t>(pattern.size());
    checks.works(edu->transfer(Edu::Direction::kFromMemory, mapping->iova(), size),
                 "it takes bytes from memory");
    checks.works(edu->transfer(Edu::Direction::kToMemory, mapping->iova() + 0x1000, size),
                 "and puts them elsewhere");
    checks.that(std::memcmp(bytes_at(here) + 0x1000, pattern.data(), pattern.size()) == 0,
                "they are the same");
    const std::uint64_t iova = mapping->iova();
    checks.that(mapping->unmap() == kLength, "the memory is unmapped");
    std::memset(bytes_at(here) + 0x1000, 0x33, pattern.size());
    checks.works(edu->transfer(Edu::Direction::kToMemory, iova + 0x1000, size),
                 "the device tries again");
    checks.that(bytes_at(here)[0x1000] == 0x33 && bytes_at(here)[0x13ff] == 0x33,
                "and the IOMMU does not let it");
    const auto readable = device.space()->map_scoped(
        {.address = here, .length = kLength, .access = DmaAccess::kRead, .within = Edu::kReach});
    checks.works(readable, "memory is mapped for reading only");
    if (readable)
        static_cast<void>(
            edu->transfer(Edu::Direction::kToMemory, readable->iova() + 0x1000, size));
    checks.that(bytes_at(here)[0x1000] == 0x33, "and the device cannot write to it");
}

void check_edu_intx(Checks& checks, VfioDevice& device) {
    const auto edu = Edu::open(device);
    auto interrupts = Interrupts::enable(device, kIntx, 1);
    if (!checks.works(edu, "the device is there") || !checks.works(interrupts, "INTx is enabled"))
        return;
    checks.works(edu->raise(1), "an interrupt is raised");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "INTx comes");
    checks.that(edu->pending() == 1U, "the device says which");
    checks.works(interrupts->unmask(), "unmasked without serving the device");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "it comes again: it is a level");
    checks.works(edu->acknowledge(1), "the device is served");
    checks.works(interrupts->unmask(), "and INTx unmasked");
    checks.that(interrupts->wait(0, kMoment) == 0U, "nothing comes any more");

    const base::UniqueFd resample(device.calls().eventfd());
    checks.works(
        set_unmask_eventfd(device.calls(), device.fd(), kIntx, resample.get(), device.name()),
        "an eventfd is to unmask it");
    checks.works(edu->raise(2), "another interrupt is raised");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "INTx comes");
    const std::uint64_t one = 1;
    checks.that(device.calls().write(resample.get(), std::as_bytes(std::span(&one, 1))) == 8,
                "the eventfd is signalled");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "and unmasks: the level is still there");
    checks.works(edu->acknowledge(2), "the device is served");
    checks.works(set_unmask_eventfd(device.calls(), device.fd(), kIntx, -1, device.name()),
                 "the eventfd is taken away");
    checks.works(interrupts->unmask(), "INTx is unmasked for the last time");
    const auto msi = Interrupts::enable(device, kMsi, 1);
    checks.that(!msi && msi.error().errnum == EINVAL, "MSI is not to be had beside INTx");
}

void check_edu_msi(Checks& checks, VfioDevice& device) {
    const auto edu = Edu::open(device);
    auto interrupts = Interrupts::enable(device, kMsi, 1);
    if (!checks.works(edu, "the device is there") || !checks.works(interrupts, "MSI is enabled"))
        return;
    checks.works(edu->raise(4), "an interrupt is raised");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "MSI comes");
    checks.works(edu->acknowledge(4), "the device is served");
    checks.that(interrupts->wait(0, kMoment) == 0U, "nothing comes any more");
    checks.works(interrupts->trigger(0), "the kernel is asked to signal it");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "and does");
    const auto mapping = device.space()->map_scoped(
        {.address = memory(0x1000), .length = 0x1000, .within = Edu::kReach});
    if (!checks.works(mapping, "memory is mapped"))
        return;
    checks.works(
        edu->transfer(Edu::Direction::kFromMemory, mapping->iova(), 64, Edu::Notify::kInterrupt),
        "DMA with notification runs");
    checks.that(interrupts->wait(0, kTimeout) == 1U, "its MSI comes");
    checks.that(edu->pending() == Edu::kDmaInterrupt, "and the device says that it was the DMA");
    checks.works(edu->acknowledge(Edu::kDmaInterrupt), "the device is served");
}

void check_dirty(Checks& checks, VfioDevice& device) {
    const auto edu = Edu::open(device);
    const auto mapping = device.space()->map_scoped(
        {.address = memory(0x4000), .length = 0x4000, .within = Edu::kReach});
    if (!checks.works(edu, "the device is there") || !checks.works(mapping, "memory is mapped"))
        return;
    const auto started = device.space()->start_dirty_tracking();
    if (device.space()->backend() != Backend::kType1v2) {
        checks.that(!started, "this backend or IOMMU tracks no dirty pages");
        std::printf("# %s\n", started ? "" : started.error().text().c_str());
        return;
    }
    checks.works(started, "dirty pages are tracked");
    checks.works(edu->transfer(Edu::Direction::kToMemory, mapping->iova() + 0x2000, 64),
                 "the device writes to a page");
    std::uint64_t bits = 0;
    checks.works(device.space()->read_dirty(mapping->mapped().iova, 0x1000, std::span(&bits, 1)),
                 "the dirty pages are read");
    std::printf("# they are %#llx\n", static_cast<unsigned long long>(bits));
    checks.that((bits & 4) != 0 && bits < 16, "that page is among them, none beyond the range is");
    checks.works(device.space()->stop_dirty_tracking(), "tracking ends");
}

/// The register at 4 inverts what is written to it, so it shows that the kernel wrote.
void check_doorbell(Checks& checks, VfioDevice& device) {
    const auto bar = device.region(0);
    if (!checks.works(bar, "BAR 0 is there") ||
        !checks.works(device.set_bus_mastering(BusMaster::kOn), "it decodes memory"))
        return;
    const RegionIo registers = device.io(*bar);
    const base::UniqueFd bell(device.calls().eventfd());
    const DoorbellWrite write{.offset = 4, .width = 4, .value = 0x1234};
    checks.works(registers.write32(4, 0), "the register has another value");
    checks.works(set_doorbell(device.calls(), device.fd(), *bar, write, bell.get(), device.name()),
                 "an eventfd is to write to it");
    const std::uint64_t one = 1;
    checks.that(device.calls().write(bell.get(), std::as_bytes(std::span(&one, 1))) == 8,
                "it is signalled");
    bool written = false;
    for (int i = 0; i < 200 && !written; ++i) {
        written = registers.read32(4) == ~0x1234U;
        if (!written)
            ::usleep(10'000);
    }
    checks.that(written, "and the kernel has written");
    checks.fails(EEXIST,
                 set_doorbell(device.calls(), device.fd(), *bar, write, bell.get(), device.name()),
                 "the same write is made once");
    checks.works(set_doorbell(device.calls(), device.fd(), *bar, write, -1, device.name()),
                 "it is taken back");
    checks.fails(ENODEV, set_doorbell(device.calls(), device.fd(), *bar, write, -1, device.name()),
                 "once");
}
