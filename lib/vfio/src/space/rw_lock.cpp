// SPDX-License-Identifier: LGPL-2.1-or-later
// A thread that has to wait sets kWaiting and sleeps until the word changes. The thread that leaves
// the lock idle clears the bit and wakes all; those that find it taken again set the bit again. So
// the bit is set whenever a thread sleeps, and none sleeps on a word without it:
//   - a writer leaves: its exchange returns the bit;
//   - the last reader leaves: what it left is kWaiting alone, and it clears that, unless a writer
//     that was awake has come first, which then keeps the bit and answers for it.
#include "vfio/src/space/rw_lock.hpp"

namespace vfio {

void RwLock::lock_contended() {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
        if ((seen & ~kWaiting) == 0) {
            if (word_.compare_exchange_weak(seen, seen | kWriter, std::memory_order_acquire))
                return;
        } else if ((seen & kWaiting) != 0 ||
                   word_.compare_exchange_weak(seen, seen | kWaiting, std::memory_order_relaxed)) {
            word_.wait(seen | kWaiting, std::memory_order_relaxed);
            seen = word_.load(std::memory_order_relaxed);
        }
    }
}

void RwLock::lock_shared_contended() {
    std::uint32_t seen = word_.load(std::memory_order_relaxed);
    for (;;) {
        if (seen < kWaiting) {
            if (word_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire))
                return;
        } else if ((seen & kWaiting) != 0 ||
                   word_.compare_exchange_weak(seen, seen | kWaiting, std::memory_order_relaxed)) {
            word_.wait(seen | kWaiting, std::memory_order_relaxed);
            seen = word_.load(std::memory_order_relaxed);
        }
    }
}

void RwLock::wake() {
    word_.notify_all();
}

void RwLock::wake_after_readers() {
    std::uint32_t left = kWaiting;
    if (word_.compare_exchange_strong(left, 0, std::memory_order_relaxed))
        word_.notify_all();
}

}  // namespace vfio
