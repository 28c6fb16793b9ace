// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/signalfd.h>
#include <systemd/sd-event.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/non_copyable.hpp"
#include "base/result.hpp"

/// sd-event's sources as values that are removed on destruction. sd-event fails to add a source
/// only without memory: that ends the daemon.
namespace bindd {

struct UnrefEvent {
    void operator()(sd_event* event) const { sd_event_unref(event); }
};
using EventLoop = std::unique_ptr<sd_event, UnrefEvent>;

struct UnrefSource {
    void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using SourceHandle = std::unique_ptr<sd_event_source, UnrefSource>;

/// Calls once, after a delay. Arming it again replaces the delay.
class Timer : base::NonCopyable {
  public:
    Timer(sd_event* event, std::function<void()> call);

    void arm(std::chrono::microseconds after);
    void disarm();
    [[nodiscard]] bool armed() const;

  private:
    std::function<void()> call_;
    SourceHandle source_;
};

/// Calls once when the loop has nothing else to do, after schedule().
class IdleCall : base::NonCopyable {
  public:
    IdleCall(sd_event* event, std::function<void()> call);

    void schedule();
    void cancel();

  private:
    std::function<void()> call_;
    SourceHandle source_;
};

/// Calls with epoll's events when the fd has some.
class IoWatch : base::NonCopyable {
  public:
    IoWatch(sd_event* event, int fd, std::uint32_t events, std::function<void(std::uint32_t)> call);

    void set_events(std::uint32_t events);

  private:
    std::function<void(std::uint32_t)> call_;
    SourceHandle source_;
};

/// Calls on the signal, which must be blocked.
class SignalWatch : base::NonCopyable {
  public:
    SignalWatch(sd_event* event, int signal, std::function<void()> call);

  private:
    std::function<void()> call_;
    SourceHandle source_;
};

}  // namespace bindd
