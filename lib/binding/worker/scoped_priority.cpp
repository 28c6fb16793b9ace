// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/worker/scoped_priority.hpp"

#include <sys/resource.h>

#include <cerrno>

namespace binding {
namespace {

/// Some thirty times the share of a process that says nothing, and less than the kernel's own
/// urgent threads have.
constexpr int kBoostedNice = -15;
constexpr int kDefaultNice = 0;

}  // namespace

ScopedPriority::ScopedPriority() {
    errno = 0;
    const bool is_default = ::getpriority(PRIO_PROCESS, 0) == kDefaultNice && errno == 0;
    raised_ = is_default && ::setpriority(PRIO_PROCESS, 0, kBoostedNice) == 0;
}

ScopedPriority::~ScopedPriority() {
    if (raised_)
        (void)::setpriority(PRIO_PROCESS, 0, kDefaultNice);
}

}  // namespace binding
