// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvme.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "checks.hpp"

namespace {

constexpr std::uint64_t kCapabilities = 0x00;
constexpr std::uint64_t kConfiguration = 0x14;
constexpr std::uint64_t kStatus = 0x1c;
constexpr std::uint64_t kQueueSizes = 0x24;
constexpr std::uint64_t kSubmissions = 0x28;
constexpr std::uint64_t kCompletions = 0x30;
constexpr std::uint64_t kDoorbells = 0x1000;
constexpr std::uint16_t kEntries = 16;
constexpr std::size_t kPage = 4096;
// Entries of 64 and 16 bytes, enabled.
constexpr std::uint32_t kEnabled = 4U << 20 | 6U << 16 | 1U;
constexpr std::uint32_t kIdentify = 0x06;
constexpr std::uint32_t kController = 1;

}  // namespace

Nvme::Nvme(vfio::RegionIo registers, vfio::Mapping queues, std::byte* memory)
    : registers_(std::move(registers)), queues_(std::move(queues)), memory_(memory) {}

Nvme::Nvme(Nvme&& other) noexcept
    : registers_(other.registers_),
      queues_(std::move(other.queues_)),
      memory_(std::exchange(other.memory_, nullptr)),
      stride_(other.stride_),
      tail_(other.tail_),
      head_(other.head_),
      phase_(other.phase_) {}

Nvme::~Nvme() {
    if (memory_ != nullptr && registers_.write32(kConfiguration, 0))
        static_cast<void>(wait_for(false));
}

vfio::Result<Nvme> Nvme::start(const vfio::VfioDevice& device) {
    if (const auto on = device.set_bus_mastering(vfio::BusMaster::kOn); !on)
        return base::propagate(on);
    const auto bar = device.region(0);
    if (!bar)
        return base::propagate(bar);
    const std::uint64_t here = memory(2 * kPage);
    auto queues = device.space()->map_scoped({.address = here, .length = 2 * kPage});
    if (!queues)
        return base::propagate(queues);
    std::memset(reinterpret_cast<void*>(here), 0, 2 * kPage);
    Nvme nvme(device.io(*bar), std::move(*queues), reinterpret_cast<std::byte*>(here));
    if (const auto enabled = nvme.enable(); !enabled)
        return base::propagate(enabled);
    return nvme;
}

vfio::Result<void> Nvme::enable() {
    const auto capabilities = registers_.read64(kCapabilities);
    if (!capabilities)
        return base::propagate(capabilities);
    stride_ = std::uint64_t{4} << (*capabilities >> 32 & 15);
    if (auto off = registers_.write32(kConfiguration, 0); !off)
        return off;
    if (auto off = wait_for(false); !off)
        return off;
    constexpr std::uint32_t kSizes = (kEntries - 1U) << 16 | (kEntries - 1U);
    if (auto set = registers_.write32(kQueueSizes, kSizes); !set)
        return set;
    if (auto set = registers_.write64(kSubmissions, queues_.iova()); !set)
        return set;
    if (auto set = registers_.write64(kCompletions, queues_.iova() + kPage); !set)
        return set;
    if (auto on = registers_.write32(kConfiguration, kEnabled); !on)
        return on;
    return wait_for(true);
}

vfio::Result<bool> Nvme::ready() const {
    const auto status = registers_.read32(kStatus);
    if (!status)
        return base::propagate(status);
    return (*status & 1) != 0;
}

vfio::Result<void> Nvme::wait_for(bool wanted) const {
    for (int tries = 0; tries < 2000; ++tries) {
        const auto now = ready();
        if (!now)
            return base::propagate(now);
        if (*now == wanted)
            return {};
        ::usleep(5000);
    }
    return base::fail_errno(ETIMEDOUT, wanted ? "enable" : "disable", "nvme");
}

vfio::Result<void> Nvme::submit_identify(std::uint64_t iova) {
    std::array<std::uint32_t, 16> command{};
    command[0] = kIdentify | std::uint32_t{tail_} << 16;
    command[6] = static_cast<std::uint32_t>(iova);
    command[7] = static_cast<std::uint32_t>(iova >> 32);
    command[10] = kController;
    std::memcpy(memory_ + tail_ * sizeof command, command.data(), sizeof command);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    tail_ = static_cast<std::uint16_t>((tail_ + 1) % kEntries);
    return registers_.write32(kDoorbells, tail_);
}

vfio::Result<std::uint16_t> Nvme::complete() {
    const auto* word =
        reinterpret_cast<const volatile std::uint32_t*>(memory_ + kPage + head_ * 16U) + 3;
    for (int tries = 0; tries < 2000; ++tries) {
        const std::uint32_t status = *word;
        if ((status >> 16 & 1) == phase_) {
            head_ = static_cast<std::uint16_t>((head_ + 1) % kEntries);
            phase_ ^= head_ == 0 ? 1 : 0;
            if (const auto rung = registers_.write32(kDoorbells + stride_, head_); !rung)
                return base::propagate(rung);
            return static_cast<std::uint16_t>(status >> 17);
        }
        ::usleep(5000);
    }
    return base::fail_errno(ETIMEDOUT, "complete a command", "nvme");
}

std::string Nvme::serial(const std::byte* identity) {
    std::string text(reinterpret_cast<const char*>(identity) + 4, 20);
    text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    return text;
}
