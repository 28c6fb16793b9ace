// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

class Attach : public VfioTest {
  protected:
    Attach() : narrow(calls.add("0000:02:00.0", "16", "vfio1")) {
        narrow.hardware.usable = {{0, 0xffffffff}};
    }
    FakeCalls::Device& narrow;
};

TEST_F(Attach, ReadsTheUsableRangesAgainAfterEachDevice) {
    auto first = open(Backend::kType1v2);
    EXPECT_EQ(first.space->ranges(),
              (std::vector<IovaRange>{{0, 0xfedfffff}, {0xfef00000, (1ULL << 39) - 1}}));
    auto second = open_device_in(calls, nodes(narrow), first.space);
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(first.space->ranges(),
              (std::vector<IovaRange>{{0, 0xfedfffff}, {0xfef00000, 0xffffffff}}));
    second->device.reset();
    ASSERT_TRUE(first.space->detach_group(second->group, "/dev/vfio/16"));
    EXPECT_EQ(first.space->ranges().back().last, (1ULL << 39) - 1);
}

TEST_F(Attach, GuessesNothingOfAGroupThatCannotHaveTheMappings) {
    auto first = open(Backend::kType1v2);
    ASSERT_TRUE(first.space->map(at(0x100000)));
    ASSERT_TRUE(first.space->map(at(1ULL << 33)));
    const auto second = open_device_in(calls, nodes(narrow), first.space);
    EXPECT_EQ(failure(second), std::to_string(EINVAL) + ": ");
    calls.files["/sys/kernel/iommu_groups/16/reserved_regions"] =
        "0x00000000fee00000 0x00000000feefffff msi";
    EXPECT_EQ(failure(open_device_in(calls, nodes(narrow), first.space)),
              std::to_string(EINVAL) +
                  ": none of the mappings lies in a reserved region of /dev/vfio/16");
    EXPECT_TRUE(first.space->map(at(0x200000))) << "the first one goes on";
}

TEST_F(Attach, NamesTheReservedRegionThatAMappingLiesIn) {
    calls.files["/sys/kernel/iommu_groups/16/reserved_regions"] =
        "0x0000000000000000 0x0000000000ffffff direct-relaxable\n"
        "0x0000000008000000 0x00000000080fffff msi";
    narrow.hardware.usable = {{0, 0x7ffffff}, {0x8100000, 0xffffffff}};
    auto first = open(Backend::kType1v2);
    ASSERT_TRUE(first.space->map(at(0x100000)));
    ASSERT_TRUE(first.space->map(at(0x8000000)));
    EXPECT_EQ(
        failure(open_device_in(calls, nodes(narrow), first.space)),
        std::to_string(EINVAL) +
            ": in the way: the mapping 0x8000000-0x8000fff lies in 0x8000000-0x80fffff, which is "
            "reserved (msi) for /dev/vfio/16");
}

TEST_F(Attach, NamesTheSameOnIommufd) {
    auto first = open(Backend::kIommufd);
    ASSERT_TRUE(first.space->map(at(1ULL << 33)));
    EXPECT_EQ(failure(open_device_in(calls, nodes(narrow), first.space)),
              std::to_string(EADDRINUSE) +
                  ": a mapping or an allowed range lies where this device cannot reach");
}

TEST_F(Attach, MakesTheMappingsAgainAfterTheLastGroupLeft) {
    auto opened = open(Backend::kType1v2);
    ASSERT_TRUE(opened.space->map(at(0x100000, 2 * kPage)));
    ASSERT_TRUE(opened.space->map(at(0x200000)));
    opened.device.reset();
    ASSERT_TRUE(opened.space->detach_group(opened.group, "/dev/vfio/15"));
    EXPECT_EQ(calls.find_type1(opened.group.get()), nullptr) << "the kernel forgot them";
    EXPECT_EQ(opened.space->unmap(0x200000, kPage), kPage) << "still ours to take back";
    ASSERT_TRUE(opened.space->attach_group(opened.group, "/dev/vfio/15"));
    EXPECT_EQ(type1(opened).maps.size(), 1U);
    EXPECT_EQ(type1(opened).maps.at(0x100000).length, 2 * kPage);
    EXPECT_EQ(opened.space->to_iova(kMemory, 2 * kPage), 0x100000U);
}

