// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/doorbell.hpp"

#include <cerrno>

#include "vfio/abi/device.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

namespace {

constexpr ErrnoHint kDoorbellHints[] = {
    {EINVAL,
     "only registers in a BAR, not the MSI-X table, in a width that this platform writes at once"},
    {EEXIST, "another eventfd makes this very write"},
    {ENODEV, "no eventfd makes this write, so none can be taken from it"},
    {ENOSPC, "the kernel keeps at most 1000 of them for a device"},
    {ENOTTY, "the device's driver has no ioeventfds"},
};

}  // namespace

Result<void> set_doorbell(Calls& calls, const DeviceFd& fd, const Region& region,
                          const DoorbellWrite& write, int eventfd, const std::string& device) {
    const std::string operation =
        (eventfd < 0 ? "end the doorbell at " : "set a doorbell at ") + hex_text(write.offset);
    if ((write.width != 1 && write.width != 2 && write.width != 4 && write.width != 8) ||
        write.offset % write.width != 0 || region.size < write.width ||
        write.offset > region.size - write.width)
        return base::fail(Code::kInvalid, operation, device,
                          "not a whole register inside the region");
    // The flags are the widths themselves: 1, 2, 4, 8.
    static_assert(abi::kIoeventfd8 == 1 && abi::kIoeventfd64 == 8);
    abi::Ioeventfd request{.argsz = sizeof request,
                           .flags = write.width,
                           .offset = region.offset + write.offset,
                           .data = write.value,
                           .fd = eventfd < 0 ? -1 : eventfd,
                           .reserved = 0};
    const int answer = device_call(calls, fd, abi::DeviceCall::kIoeventfd, &request);
    return check_answer(answer, operation, device, find_hint(kDoorbellHints, -answer));
}

}  // namespace vfio
