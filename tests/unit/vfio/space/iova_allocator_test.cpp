// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/iova_allocator.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <random>

namespace vfio {
namespace {

constexpr std::uint64_t kPage = 0x1000;

class Allocator : public testing::Test {
  protected:
    void windows(std::vector<Window> windows, std::vector<IovaRange> taken = {}) {
        allocator_.set_windows(windows, taken);
    }
    std::uint64_t allocate(const IovaAllocator::Constraints& wanted) {
        const auto got = allocator_.allocate(wanted);
        EXPECT_TRUE(got) << got.error().text();
        return got ? got->first : ~0ULL;
    }
    IovaAllocator allocator_;
};

TEST_F(Allocator, NeverAllocatesAddressZeroButReservesIt) {
    windows({{{0, 0xffff}, kPage}});
    EXPECT_EQ(allocate({.length = kPage}), kPage);
    EXPECT_TRUE(allocator_.reserve({0, 0xfff}));
}

TEST_F(Allocator, ReusesFreedSpaceBestFitFirst) {
    windows({{{0x1000, 0xffffff}, kPage}});
    const auto a = allocate({.length = 4 * kPage});
    const auto b = allocate({.length = kPage});
    const auto c = allocate({.length = 2 * kPage});
    allocate({.length = kPage});
    allocator_.release({a, a + 4 * kPage - 1});
    allocator_.release({c, c + 2 * kPage - 1});
    EXPECT_EQ(allocate({.length = 2 * kPage}), c);
    EXPECT_EQ(allocate({.length = kPage}), a);
    allocator_.release({b, b + kPage - 1});
    EXPECT_EQ(allocate({.length = 4 * kPage}), a + kPage) << "free neighbours grow together";
}

TEST_F(Allocator, DoesNotAllocateAcrossTheGapBetweenWindows) {
    windows({{{0x1000, 0x2fff}, kPage}, {{0x3000, 0x4fff}, kPage}});
    const auto got = allocator_.allocate({.length = 3 * kPage});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().errnum, ENOSPC);
    EXPECT_EQ(got.error().hint, "16384 bytes are free in 2 pieces");
}

TEST_F(Allocator, AlignsToThePhaseOfTheMemory) {
    windows({{{0, (1ULL << 39) - 1}, kPage}});
    const std::uint64_t huge = 1ULL << 21;
    EXPECT_EQ(allocate({.length = huge, .alignment = huge, .phase = 0x7f0000123000}) % huge,
              0x123000U);
}

TEST_F(Allocator, HonoursEachWindowsPageSize) {
    windows({{{0, 0x7fffffff}, kPage}, {{1ULL << 59, (1ULL << 59) + (1ULL << 32) - 1}, 1 << 24}});
    EXPECT_EQ(allocate({.length = kPage}), kPage);
    EXPECT_EQ(allocate({.length = 3ULL << 30}), 1ULL << 59);
    const auto bad = allocator_.allocate({.length = 100});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().errnum, EINVAL);
    const auto fine =
        allocator_.reserve({(1ULL << 59) + (3ULL << 30), (1ULL << 59) + (3ULL << 30) + 0xfff});
    ASSERT_FALSE(fine);
    EXPECT_EQ(fine.error().hint, "IOVA and length must be multiples of 0x1000000");
}

TEST_F(Allocator, RefusesTakenRangesAndNamesTheConflict) {
    windows({{{0, 0xfedfffff}, kPage}, {{0xfef00000, 0xffffffff}, kPage}});
    ASSERT_TRUE(allocator_.reserve({0x10000, 0x1ffff}));
    const auto again = allocator_.reserve({0x1f000, 0x20fff});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().errnum, EEXIST);
    const auto msi = allocator_.reserve({0xfee00000, 0xfee00fff});
    ASSERT_FALSE(msi);
    EXPECT_EQ(msi.error().errnum, EINVAL);
    EXPECT_EQ(msi.error().hint, "in the way: 0xfee00000-0xfeefffff is reserved");
    const auto high = allocator_.reserve({1ULL << 40, (1ULL << 40) + 0xfff});
    ASSERT_FALSE(high);
    EXPECT_EQ(high.error().hint, "usable IOVAs end at 0xffffffff");
}

