// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "tests/unit/vfio/fixture/device_calls.hpp"
#include "vfio/feature.hpp"
#include "vfio/migration.hpp"
#include "vfio/region_io.hpp"
#include "vfio/region_map.hpp"
#include "vfio/reset.hpp"

namespace {

namespace uapi = vfio::abi;

struct AccessedDevice : testing::Test {
    DeviceCalls calls;
    FakeDevice& model = calls.device_model;
    vfio::DeviceFd fd;

    vfio::RegionIo io(std::uint32_t index) {
        return {calls, fd, vfio::read_region(calls, fd, index, "d").value(), "d BAR"};
    }
    void add_bar(std::uint32_t flags, std::size_t size) {
        model.regions[0] = {.flags = flags, .bytes = std::vector<std::byte>(size), .caps = {}};
    }
};

constexpr std::uint32_t kAll = uapi::kRegionRead | uapi::kRegionWrite | uapi::kRegionMmap;

struct RegionIo : AccessedDevice {};

TEST_F(RegionIo, WritesAndReadsLittleEndianOfEveryWidth) {
    add_bar(kAll, 64);
    const auto bar = io(0);
    ASSERT_TRUE(bar.write32(8, 0x11223344));
    EXPECT_EQ(bar.read8(8).value(), 0x44);
    EXPECT_EQ(bar.read16(10).value(), 0x1122);
    ASSERT_TRUE(bar.write64(16, 0x0102030405060708));
    EXPECT_EQ(bar.read64(16).value(), 0x0102030405060708U);
    ASSERT_TRUE(bar.write16(0, 0xabcd));
    ASSERT_TRUE(bar.write8(1, 0));
    EXPECT_EQ(bar.read32(0).value(), 0xcdU);
}

TEST_F(RegionIo, NothingLeavesTheRegion) {
    add_bar(kAll, 64);
    const auto bar = io(0);
    EXPECT_FALSE(bar.read32(61));
    EXPECT_FALSE(bar.read8(64));
    EXPECT_FALSE(bar.read8(UINT64_MAX));
    const auto beyond = bar.write64(60, 0);
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().text(),
              "d BAR: write 8 bytes at 0x3c: outside the region's 0x40 bytes");
}

TEST_F(RegionIo, RightsAreChecked) {
    add_bar(uapi::kRegionRead, 64);
    EXPECT_TRUE(io(0).read8(0));
    EXPECT_EQ(io(0).write8(0, 1).error().code, base::Code::kDenied);
}

TEST_F(RegionIo, ShortTransfersAndSleepingDevicesAreErrors) {
    add_bar(kAll, 64);
    model.short_transfer = 2;
    EXPECT_FALSE(io(0).read32(0));
    EXPECT_FALSE(io(0).write32(0, 1));
    model.short_transfer = SIZE_MAX;
    model.decoding = false;
    const auto asleep = io(0).read32(0);
    ASSERT_FALSE(asleep);
    EXPECT_EQ(asleep.error().errnum, EIO);
    EXPECT_NE(asleep.error().hint.find("memory decoding"), std::string::npos);
}

struct RegionMap : AccessedDevice {};

TEST_F(RegionMap, IsAlignedForLargePagesAndUnmappedOnce) {
    add_bar(kAll, 4 << 20);
    {
        auto map =
            vfio::RegionMap::map(calls, fd, vfio::read_region(calls, fd, 0, "d").value(), "d");
        ASSERT_TRUE(map);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(map->base()) % (4 << 20), 0U);
        map->at(0x1000, 4)[0] = std::byte{1};
        EXPECT_TRUE(map->at((4 << 20) - 2, 4).empty());
        const vfio::RegionMap moved = std::move(*map);
        EXPECT_EQ(moved.at(0x1000, 1)[0], std::byte{1});
    }
    EXPECT_EQ(calls.unmaps, 1U);
    ASSERT_EQ(calls.maps.size(), 1U);
    EXPECT_EQ(calls.maps[0].offset, 0U);
}

