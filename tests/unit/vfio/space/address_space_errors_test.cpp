// SPDX-License-Identifier: LGPL-2.1-or-later
// The errnos of section "map and unmap" of each backend, and the advice for each.
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

using MapErrors = VfioTest;

TEST_F(MapErrors, ReportsHowMuchMemoryMustBeLockable) {
    calls.memory.limit = 8 << 20;
    auto opened = open(Backend::kType1v2);
    ASSERT_TRUE(opened.space->map(at(0x100000, 6 << 20)));
    EXPECT_EQ(failure(opened.space->map(at(0x10000000, 4 << 20))),
              std::to_string(ENOMEM) +
                  ": locked memory: 6144 KiB mapped and 4096 KiB more need 10240 KiB, "
                  "RLIMIT_MEMLOCK is 8192 KiB; raise it (ulimit -l, LimitMEMLOCK=) or give "
                  "CAP_IPC_LOCK");
}

TEST_F(MapErrors, CountsNothingForAnExemptProcess) {
    calls.memory.limit = 4096;
    calls.memory.exempt = true;
    auto opened = open(Backend::kIommufd);
    EXPECT_TRUE(opened.space->map(at(0x100000, 6 << 20)));
}

TEST_F(MapErrors, NamesTheEntryLimit) {
    calls.dma_entry_limit = 2;
    auto opened = open(Backend::kType1v2);
    EXPECT_EQ(opened.space->geometry().dma_avail, 2U);
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    ASSERT_TRUE(opened.space->map(at(0x200000)));
    EXPECT_EQ(
        failure(opened.space->map(at(0x300000))),
        std::to_string(ENOSPC) +
            ": 2 mappings are all the container takes (vfio_iommu_type1.dma_entry_limit, 65535 "
            "unless set); map larger pieces, or adjacent ones in one batch");
    EXPECT_EQ(opened.space->query()->dma_avail, 0U);
}

TEST_F(MapErrors, HasNoEntryLimitInTheCompatibilityLayer) {
    calls.dma_entry_limit = 0;
    auto opened = open(Backend::kIommufdCompat);
    EXPECT_EQ(opened.space->geometry().dma_avail, std::nullopt);
    EXPECT_TRUE(opened.space->map(at(0x100000)));
}

TEST_F(MapErrors, NamesTheReservedRangeThatConflicts) {
    for (const Backend backend : {Backend::kType1v2, Backend::kIommufd}) {
        auto opened = open(backend);
        EXPECT_EQ(failure(opened.space->map(at(0xfee00000))),
                  std::to_string(EINVAL) + ": in the way: 0xfee00000-0xfeefffff is reserved");
        EXPECT_EQ(failure(opened.space->map(at(1ULL << 40))),
                  std::to_string(EINVAL) + ": usable IOVAs end at 0x7fffffffff");
    }
}

TEST_F(MapErrors, ReportsWhereABarCanBeMapped) {
    calls.memory.device = {{kMemory, kMemory + 0xfff}};
    {
        auto opened = open(Backend::kIommufd);
        EXPECT_EQ(failure(opened.space->map(at(0x100000))),
                  std::to_string(EFAULT) +
                      ": no memory is there, or it is a device's: iommufd maps a BAR only as a "
                      "dma-buf (map_file)");
    }
    auto opened = open(Backend::kType1v2);
    EXPECT_TRUE(opened.space->map(at(0x100000))) << "type1 maps a BAR by its address";
}

TEST_F(MapErrors, ReportsThatReadOnlyMemoryCannotBeWritten) {
    calls.memory.read_only = {{kMemory, kMemory + 0xfff}};
    auto opened = open(Backend::kIommufd);
    EXPECT_EQ(
        failure(opened.space->map(at(0x100000))),
        std::to_string(EPERM) + ": the memory is read-only here, so devices may only read it");
    auto request = at(0x100000);
    request.access = DmaAccess::kRead;
    EXPECT_TRUE(opened.space->map(request));
}

TEST_F(MapErrors, AvoidsAForeignMappingInTheSameIommufd) {
    auto opened = open(Backend::kIommufd);
    iommufd(opened).objects.at(opened.space->ioas_id()).maps[0x1000] = {.length = 0x1000};
    const auto mapped = opened.space->map({.address = kMemory, .length = kPage});
    ASSERT_TRUE(mapped) << mapped.error().text();
    EXPECT_EQ(mapped->iova.first, 0x2000U);
}

TEST_F(MapErrors, MapsNothingWithoutADevice) {
    auto opened = open(Backend::kType1v2);
    opened.device.reset();
    ASSERT_TRUE(opened.space->detach_group(opened.group, "/dev/vfio/15"));
    const auto mapped = opened.space->map(at(0x100000));
    ASSERT_FALSE(mapped);
    EXPECT_EQ(mapped.error().text(), "type1v2: map at 0x100000: no device is attached yet");
}

TEST_F(MapErrors, HasNoReservedRangesForAnMdev) {
    drive.hardware.emulated = true;
    auto opened = open(Backend::kType1v2);
    EXPECT_EQ(opened.space->ranges(), (std::vector<IovaRange>{{0, ~0ULL}}));
    EXPECT_TRUE(opened.space->map(at(0xfee00000)));
}

TEST_F(MapErrors, ReportsThatNoiommuMapsNothing) {
    drive.group = "noiommu-0";
    drive.cdev.clear();
    auto opened = open(Backend::kNoiommu);
    const auto mapped = opened.space->map(at(0x100000));
    ASSERT_FALSE(mapped);
    EXPECT_EQ(mapped.error().text(),
              "noiommu: map at 0x100000: there is no translation: devices see physical addresses");
    EXPECT_EQ(opened.space->unmap_all(), 0U);
}

}  // namespace
}  // namespace vfio