TEST_F(Allocator, KeepsWhatIsTakenWhenWindowsNarrow) {
    windows({{{0, ~0ULL}, kPage}});
    ASSERT_TRUE(allocator_.reserve({0x100000, 0x1fffff}));
    windows({{{0, 0x17ffff}, kPage}}, {{0x100000, 0x1fffff}});
    EXPECT_FALSE(allocator_.reserve({0x100000, 0x100fff}));
    allocator_.release({0x100000, 0x1fffff});
    EXPECT_TRUE(allocator_.reserve({0x100000, 0x17ffff})) << "only the part inside is free again";
    EXPECT_FALSE(allocator_.reserve({0x180000, 0x180fff}));
}

TEST_F(Allocator, ServesTheWholeSpace) {
    windows({{{0, ~0ULL}, kPage}});
    EXPECT_TRUE(allocator_.reserve({~0ULL - 0xfff, ~0ULL}));
    allocator_.release({~0ULL - 0xfff, ~0ULL});
    EXPECT_TRUE(allocator_.reserve({0, ~0ULL}));
    EXPECT_FALSE(allocator_.allocate({.length = kPage}));
}

TEST_F(Allocator, ReusesRecentlyReleasedRangesOnlyWhereTheyFit) {
    windows({{{0x1000, 0xffffff}, kPage}});
    const auto low = allocate({.length = kPage});
    const auto high = allocate({.length = kPage, .within = IovaRange{0x800000, 0x8fffff}});
    allocator_.release({low, low + kPage - 1});
    allocator_.release({high, high + kPage - 1});
    EXPECT_EQ(allocator_.reuse_exact(
                  {.length = kPage, .alignment = kPage, .within = IovaRange{0, 0xffff}}),
              (IovaRange{low, low + kPage - 1}));
    EXPECT_EQ(allocator_.reuse_exact({.length = 2 * kPage}), std::nullopt);
    EXPECT_EQ(allocator_.reuse_exact({.length = kPage, .alignment = 0x1000000}), std::nullopt);
    EXPECT_EQ(allocator_.reuse_exact({.length = kPage}), (IovaRange{high, high + kPage - 1}));
    EXPECT_EQ(allocator_.reuse_exact({.length = kPage}), std::nullopt);
}

TEST_F(Allocator, TakesTheFreePartsOfARange) {
    windows({{{0x1000, 0xffff}, kPage}, {{0x20000, 0x2ffff}, kPage}});
    ASSERT_TRUE(allocator_.reserve({0x4000, 0x4fff}));
    const std::uint64_t before = allocator_.free_bytes();
    allocator_.mark_used({0x3000, 0x21fff});
    EXPECT_EQ(before - allocator_.free_bytes(), 0x1000U + 0xb000U + 0x2000U);
    EXPECT_FALSE(allocator_.reserve({0x3000, 0x3fff}));
    EXPECT_FALSE(allocator_.reserve({0x21000, 0x21fff}));
    EXPECT_TRUE(allocator_.reserve({0x22000, 0x22fff}));
    EXPECT_TRUE(allocator_.reserve({0x1000, 0x2fff}));
}

TEST_F(Allocator, NeverOverlapsOverRandomUse) {
    windows({{{0, 0xffffff}, kPage}, {{0x2000000, 0x2ffffff}, 4 * kPage}});
    const std::uint64_t all = allocator_.free_bytes();
    std::vector<bool> used(0x3000);
    std::vector<IovaRange> live;
    std::mt19937_64 random(2);
    for (int step = 0; step < 20000; ++step) {
        if (live.empty() || random() % 2 == 0) {
            const auto got = allocator_.allocate({.length = (1 + random() % 64) * kPage,
                                                  .alignment = kPage << (random() % 6),
                                                  .phase = random() & ~(kPage - 1)});
            if (!got)
                continue;
            for (auto page = got->first / kPage; page <= got->last / kPage; ++page) {
                ASSERT_FALSE(used[page]);
                used[page] = true;
            }
            live.push_back(*got);
        } else {
            std::swap(live[random() % live.size()], live.back());
            for (auto page = live.back().first / kPage; page <= live.back().last / kPage; ++page)
                used[page] = false;
            allocator_.release(live.back());
            live.pop_back();
        }
    }
    for (const IovaRange& range : live)
        allocator_.release(range);
    EXPECT_EQ(allocator_.free_bytes(), all);
    EXPECT_EQ(allocator_.free_extents(), 2U);
}

}  // namespace
}  // namespace vfio
