// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/rw_lock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace vfio {
namespace {

/// Two numbers that differ only for a reader concurrent with a writer; plain ones, so that a race
/// detector finds what the lock admits.
struct Pair {
    RwLock lock;
    std::uint64_t one = 0;
    std::uint64_t other = 0;
    std::atomic<unsigned> torn = 0;

    void write(unsigned times) {
        for (unsigned i = 0; i < times; ++i) {
            const std::unique_lock held(lock);
            ++one;
            ++other;
        }
    }
    void read(unsigned times) {
        for (unsigned i = 0; i < times; ++i) {
            const std::shared_lock held(lock);
            torn += one != other ? 1 : 0;
        }
    }
};

TEST(RwLock, ExcludesWritersFromEachOther) {
    Pair pair;
    std::vector<std::thread> writers;
    for (int i = 0; i < 4; ++i)
        writers.emplace_back([&] { pair.write(20000); });
    for (std::thread& writer : writers)
        writer.join();
    EXPECT_EQ(pair.one, 80000U);
}

TEST(RwLock, ShowsReadersWholeChangesAndWakesAllThatWait) {
    Pair pair;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] { pair.write(20000); });
        threads.emplace_back([&] { pair.read(20000); });
        threads.emplace_back([&] { pair.read(20000); });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(pair.torn, 0U);
    EXPECT_EQ(pair.one, 40000U);
}

TEST(RwLock, AdmitsSeveralReaders) {
    RwLock lock;
    const std::shared_lock here(lock);
    std::thread other([&] { const std::shared_lock there(lock); });
    other.join();  // with `here` held
}

TEST(RwLock, ExcludesAThreadThatWasStartedUnderTheLock) {
    RwLock lock;
    bool changed = false;
    std::thread other;
    {
        const std::unique_lock held(lock);
        other = std::thread([&] {
            const std::unique_lock second(lock);
            changed = true;
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_FALSE(changed);
    }
    other.join();
    EXPECT_TRUE(changed);
}

}  // namespace
}  // namespace vfio
