// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/fault_queue.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<FaultQueue> FaultQueue::allocate(SharedIommu iommu) {
    abi::FaultQueueAlloc alloc{
        .size = sizeof alloc, .flags = 0, .out_fault_id = 0, .out_fault_fd = 0};
    const int answer = iommu->call(abi::IommuCall::kFaultQueueAlloc, &alloc);
    if (answer < 0)
        return fail_call(-answer, "allocate a fault queue", "/dev/iommu",
                         answer == -ENOTTY ? "fault queues came with Linux 6.11" : "");
    return FaultQueue(IommuObject(std::move(iommu), alloc.out_fault_id),
                      QueueFd(UniqueFd(static_cast<int>(alloc.out_fault_fd))));
}

Result<std::vector<abi::HwptPgfault>> FaultQueue::read() {
    std::array<abi::HwptPgfault, 64> faults{};
    Calls& calls = object_.iommu()->calls;
    const ssize_t got = calls.read(fd_.get(), std::as_writable_bytes(std::span(faults)));
    if (got == -EAGAIN)
        return std::vector<abi::HwptPgfault>{};
    if (got < 0)
        return fail_call(static_cast<int>(-got), "read faults", "fault queue");
    const std::size_t count = static_cast<std::size_t>(got) / sizeof(abi::HwptPgfault);
    if (static_cast<std::size_t>(got) % sizeof(abi::HwptPgfault) != 0)
        return base::fail(Code::kFailed, "read faults", "fault queue", "half a fault");
    return std::vector<abi::HwptPgfault>(faults.begin(),
                                         faults.begin() + static_cast<std::ptrdiff_t>(count));
}

Result<void> FaultQueue::respond(std::uint32_t cookie, PageResponse answer) {
    const abi::HwptPageResponse response{.cookie = cookie,
                                         .code = static_cast<std::uint32_t>(answer)};
    const ssize_t put =
        object_.iommu()->calls.write(fd_.get(), std::as_bytes(std::span(&response, 1)));
    if (put < 0)
        return fail_call(static_cast<int>(-put), "answer fault " + std::to_string(cookie),
                         "fault queue", put == -EINVAL ? "no fault with this cookie waits" : "");
    return {};
}

Vevents parse_vevents(std::span<const std::byte> bytes, std::size_t size) {
    Vevents out;
    while (!bytes.empty()) {
        abi::VeventHeader header;
        if (bytes.size() < sizeof header) {
            out.defect = "half a header at the end";
            break;
        }
        std::memcpy(&header, bytes.data(), sizeof header);
        bytes = bytes.subspan(sizeof header);
        Vevent event{.sequence = header.sequence,
                     .lost = (header.flags & abi::kVeventLost) != 0,
                     .data = {}};
        if (!event.lost) {
            if (bytes.size() < size) {
                out.defect = "half an event at the end";
                break;
            }
            event.data.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
            bytes = bytes.subspan(size);
        }
        out.events.push_back(std::move(event));
    }
    return out;
}

std::uint32_t lost_events(std::uint32_t before, std::uint32_t after) {
    constexpr std::uint32_t kMask = 0x7fffffff;
    return ((after - before) & kMask) == 0 ? 0 : ((after - before) & kMask) - 1;
}

}  // namespace vfio