TEST_F(RegionMap, MapsOnlyTheSparseAreas) {
    add_bar(kAll, 0x4000);
    FakeCap cap{.id = uapi::kRegionCapSparseMmap, .version = 1, .body = std::vector<std::byte>(8)};
    const std::vector<uapi::SparseMmapArea> areas = {{0, 0x1000}, {0x2000, 0x2000}};
    cap.body[0] = std::byte{2};
    const auto raw = std::as_bytes(std::span(areas));
    cap.body.insert(cap.body.end(), raw.begin(), raw.end());
    model.regions[0].caps = {cap};
    const auto map =
        vfio::RegionMap::map(calls, fd, vfio::read_region(calls, fd, 0, "d").value(), "d");
    ASSERT_TRUE(map);
    EXPECT_FALSE(map->at(0x0, 0x1000).empty());
    EXPECT_TRUE(map->at(0x1000, 4).empty());
    EXPECT_TRUE(map->at(0xfff, 2).empty());
    EXPECT_FALSE(map->at(0x3ffc, 4).empty());
}

TEST_F(RegionMap, ReportsARegionThatCannotBeMapped) {
    add_bar(uapi::kRegionRead, 0x1000);
    const auto map =
        vfio::RegionMap::map(calls, fd, vfio::read_region(calls, fd, 0, "d").value(), "d");
    ASSERT_FALSE(map);
    EXPECT_EQ(map.error().code, base::Code::kUnsupported);
}

struct Feature : AccessedDevice {};

TEST_F(Feature, ProbeListsFeaturesAndTheirDirections) {
    model.features = {{uapi::FeatureId::kPciVfToken, uapi::kFeatureSet},
                      {uapi::FeatureId::kMigDeviceState, uapi::kFeatureGet | uapi::kFeatureSet}};
    EXPECT_EQ(vfio::probe_features(calls, fd),
              (std::vector<vfio::FeatureSupport>{
                  {.id = uapi::FeatureId::kPciVfToken, .get = false, .set = true},
                  {.id = uapi::FeatureId::kMigDeviceState, .get = true, .set = true}}));
}

TEST_F(Feature, AMissingOneIsUnsupported) {
    const auto failed = vfio::enter_low_power(calls, fd, "d");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, base::Code::kUnsupported);
    EXPECT_EQ(failed.error().errnum, ENOTTY);
}

TEST_F(Feature, DmaLoggingPassesRangesAndExplainsTooMany) {
    model.features = {{uapi::FeatureId::kDmaLoggingStart, uapi::kFeatureSet},
                      {uapi::FeatureId::kDmaLoggingStop, uapi::kFeatureSet},
                      {uapi::FeatureId::kDmaLoggingReport, uapi::kFeatureGet}};
    const std::vector<vfio::IovaRange> few = {{0, 0xffff}};
    EXPECT_EQ(vfio::start_dma_logging(calls, fd, 4096, few, "d").value(), 4096U);
    const std::vector<vfio::IovaRange> many(5);
    const auto failed = vfio::start_dma_logging(calls, fd, 4096, many, "d");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().errnum, E2BIG);
    EXPECT_FALSE(failed.error().hint.empty());
    EXPECT_FALSE(vfio::start_dma_logging(calls, fd, 1000, few, "d"));
    const auto log = vfio::read_dma_log(calls, fd, {0, 64 * 4096 - 1}, 4096, "d");
    ASSERT_TRUE(log);
    EXPECT_EQ(*log, (std::vector<std::uint64_t>{0x5a5a5a5a5a5a5a5a}));
    EXPECT_FALSE(vfio::read_dma_log(calls, fd, {0, 4095}, 0, "d"));
    EXPECT_TRUE(vfio::stop_dma_logging(calls, fd, "d"));
}

struct Migration : AccessedDevice {
    Migration() {
        model.features = {
            {uapi::FeatureId::kMigration, uapi::kFeatureGet},
            {uapi::FeatureId::kMigDeviceState, uapi::kFeatureGet | uapi::kFeatureSet}};
        model.migration_flags = uapi::kMigrationStopCopy | uapi::kMigrationP2p;
    }
};

