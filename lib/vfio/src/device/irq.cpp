// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/irq.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "vfio/abi/device.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/s390.hpp"

namespace vfio {
namespace {

constexpr std::array kPciNames = {"INTx", "MSI", "MSI-X", "error", "request"};
constexpr std::array kCcwNames = {"I/O", "CRW", "request"};
constexpr std::array kApNames = {"request", "config-change"};
constexpr std::array kFlagNames = {
    std::pair{abi::kIrqEventfd, "eventfd"},
    std::pair{abi::kIrqMaskable, "maskable"},
    std::pair{abi::kIrqAutomasked, "automasked"},
    std::pair{abi::kIrqNoresize, "noresize"},
};

std::string irq_label(std::uint32_t index, const std::string& device) {
    return device + " irq " + std::to_string(index);
}

/// VFIO_DEVICE_SET_IRQS: the structure and its data in one buffer. Returns the kernel's answer.
int set_irqs(Calls& calls, const DeviceFd& fd, abi::IrqSet set,
             std::span<const std::byte> payload) {
    std::vector<std::byte> buffer(sizeof set + payload.size());
    set.argsz = static_cast<std::uint32_t>(buffer.size());
    std::memcpy(buffer.data(), &set, sizeof set);
    std::copy(payload.begin(), payload.end(), buffer.begin() + sizeof set);
    return device_call(calls, fd, abi::DeviceCall::kSetIrqs, buffer.data());
}

}  // namespace

bool Irq::eventfd() const {
    return (flags & abi::kIrqEventfd) != 0;
}
bool Irq::maskable() const {
    return (flags & abi::kIrqMaskable) != 0;
}
bool Irq::automasked() const {
    return (flags & abi::kIrqAutomasked) != 0;
}
bool Irq::noresize() const {
    return (flags & abi::kIrqNoresize) != 0;
}

Result<Irq> read_irq(Calls& calls, const DeviceFd& fd, std::uint32_t index,
                     const std::string& device) {
    abi::IrqInfo info{};
    info.argsz = sizeof info;
    info.index = index;
    const int answer = device_call(calls, fd, abi::DeviceCall::kGetIrqInfo, &info);
    if (answer < 0) {
        auto failed = fail_call(-answer, "interrupt info", irq_label(index, device));
        if (answer == -EINVAL)
            failed.value().code = Code::kUnsupported;
        return failed;
    }
    return Irq{.index = index, .count = info.count, .flags = info.flags};
}

std::string irq_name(std::uint32_t index, std::uint32_t device_flags) {
    if ((device_flags & abi::kDevicePci) != 0 && index < kPciNames.size())
        return kPciNames.at(index);
    if ((device_flags & abi::kDeviceCcw) != 0 && index < kCcwNames.size())
        return kCcwNames.at(index);
    if ((device_flags & abi::kDeviceAp) != 0 && index < kApNames.size())
        return kApNames.at(index);
    return "irq " + std::to_string(index);
}

std::vector<std::string> irq_flag_names(std::uint32_t flags) {
    std::vector<std::string> names;
    for (const auto& [bit, name] : kFlagNames)
        if ((flags & bit) != 0)
            names.emplace_back(name);
    return names;
}

Result<EnabledVectors> set_eventfds(Calls& calls, const DeviceFd& fd, std::uint32_t index,
                                    std::uint32_t first, std::span<const int> eventfds,
                                    const std::string& device) {
    const abi::IrqSet set{.argsz = 0,
                          .flags = abi::kIrqSetDataEventfd | abi::kIrqSetActionTrigger,
                          .index = index,
                          .start = first,
                          .count = static_cast<std::uint32_t>(eventfds.size())};
    const int answer = set_irqs(calls, fd, set, std::as_bytes(eventfds));
    if (answer < 0)
        return fail_call(-answer, "enable interrupts", irq_label(index, device),
                         answer == -EINVAL ? "INTx, MSI and MSI-X exclude each other: disable the "
                                             "one that is on; or the vectors go beyond the device's"
                                           : "");
    // A positive answer is not success: so many vectors there are, and none was enabled.
    if (answer > 0)
        return EnabledVectors{.vectors = 0, .available = static_cast<std::uint32_t>(answer)};
    return EnabledVectors{.vectors = set.count, .available = set.count};
}

Result<void> disable_irq(Calls& calls, const DeviceFd& fd, const Irq& irq,
                         const std::string& device) {
    if (irq.count == 0)
        return {};
    const abi::IrqSet set{.argsz = 0,
                          .flags = abi::kIrqSetDataNone | abi::kIrqSetActionTrigger,
                          .index = irq.index,
                          .start = 0,
                          .count = 0};
    return check_answer(set_irqs(calls, fd, set, {}), "disable interrupts",
                        irq_label(irq.index, device));
}

Result<void> trigger_irq(Calls& calls, const DeviceFd& fd, std::uint32_t index, std::uint32_t first,
                         std::uint32_t count, const std::string& device) {
    const abi::IrqSet set{.argsz = 0,
                          .flags = abi::kIrqSetDataNone | abi::kIrqSetActionTrigger,
                          .index = index,
                          .start = first,
                          .count = count};
    return check_answer(set_irqs(calls, fd, set, {}), "trigger interrupts",
                        irq_label(index, device));
}

Result<void> mask_irq(Calls& calls, const DeviceFd& fd, std::uint32_t index, Masking masking,
                      const std::string& device) {
    const std::uint32_t action =
        masking == Masking::kMask ? abi::kIrqSetActionMask : abi::kIrqSetActionUnmask;
    const abi::IrqSet set{
        .argsz = 0, .flags = abi::kIrqSetDataNone | action, .index = index, .start = 0, .count = 1};
    return check_answer(set_irqs(calls, fd, set, {}), masking == Masking::kMask ? "mask" : "unmask",
                        irq_label(index, device));
}

Result<void> set_unmask_eventfd(Calls& calls, const DeviceFd& fd, std::uint32_t index, int eventfd,
                                const std::string& device) {
    const abi::IrqSet set{.argsz = 0,
                          .flags = abi::kIrqSetDataEventfd | abi::kIrqSetActionUnmask,
                          .index = index,
                          .start = 0,
                          .count = 1};
    return check_answer(set_irqs(calls, fd, set, std::as_bytes(std::span(&eventfd, 1))),
                        "unmask by eventfd", irq_label(index, device));
}

}  // namespace vfio
