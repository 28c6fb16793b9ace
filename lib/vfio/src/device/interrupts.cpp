// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/interrupts.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Interrupts::Interrupts(Interrupts&& other) noexcept
    : device_(std::exchange(other.device_, nullptr)),
      irq_(other.irq_),
      eventfds_(std::move(other.eventfds_)) {}

Interrupts::~Interrupts() {
    if (device_ != nullptr && !eventfds_.empty())
        static_cast<void>(disable_irq(device_->calls(), device_->fd(), irq_, device_->name()));
}

Result<Interrupts> Interrupts::enable(const VfioDevice& device, std::uint32_t index,
                                      std::uint32_t count) {
    const auto irq = TRY(read_irq(device.calls(), device.fd(), index, device.name()));
    const std::string object = device.name() + " " + irq_name(index, device.info().flags);
    if (irq.count == 0 || count == 0)
        return base::fail(Code::kUnsupported, "enable interrupts", object,
                          irq.count == 0 ? "the device has none" : "none were asked for");
    Interrupts made(device, irq);
    std::vector<UniqueFd> eventfds;
    std::vector<int> raw;
    for (std::uint32_t i = 0; i < std::min(count, irq.count); ++i) {
        const int fd = device.calls().eventfd();
        if (fd < 0)
            return fail_call(-fd, "make an eventfd", object);
        eventfds.emplace_back(fd);
        raw.push_back(fd);
    }
    auto enabled = set_eventfds(device.calls(), device.fd(), index, 0, raw, device.name());
    if (enabled && enabled->vectors == 0 && enabled->available > 0) {
        raw.resize(std::min<std::size_t>(raw.size(), enabled->available));
        eventfds.resize(raw.size());
        enabled = set_eventfds(device.calls(), device.fd(), index, 0, raw, device.name());
    }
    if (!enabled)
        return base::propagate(enabled);
    if (enabled->vectors == 0)
        return base::fail(Code::kFailed, "enable interrupts", object,
                          "the kernel keeps having fewer vectors");
    made.eventfds_ = std::move(eventfds);
    return made;
}

Result<std::uint64_t> Interrupts::wait(std::uint32_t vector,
                                       std::chrono::milliseconds timeout) const {
    const std::string object = device_->name() + " " + irq_name(irq_.index, device_->info().flags);
    if (vector >= size())
        return base::fail(Code::kInvalid, "wait for interrupt " + std::to_string(vector), object,
                          "only " + std::to_string(size()) + " are enabled");
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd poll{.fd = fd(vector), .events = POLLIN, .revents = 0};
        const int ready =
            ::poll(&poll, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return fail_call(errno, "wait for an interrupt", object);
        if (ready == 0)
            return 0;
        std::uint64_t fired = 0;
        const ssize_t got =
            device_->calls().read(fd(vector), std::as_writable_bytes(std::span(&fired, 1)));
        if (got == static_cast<ssize_t>(sizeof fired))
            return fired;
        if (got != -EAGAIN)  // another reader was faster
            return fail_call(got < 0 ? static_cast<int>(-got) : EIO, "read an eventfd", object);
    }
}

Result<void> Interrupts::unmask() const {
    return mask_irq(device_->calls(), device_->fd(), irq_.index, Masking::kUnmask, device_->name());
}

Result<void> Interrupts::trigger(std::uint32_t vector) const {
    return trigger_irq(device_->calls(), device_->fd(), irq_.index, vector, 1, device_->name());
}

}  // namespace vfio