TEST_F(Migration, StatesFollowTheFlags) {
    const auto migration = vfio::Migration::open(calls, fd, "d").value();
    using State = uapi::MigState;
    for (const State state :
         {State::kStop, State::kRunning, State::kStopCopy, State::kResuming, State::kRunningP2p})
        EXPECT_TRUE(migration.supports(state)) << vfio::mig_state_name(state);
    EXPECT_FALSE(migration.supports(State::kPreCopy));
    EXPECT_FALSE(migration.supports(State::kPreCopyP2p));
    EXPECT_EQ(migration.set_state(State::kPreCopy).error().code, base::Code::kUnsupported);
    EXPECT_EQ(migration.set_state(State::kError).error().code, base::Code::kInvalid);
    ASSERT_TRUE(migration.set_state(State::kStop));
    EXPECT_EQ(migration.state().value(), State::kStop);
}

TEST_F(Migration, AFailedArcReportsTheStateOfTheDevice) {
    model.migration_breaks_in = uapi::MigState::kResuming;
    const auto migration = vfio::Migration::open(calls, fd, "d").value();
    const auto failed = migration.set_state(uapi::MigState::kResuming);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().text(), "d: migration state RESUMING: Input/output error");
    EXPECT_EQ(failed.error().hint, "the device is in ERROR now; only a reset leaves it");
}

TEST_F(Migration, ADeviceWithoutItIsUnsupported) {
    model.features.clear();
    EXPECT_EQ(vfio::Migration::open(calls, fd, "d").error().code, base::Code::kUnsupported);
}

struct Reset : AccessedDevice {};

TEST_F(Reset, IsRetriedWhileContendedAndGivesUp) {
    model.contended = 3;
    EXPECT_TRUE(vfio::reset_device(calls, fd, "d"));
    EXPECT_EQ(calls.pauses, 3U);
    model.contended = 1000;
    EXPECT_EQ(vfio::reset_device(calls, fd, "d").error().errnum, EAGAIN);
}

TEST_F(Reset, OfADeviceThatCannotNamesTheHotReset) {
    model.flags = uapi::kDevicePci;
    const auto failed = vfio::reset_device(calls, fd, "d");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, base::Code::kUnsupported);
    EXPECT_NE(failed.error().hint.find("hot reset"), std::string::npos);
}

TEST_F(Reset, HotResetByGroupsNeedsEachOnce) {
    model.hot_reset_devices = {{7, 0, 1, 0}, {7, 0, 1, 1}, {9, 0, 1, 8}};
    const auto scope = vfio::hot_reset_scope(calls, fd, "d");
    ASSERT_TRUE(scope);
    EXPECT_FALSE(scope->by_devid);
    EXPECT_EQ(scope->devices.at(2).address, "0000:01:01.0");
    EXPECT_EQ(scope->groups(), (std::vector<std::uint32_t>{7, 9}));
    const vfio::GroupFd none;
    const vfio::GroupFd* one[] = {&none};
    EXPECT_EQ(vfio::hot_reset(calls, fd, one, "d").error().errnum, EINVAL);
    EXPECT_FALSE(vfio::hot_reset(calls, fd, {}, "d")) << "no fds is the cdev protocol";
}

TEST_F(Reset, HotResetThroughACdevShowsNoGroups) {
    model.through_cdev = true;
    model.hot_reset_flags = uapi::kHotResetDevId | uapi::kHotResetDevIdOwned;
    model.hot_reset_devices = {
        {5, 0, 1, 0}, {uapi::kPciDevidOwned, 0, 1, 1}, {uapi::kPciDevidNotOwned, 0, 1, 2}};
    const auto scope = vfio::hot_reset_scope(calls, fd, "d");
    ASSERT_TRUE(scope);
    EXPECT_TRUE(scope->by_devid);
    EXPECT_TRUE(scope->all_owned);
    EXPECT_EQ(scope->devices.at(0).devid, 5U);
    EXPECT_TRUE(scope->devices.at(1).owned);
    EXPECT_EQ(scope->devices.at(1).devid, std::nullopt);
    EXPECT_FALSE(scope->devices.at(2).owned);
    EXPECT_TRUE(scope->groups().empty());
    EXPECT_TRUE(vfio::hot_reset(calls, fd, {}, "d"));
}

TEST_F(Reset, ABusWithoutHotResetIsUnsupported) {
    EXPECT_EQ(vfio::hot_reset_scope(calls, fd, "d").error().code, base::Code::kUnsupported);
}

}  // namespace
