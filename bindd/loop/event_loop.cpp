// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/event_loop.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace bindd {
namespace {

constexpr std::uint64_t kAccuracyUs = 1'000;

void require(int result, const char* what) {
    if (result >= 0)
        return;
    std::fprintf(stderr, "bindd: %s: %s\n", what, std::strerror(-result));
    std::abort();
}

}  // namespace

Timer::Timer(sd_event* event, std::function<void()> call) : call_(std::move(call)) {
    sd_event_source* source = nullptr;
    require(sd_event_add_time(
                event, &source, CLOCK_MONOTONIC, 0, kAccuracyUs,
                [](sd_event_source*, std::uint64_t, void* timer) {
                    static_cast<Timer*>(timer)->call_();
                    return 0;
                },
                this),
            "add a timer");
    source_.reset(source);
    disarm();
}

void Timer::arm(std::chrono::microseconds after) {
    require(
        sd_event_source_set_time_relative(source_.get(), static_cast<std::uint64_t>(after.count())),
        "set a timer");
    require(sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT), "arm a timer");
}

void Timer::disarm() {
    require(sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF), "disarm a timer");
}

bool Timer::armed() const {
    return sd_event_source_get_enabled(source_.get(), nullptr) > 0;
}

IdleCall::IdleCall(sd_event* event, std::function<void()> call) : call_(std::move(call)) {
    sd_event_source* source = nullptr;
    require(sd_event_add_defer(
                event, &source,
                [](sd_event_source*, void* idle) {
                    static_cast<IdleCall*>(idle)->call_();
                    return 0;
                },
                this),
            "add an idle call");
    source_.reset(source);
    require(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IDLE), "add an idle call");
    cancel();
}

void IdleCall::schedule() {
    require(sd_event_source_set_enabled(source_.get(), SD_EVENT_ONESHOT), "schedule a call");
}

void IdleCall::cancel() {
    require(sd_event_source_set_enabled(source_.get(), SD_EVENT_OFF), "cancel a call");
}

IoWatch::IoWatch(sd_event* event, int fd, std::uint32_t events,
                 std::function<void(std::uint32_t)> call)
    : call_(std::move(call)) {
    sd_event_source* source = nullptr;
    require(sd_event_add_io(
                event, &source, fd, events,
                [](sd_event_source*, int, std::uint32_t revents, void* watch) {
                    static_cast<IoWatch*>(watch)->call_(revents);
                    return 0;
                },
                this),
            "watch a file");
    source_.reset(source);
}

void IoWatch::set_events(std::uint32_t events) {
    require(sd_event_source_set_io_events(source_.get(), events), "watch a file");
}

SignalWatch::SignalWatch(sd_event* event, int signal, std::function<void()> call)
    : call_(std::move(call)) {
    sd_event_source* source = nullptr;
    require(sd_event_add_signal(
                event, &source, signal,
                [](sd_event_source*, const signalfd_siginfo*, void* watch) {
                    static_cast<SignalWatch*>(watch)->call_();
                    return 0;
                },
                this),
            "watch a signal");
    source_.reset(source);
}

}  // namespace bindd
