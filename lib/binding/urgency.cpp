// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/urgency.hpp"

#include <sys/resource.h>

#include <cerrno>

namespace binding {
namespace {

/// Some thirty times the share of a process that says nothing, and less than the kernel's own urgent threads have.
constexpr int kUrgent = -15;
constexpr int kAsOthers = 0;

}  // namespace

Urgency::Urgency() {
    errno = 0;
    const bool unsaid = ::getpriority(PRIO_PROCESS, 0) == kAsOthers && errno == 0;
    raised_ = unsaid && ::setpriority(PRIO_PROCESS, 0, kUrgent) == 0;
}

Urgency::~Urgency() {
    if (raised_)
        (void)::setpriority(PRIO_PROCESS, 0, kAsOthers);
}

}  // namespace binding
