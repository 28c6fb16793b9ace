// SPDX-License-Identifier: LGPL-2.1-or-later
// A whole migration against the model, and other features, each supported and not supported.
#include "vfio/migration.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"
#include "vfio/doorbell.hpp"
#include "vfio/feature.hpp"
#include "vfio/region.hpp"

namespace vfio {
namespace {

using State = abi::MigState;

class Migrating : public VfioTest {
  protected:
    Migrating() {
        using Id = abi::FeatureId;
        drive.model.features = {{Id::kMigration, abi::kFeatureGet},
                                {Id::kMigDeviceState, abi::kFeatureGet | abi::kFeatureSet},
                                {Id::kMigDataSize, abi::kFeatureGet}};
        drive.model.migration_flags =
            abi::kMigrationStopCopy | abi::kMigrationPreCopy | abi::kMigrationP2p;
        opened = open(Backend::kIommufd);
        migration = Migration::open(calls, opened.device, "d").value();
    }
    MigrationFd data_of(State state) {
        auto arc = migration->set_state(state);
        EXPECT_TRUE(arc && *arc) << mig_state_name(state);
        return arc && *arc ? std::move(**arc) : MigrationFd();
    }
    AttachedDevice opened;
    std::optional<Migration> migration;
};

TEST_F(Migrating, SavesByPreCopyAndStopCopyThroughOneFd) {
    EXPECT_EQ(migration->data_size().value(), 0x5000U);
    const MigrationFd data = data_of(State::kPreCopy);
    const auto left = migration->precopy_info(data);
    ASSERT_TRUE(left) << failure(left);
    EXPECT_EQ(left->initial_bytes, 0x1000U);
    EXPECT_EQ(left->dirty_bytes, 0x200U);
    const auto stopped = migration->set_state(State::kStopCopy);
    ASSERT_TRUE(stopped);
    EXPECT_FALSE(*stopped) << "the data goes on in the fd of PRE_COPY";
    EXPECT_EQ(failure(migration->precopy_info(data)),
              std::to_string(EINVAL) + ": only a device in PRE_COPY or PRE_COPY_P2P has any");
    EXPECT_TRUE(migration->set_state(State::kStop));
    EXPECT_TRUE(data_of(State::kResuming).valid());
    EXPECT_TRUE(migration->set_state(State::kRunning));
}

TEST_F(Migrating, ReportsNewInitialBytesAfterOptingIn) {
    drive.model.features[abi::FeatureId::kMigPrecopyInfoV2] = abi::kFeatureSet;
    const MigrationFd data = data_of(State::kPreCopyP2p);
    EXPECT_FALSE(migration->precopy_info(data)->reinitialised);
    ASSERT_TRUE(migration->report_reinitialisation());
    EXPECT_TRUE(migration->precopy_info(data)->reinitialised);
}

TEST_F(Migrating, CannotOptInOnOlderKernels) {
    EXPECT_EQ(migration->report_reinitialisation().error().code, Code::kUnsupported);
}

class Features : public VfioTest {
  protected:
    Features() : opened(open(Backend::kIommufd)) {}
    void has(abi::FeatureId id, std::uint32_t directions) { drive.model.features[id] = directions; }
    const DeviceFd& fd() const { return opened.device; }
    AttachedDevice opened;
};

TEST_F(Features, GiveAPfItsToken) {
    has(abi::FeatureId::kPciVfToken, abi::kFeatureSet);
    const VfToken token{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    ASSERT_TRUE(set_vf_token(calls, fd(), token, "d"));
    EXPECT_TRUE(std::equal(token.begin(), token.end(), drive.model.token.uuid));
}

TEST_F(Features, EnterLowPowerAndSignalTheWakeup) {
    has(abi::FeatureId::kLowPowerEntry, abi::kFeatureSet);
    has(abi::FeatureId::kLowPowerEntryWithWakeup, abi::kFeatureSet);
    has(abi::FeatureId::kLowPowerExit, abi::kFeatureSet);
    ASSERT_TRUE(enter_low_power(calls, fd(), "d"));
    EXPECT_TRUE(drive.model.asleep);
    EXPECT_EQ(enter_low_power(calls, fd(), "d").error().errnum, EINVAL);
    ASSERT_TRUE(exit_low_power(calls, fd(), "d"));
    ASSERT_TRUE(enter_low_power(calls, fd(), "d", 42));
    EXPECT_EQ(drive.model.wakeup_eventfd, 42);
    ASSERT_TRUE(exit_low_power(calls, fd(), "d"));
    EXPECT_EQ(drive.model.wakeup_eventfd, -1);
}

TEST_F(Features, SwitchBusMasteringOfCdx) {
    has(abi::FeatureId::kBusMaster, abi::kFeatureSet);
    ASSERT_TRUE(set_bus_master(calls, fd(), BusMaster::kOn, "d"));
    EXPECT_EQ(drive.model.bus_master, 1U);
    ASSERT_TRUE(set_bus_master(calls, fd(), BusMaster::kOff, "d"));
    EXPECT_EQ(drive.model.bus_master, 0U);
}

class DmaBuf : public Features {
  protected:
    DmaBuf() {
        has(abi::FeatureId::kDmaBuf, abi::kFeatureGet);
        drive.model.regions[0] = {.flags = abi::kRegionRead | abi::kRegionMmap,
                                  .bytes = std::vector<std::byte>(0x4000),
                                  .caps = {}};
    }
    Result<base::UniqueFd> give(std::uint64_t offset, std::uint64_t length,
                                std::uint32_t region = 0) {
        const std::array<abi::DmaBufRange, 1> range{{{.offset = offset, .length = length}}};
        return export_dma_buf(calls, fd(), region, range, "d");
    }
};

TEST_F(DmaBuf, OfABarIsMappedForAnotherDevice) {
    const auto file = give(0x1000, 0x2000);
    ASSERT_TRUE(file) << failure(file);
    iommufd(opened).files = {file->get()};
    const auto mapped = opened.space->map_file({.file = {.fd = file->get()},
                                                .where = at(0x100000, 0x2000, 0),
                                                .source = MappingSource::kBar});
    ASSERT_TRUE(mapped) << failure(mapped);
    EXPECT_TRUE(mapped->revocable());
    EXPECT_EQ(opened.space->unmap(0x100000, 0x2000), 0x2000U);
}

TEST_F(DmaBuf, OfPartsOfPagesAndOfWhatCannotBeMapped) {
    EXPECT_EQ(failure(give(0x800, 0x1000)),
              std::to_string(EINVAL) + ": ranges are whole pages inside one BAR");
    EXPECT_EQ(failure(give(0x3000, 0x2000)),
              std::to_string(EINVAL) + ": ranges are whole pages inside one BAR");
    EXPECT_EQ(failure(give(0, 0x1000, 2)),
              std::to_string(ENODEV) + ": the region is not claimed, or memory decoding is off");
    calls.refuse(FdKind::kDevice, abi::DeviceCall::kFeature, EOPNOTSUPP);
    EXPECT_EQ(failure(give(0, 0x1000)),
              std::to_string(EOPNOTSUPP) +
                  ": the device's driver does not share its regions with other devices");
}

TEST_F(DmaBuf, ThatWasRevokedAdvisesToExportItAgain) {
    const auto file = give(0, 0x1000);
    ASSERT_TRUE(file);
    calls.refuse(FdKind::kIommu, abi::IommuCall::kIoasMapFile, ENODEV);
    EXPECT_EQ(failure(opened.space->map_file({.file = {.fd = file->get()},
                                              .where = at(0x100000, 0x1000, 0),
                                              .source = MappingSource::kBar})),
              std::to_string(ENODEV) +
                  ": the device's memory is gone (it was reset, its decoding is off, or its fd "
                  "closed): export it again, and map that");
}

TEST_F(Features, RefuseRangesThatOverlapInTheDmaLog) {
    has(abi::FeatureId::kDmaLoggingStart, abi::kFeatureSet);
    const std::array<IovaRange, 2> ranges{{{0, 0x1fff}, {0x1000, 0x2fff}}};
    EXPECT_EQ(failure(start_dma_logging(calls, fd(), 4096, ranges, "d")),
              std::to_string(EINVAL) +
                  ": it logs already, ranges overlap or are not whole pages, or the page size is "
                  "not a power of two of 4096 at least");
}

class Doorbell : public Features {
  protected:
    Doorbell() {
        for (const std::uint32_t index : {0U, 7U})
            drive.model.regions[index] = {
                .flags = abi::kRegionWrite, .bytes = std::vector<std::byte>(0x1000), .caps = {}};
    }
    Result<void> set(const DoorbellWrite& what, int eventfd, std::uint32_t region = 0) {
        return set_doorbell(calls, fd(), read_region(calls, fd(), region, "d").value(), what,
                            eventfd, "d");
    }
};

TEST_F(Doorbell, IsRungByAnEventfd) {
    const DoorbellWrite write{.offset = 0x18, .width = 4, .value = 5};
    ASSERT_TRUE(set(write, 42));
    const abi::Ioeventfd& there = drive.model.ioeventfds.at(0x18);
    EXPECT_EQ(there.flags, abi::kIoeventfd32);
    EXPECT_EQ(there.data, 5U);
    EXPECT_EQ(there.fd, 42);
    EXPECT_EQ(failure(set(write, 43)),
              std::to_string(EEXIST) + ": another eventfd makes this very write");
    EXPECT_TRUE(set(write, -1));
    EXPECT_EQ(
        failure(set(write, -1)),
        std::to_string(ENODEV) + ": no eventfd makes this write, so none can be taken from it");
}

TEST_F(Doorbell, IsAWholeRegisterOfABar) {
    for (const DoorbellWrite& wrong :
         {DoorbellWrite{.offset = 0xffe, .width = 4}, DoorbellWrite{.offset = 0x1000, .width = 1},
          DoorbellWrite{.offset = 2, .width = 4}, DoorbellWrite{.offset = 0, .width = 3}})
        EXPECT_EQ(set(wrong, 42).error().code, Code::kInvalid) << wrong.offset;
    EXPECT_EQ(failure(set({.offset = 0, .width = 4}, 42, 7)),
              std::to_string(EINVAL) +
                  ": only registers in a BAR, not the MSI-X table, in a width that this platform "
                  "writes at once");
}

}  // namespace
}  // namespace vfio