TEST_F(Attach, RefusesAGroupThatCannotHaveTheMappingsOfTheLast) {
    auto opened = open(Backend::kType1v2);
    ASSERT_TRUE(opened.space->map(at(1ULL << 33)));
    opened.device.reset();
    ASSERT_TRUE(opened.space->detach_group(opened.group, "/dev/vfio/15"));
    const auto second = open_device_in(calls, nodes(narrow), opened.space);
    EXPECT_EQ(failure(second), std::to_string(EINVAL) + ": usable IOVAs end at 0xffffffff");
    EXPECT_TRUE(opened.space->attach_group(opened.group, "/dev/vfio/15")) << "the first one can";
}

TEST_F(Attach, ReportsThatADeviceOfTheGroupIsStillOpen) {
    auto opened = open(Backend::kType1v2);
    EXPECT_EQ(failure(opened.space->detach_group(opened.group, "/dev/vfio/15")),
              std::to_string(EBUSY) + ": a device of the group is still open");
}

TEST_F(Attach, JoinsTheCompatibilityLayerAsTheDeviceOpens) {
    auto first = open(Backend::kIommufdCompat);
    EXPECT_EQ(first.space->ranges().back().last, (1ULL << 39) - 1);
    ASSERT_TRUE(first.space->map(at(1ULL << 33)));
    EXPECT_EQ(failure(open_device_in(calls, nodes(narrow), first.space)),
              std::to_string(EADDRINUSE) +
                  ": a mapping or an allowed range lies where this device cannot reach");
    first.device.reset();
    ASSERT_TRUE(first.space->detach_group(first.group, "/dev/vfio/15"));
    EXPECT_EQ(first.space->unmap(1ULL << 33, kPage), kPage) << "mappings outlive the group";
}

TEST_F(Attach, KeepsMappingsOfAnIommufdWithoutDevices) {
    auto opened = open(Backend::kIommufd);
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    ASSERT_TRUE(opened.space->detach_device({.fd = opened.device, .name = "0000:01:00.0"}));
    EXPECT_EQ(opened.space->ranges(), (std::vector<IovaRange>{{0, ~0ULL}}));
    EXPECT_TRUE(opened.space->map(at(1ULL << 50, kPage, kMemory + kPage)));
    const auto again = opened.space->attach_device({.fd = opened.device, .name = "0000:01:00.0"});
    EXPECT_EQ(failure(again),
              std::to_string(EADDRINUSE) +
                  ": a mapping or an allowed range lies where this device cannot reach");
    ASSERT_EQ(opened.space->unmap(1ULL << 50, kPage), kPage);
    EXPECT_TRUE(opened.space->attach_device({.fd = opened.device, .name = "0000:01:00.0"}));
}

TEST_F(Attach, KeepsAllowedRangesFromLaterDevices) {
    auto first = open(Backend::kIommufd);
    ASSERT_FALSE(first.space->allow_ranges(std::vector<IovaRange>{{0, (1ULL << 33) - 1}}))
        << "the MSI region is inside";
    ASSERT_TRUE(first.space->allow_ranges(
        std::vector<IovaRange>{{0, 0xfedfffff}, {1ULL << 32, (1ULL << 33) - 1}}));
    const auto second = open_device_in(calls, nodes(narrow), first.space);
    EXPECT_EQ(failure(second),
              std::to_string(EADDRINUSE) +
                  ": a mapping or an allowed range lies where this device cannot reach");
}

TEST_F(Attach, AttachesAnMdevToTheAddressSpaceItself) {
    drive.hardware.emulated = true;
    const auto opened = open(Backend::kIommufd);
    EXPECT_EQ(opened.bound.page_table_id, opened.space->ioas_id());
    EXPECT_EQ(opened.space->ranges(), (std::vector<IovaRange>{{0, ~0ULL}}));
}

TEST_F(Attach, SharesAnExplicitPageTableAmongDevices) {
    auto first = open(Backend::kIommufd, PageTable::kDirty);
    auto second = open_device_in(calls, nodes(narrow), first.space);
    ASSERT_TRUE(second);
    EXPECT_EQ(first.bound.page_table_id, second->bound.page_table_id);
}

}  // namespace
}  // namespace vfio
