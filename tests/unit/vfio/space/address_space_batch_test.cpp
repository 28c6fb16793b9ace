// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

using Batch = VfioTest;

TEST_F(Batch, JoinsConsecutiveRequestsInAnyOrder) {
    auto opened = open(Backend::kType1v2);
    const std::vector<MapRequest> requests{
        at(0x102000, kPage, kMemory + 2 * kPage), at(0x100000, kPage, kMemory),
        at(0x101000, kPage, kMemory + kPage), at(0x200000, kPage, kMemory + 0x100000)};
    const unsigned before = calls.calls;
    const auto mapped = opened.space->map_batch(requests);
    ASSERT_TRUE(mapped);
    EXPECT_EQ(calls.calls - before, 2U);
    EXPECT_EQ(*mapped, (std::vector<MappedRange>{
                           {.iova = {0x100000, 0x102fff}, .address = kMemory},
                           {.iova = {0x200000, 0x200fff}, .address = kMemory + 0x100000}}));
}

TEST_F(Batch, DoesNotJoinDifferentAccess) {
    auto opened = open(Backend::kType1v2);
    auto second = at(0x101000, kPage, kMemory + kPage);
    second.access = DmaAccess::kRead;
    const auto mapped = opened.space->map_batch(std::vector{at(0x100000), second});
    ASSERT_TRUE(mapped);
    EXPECT_EQ(mapped->size(), 2U);
    EXPECT_EQ(type1(opened).maps.at(0x101000).flags, abi::kDmaMapRead);
}

TEST_F(Batch, PlacesAdjacentMemoryInOnePiece) {
    auto opened = open(Backend::kIommufd);
    std::vector<MapRequest> requests;
    for (std::uint64_t i = 0; i < 512; ++i)
        requests.push_back({.address = kMemory + i * kPage, .length = kPage});
    const auto mapped = opened.space->map_batch(requests);
    ASSERT_TRUE(mapped);
    ASSERT_EQ(mapped->size(), 1U);
    EXPECT_EQ(mapped->front().iova.length(), 512 * kPage);
    EXPECT_EQ(mapped->front().iova.first % (512 * kPage), kMemory % (512 * kPage));
}

TEST_F(Batch, MapsAllOrNothing) {
    auto opened = open(Backend::kType1v2);
    calls.memory.absent = {{kMemory + 0x100000, kMemory + 0x1fffff}};
    const auto mapped =
        opened.space->map_batch(std::vector{at(0x100000), at(0x200000, kPage, kMemory + 0x100000)});
    EXPECT_EQ(failure(mapped), std::to_string(EFAULT) + ": no memory is there");
    EXPECT_TRUE(opened.space->mappings().empty());
    EXPECT_TRUE(type1(opened).maps.empty());
    EXPECT_EQ(calls.memory.locked, 0U);
}

TEST_F(Batch, ValidatesEachRequestBeforeJoiningThem) {
    auto opened = open(Backend::kType1v2);
    const auto mapped = opened.space->map_batch(
        std::vector{at(0x100000, 0x800), at(0x100800, 0x800, kMemory + 0x800)});
    EXPECT_EQ(failure(mapped),
              std::to_string(EINVAL) + ": address and length must be multiples of 0x1000");
}

TEST_F(Batch, StaysBelowTheEntryLimitByJoining) {
    calls.dma_entry_limit = 1;
    auto opened = open(Backend::kType1v2);
    std::vector<MapRequest> requests;
    for (std::uint64_t i = 0; i < 1000; ++i)
        requests.push_back(at(0x100000 + i * kPage, kPage, kMemory + i * kPage));
    EXPECT_TRUE(opened.space->map_batch(requests));
}

}  // namespace
}  // namespace vfio
