// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/interrupts.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

constexpr std::uint32_t kIntx = 0;
constexpr std::uint32_t kMsi = 1;
constexpr std::uint32_t kMsix = 2;
constexpr std::chrono::milliseconds kMoment{1};
constexpr std::chrono::seconds kLong{20};

struct DeviceInterrupts : VfioTest {
    DeviceInterrupts() {
        const auto has = [this](std::uint32_t index, std::uint32_t count) {
            drive.model.irqs[index] = {
                .argsz = 0, .flags = abi::kIrqEventfd, .index = index, .count = count};
        };
        has(kIntx, 1);
        has(kMsi, 0);
        has(kMsix, 8);
    }
    VfioDevice device() {
        auto made = VfioDevice::adopt(calls, open(Backend::kIommufd), drive.name);
        EXPECT_TRUE(made);
        return std::move(*made);
    }
    /// As the hardware does.
    void raise(std::uint32_t index, std::uint32_t vector) {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(drive.model.eventfds[index].at(vector), &one, sizeof one), 8);
    }
};

TEST_F(DeviceInterrupts, AreCountedForEachVector) {
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 3);
    ASSERT_TRUE(vectors) << failure(vectors);
    EXPECT_EQ(vectors->size(), 3U);
    raise(kMsix, 1);
    raise(kMsix, 1);
    EXPECT_EQ(vectors->wait(1, kLong).value(), 2U);
    EXPECT_EQ(vectors->wait(1, kMoment).value(), 0U);
    EXPECT_EQ(vectors->wait(0, kMoment).value(), 0U);
}

TEST_F(DeviceInterrupts, OneThatFiresDuringAWaitEndsIt) {
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 1);
    ASSERT_TRUE(vectors) << failure(vectors);
    std::thread hardware([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        raise(kMsix, 0);
    });
    EXPECT_EQ(vectors->wait(0, kLong).value(), 1U);
    hardware.join();
}

TEST_F(DeviceInterrupts, AskingForTooManyGivesAllThatExist) {
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 100);
    ASSERT_TRUE(vectors) << failure(vectors);
    EXPECT_EQ(vectors->size(), 8U);
}

// The kernel's positive answer: none is enabled, and this many could be.
TEST_F(DeviceInterrupts, RetriesWithTheVectorsThatTheKernelHas) {
    drive.model.vectors_left = 5;
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 8);
    ASSERT_TRUE(vectors) << failure(vectors);
    EXPECT_EQ(vectors->size(), 5U);
    EXPECT_EQ(drive.model.eventfds[kMsix].size(), 5U);
}

TEST_F(DeviceInterrupts, NoneAtAllIsUnsupported) {
    const VfioDevice opened = device();
    const auto none = Interrupts::enable(opened, kMsi, 1);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::kUnsupported);
    EXPECT_EQ(none.error().text(), "0000:01:00.0 MSI: enable interrupts: the device has none");
    EXPECT_EQ(Interrupts::enable(opened, kMsix, 0).error().text(),
              "0000:01:00.0 MSI-X: enable interrupts: none were asked for");
}

TEST_F(DeviceInterrupts, KindsExcludeEachOtherUntilTheFirstIsDestroyed) {
    const VfioDevice opened = device();
    {
        const auto msix = Interrupts::enable(opened, kMsix, 1);
        ASSERT_TRUE(msix);
        EXPECT_EQ(failure(Interrupts::enable(opened, kIntx, 1)),
                  "22: INTx, MSI and MSI-X exclude each other: disable the one that is on; or the "
                  "vectors go beyond the device's");
    }
    EXPECT_TRUE(drive.model.eventfds[kMsix].empty());
    EXPECT_TRUE(Interrupts::enable(opened, kIntx, 1));
}

TEST_F(DeviceInterrupts, StayEnabledWhenMoved) {
    const VfioDevice opened = device();
    auto first = Interrupts::enable(opened, kMsix, 2);
    ASSERT_TRUE(first);
    const Interrupts second(std::move(*first));
    first = base::fail(Code::kFailed, "moved", "from", "");
    EXPECT_EQ(drive.model.eventfds[kMsix].size(), 2U);
    EXPECT_EQ(second.size(), 2U);
}

TEST_F(DeviceInterrupts, TriggerIsReceived) {
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 2);
    ASSERT_TRUE(vectors);
    ASSERT_TRUE(vectors->trigger(1));
    EXPECT_EQ(vectors->wait(1, kLong).value(), 1U);
    EXPECT_EQ(vectors->wait(0, kMoment).value(), 0U);
}

TEST_F(DeviceInterrupts, RefuseToWaitForAVectorThatIsNotEnabled) {
    const VfioDevice opened = device();
    const auto vectors = Interrupts::enable(opened, kMsix, 2);
    ASSERT_TRUE(vectors);
    EXPECT_EQ(vectors->wait(2, kMoment).error().text(),
              "0000:01:00.0 MSI-X: wait for interrupt 2: only 2 are enabled");
}

}  // namespace
}  // namespace vfio
