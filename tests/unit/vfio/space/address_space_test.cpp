// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>
#include <thread>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

INSTANTIATE_TEST_SUITE_P(All, EveryBackend,
                         testing::Values(Backend::kIommufd, Backend::kIommufdCompat,
                                         Backend::kType1v2, Backend::kType1, Backend::kSpaprV2,
                                         Backend::kSpaprV1),
                         backend_name);

TEST_P(EveryBackend, MapsTranslatesAndUnmaps) {
    auto opened = open();
    const auto mapped = opened.space->map({.address = kMemory, .length = 4 * kPage});
    ASSERT_TRUE(mapped) << mapped.error().text();
    const std::uint64_t iova = mapped->iova.first;
    EXPECT_NE(iova, 0U);
    EXPECT_EQ(opened.space->to_iova(kMemory + 5, 100), iova + 5);
    EXPECT_EQ(opened.space->to_address(iova + kPage, kPage), kMemory + kPage);
    EXPECT_EQ(opened.space->unmap(iova, 4 * kPage), 4 * kPage);
    EXPECT_EQ(opened.space->to_iova(kMemory, 1), std::nullopt);
    EXPECT_EQ(calls.memory.locked, GetParam() == Backend::kSpaprV1 ? 0x80000000U : 0U);
}

TEST_P(EveryBackend, ChoosesNoIovaThatACallerChoseBefore) {
    auto opened = open();
    const auto first = opened.space->map({.address = kMemory, .length = kPage});
    ASSERT_TRUE(first);
    ASSERT_EQ(opened.space->unmap(first->iova.first, kPage), kPage);
    // The caller takes the next free addresses and those around them.
    for (std::uint64_t i = 0; i < 40; ++i)
        ASSERT_TRUE(opened.space->map(at(first->iova.first + i * kPage)));
    std::vector<IovaRange> all;
    for (int i = 0; i < 40; ++i) {
        const auto mapped = opened.space->map({.address = kMemory, .length = kPage});
        ASSERT_TRUE(mapped) << mapped.error().text();
    }
    for (const MappedRange& mapped : opened.space->mappings())
        all.push_back(mapped.iova);
    ASSERT_EQ(all.size(), 80U);
    for (std::size_t i = 1; i < all.size(); ++i)
        EXPECT_LT(all[i - 1].last, all[i].first);
    // Addresses that the caller unmaps can be chosen again.
    const std::uint64_t free = first->iova.first + 7 * kPage;
    ASSERT_EQ(opened.space->unmap(free, kPage), kPage);
    const auto again = opened.space->map(
        {.address = kMemory, .length = kPage, .within = IovaRange{free, free + kPage - 1}});
    ASSERT_TRUE(again) << again.error().hint;
    EXPECT_EQ(again->iova.first, free);
}

TEST_P(EveryBackend, ReportsNoSpaceWhereCallersTookAll) {
    auto opened = open();
    const IovaRange within{0x200000, 0x200000 + 4 * kPage - 1};
    ASSERT_TRUE(opened.space->map(at(0x200000, 4 * kPage)));
    const auto none = opened.space->map({.address = kMemory, .length = kPage, .within = within});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().errnum, ENOSPC);
    ASSERT_EQ(opened.space->unmap(0x200000, 4 * kPage), 4 * kPage);
    EXPECT_TRUE(opened.space->map({.address = kMemory, .length = kPage, .within = within}));
}

TEST_P(EveryBackend, FindsAddressesMappedBeforeTheFirstLookup) {
    auto opened = open();
    for (std::uint64_t i = 0; i < 100; ++i)
        ASSERT_TRUE(
            opened.space->map(at(0x100000 + i * 2 * kPage, kPage, kMemory + i * 3 * kPage)));
    EXPECT_EQ(opened.space->to_iova(kMemory + 99 * 3 * kPage + 1, 10), 0x100000 + 198 * kPage + 1);
    ASSERT_EQ(opened.space->unmap(0x100000 + 198 * kPage, kPage), kPage);
    EXPECT_EQ(opened.space->to_iova(kMemory + 99 * 3 * kPage, 1), std::nullopt);
    ASSERT_TRUE(opened.space->map(at(0x400000, kPage, kMemory + 99 * 3 * kPage)));
    EXPECT_EQ(opened.space->to_iova(kMemory + 99 * 3 * kPage, 1), 0x400000U);
}

TEST_P(EveryBackend, TranslatesOnlyWhatIsCoveredWhole) {
    auto opened = open();
    ASSERT_TRUE(opened.space->map(at(0x100000, 2 * kPage)));
    EXPECT_EQ(opened.space->to_iova(kMemory, 2 * kPage), 0x100000U);
    EXPECT_EQ(opened.space->to_iova(kMemory, 2 * kPage + 1), std::nullopt);
    EXPECT_EQ(opened.space->to_address(0x100000, 2 * kPage + 1), std::nullopt);
    EXPECT_EQ(opened.space->to_iova(kMemory, 0), std::nullopt);
}

TEST_P(EveryBackend, TranslatesAcrossMappingsThatFollowEachOther) {
    auto opened = open();
    ASSERT_TRUE(opened.space->map(at(0x100000, kPage)));
    ASSERT_TRUE(opened.space->map(at(0x101000, kPage, kMemory + kPage)));
    ASSERT_TRUE(opened.space->map(at(0x200000, kPage, kMemory + 2 * kPage)));
    EXPECT_EQ(opened.space->to_iova(kMemory + 1, 2 * kPage - 1), 0x100001U);
    EXPECT_EQ(opened.space->to_iova(kMemory + 1, 2 * kPage), std::nullopt);
    EXPECT_EQ(opened.space->to_address(0x100000, 2 * kPage), kMemory);
}

TEST_P(EveryBackend, UnmapsZeroBytesWhereNothingIsMapped) {
    auto opened = open();
    EXPECT_EQ(opened.space->unmap(0x100000, kPage), 0U);
    EXPECT_EQ(opened.space->unmap(0x100000, 0), 0U);
    EXPECT_EQ(opened.space->unmap_all(), 0U);
}

TEST_P(EveryBackend, UnmapsSeveralMappingsInOneRange) {
    auto opened = open();
    for (std::uint64_t i = 0; i < 3; ++i)
        ASSERT_TRUE(opened.space->map(at(0x100000 + i * 0x10000, kPage, kMemory + i * 0x100000)));
    EXPECT_EQ(opened.space->unmap(0x100000, 0x20000), 2 * kPage);
    EXPECT_EQ(opened.space->mappings().size(), 1U);
    EXPECT_EQ(opened.space->unmap_all(), kPage);
    EXPECT_EQ(opened.space->mappings().size(), 0U);
}

TEST_P(EveryBackend, RefusesToCutAMappingOnEveryBackend) {
    auto opened = open();
    ASSERT_TRUE(opened.space->map(at(0x100000, 4 * kPage)));
    const std::string expected =
        std::to_string(EINVAL) +
        ": it cuts the mapping 0x100000-0x103fff, which can only be unmapped as a whole";
    EXPECT_EQ(failure(opened.space->unmap(0x101000, kPage)), expected);
    EXPECT_EQ(failure(opened.space->unmap(0x100000, kPage)), expected);
    EXPECT_EQ(opened.space->to_iova(kMemory, 4 * kPage), 0x100000U);
}

TEST_P(EveryBackend, NamesTheMappingThatConflicts) {
    auto opened = open();
    ASSERT_TRUE(opened.space->map(at(0x100000, 4 * kPage)));
    EXPECT_EQ(failure(opened.space->map(at(0x103000))),
              std::to_string(EEXIST) + ": in the way: the mapping 0x100000-0x103fff");
}

TEST_P(EveryBackend, RefusesLengthZeroWrappingAndMisalignment) {
    auto opened = open();
    EXPECT_EQ(failure(opened.space->map(at(0x100000, 0))),
              std::to_string(EINVAL) + ": the length is 0");
    EXPECT_EQ(failure(opened.space->map(at(~0ULL - 0xfff, 2 * kPage))),
              std::to_string(EOVERFLOW) + ": the range wraps around");
    EXPECT_EQ(failure(opened.space->map(at(0x100000, kPage, ~0ULL - 0xff))),
              std::to_string(EOVERFLOW) + ": the range wraps around");
    EXPECT_EQ(failure(opened.space->map(at(0x100000, kPage, kMemory + 1))),
              std::to_string(EINVAL) + ": address and length must be multiples of 0x1000");
    EXPECT_EQ(failure(opened.space->map(at(0x100001))),
              std::to_string(EINVAL) + ": IOVA and length must be multiples of 0x1000");
    EXPECT_EQ(failure(opened.space->unmap(~0ULL, 2)),
              std::to_string(EOVERFLOW) + ": the range wraps around");
    EXPECT_TRUE(opened.space->mappings().empty());
}

TEST_P(EveryBackend, UnmapsWhenTheHandleIsDestroyed) {
    auto opened = open();
    {
        auto mapping = opened.space->map_scoped({.address = kMemory, .length = kPage});
        ASSERT_TRUE(mapping);
        Mapping moved = std::move(*mapping);
        EXPECT_EQ(opened.space->to_iova(kMemory, kPage), moved.iova());
    }
    EXPECT_TRUE(opened.space->mappings().empty());
    auto kept = opened.space->map_scoped({.address = kMemory, .length = kPage});
    ASSERT_TRUE(kept);
    kept->release();
    EXPECT_EQ(kept->unmap(), 0U);
    EXPECT_EQ(opened.space->mappings().size(), 1U);
}

TEST_P(EveryBackend, FindsAMappingByItsKey) {
    auto opened = open();
    ASSERT_TRUE(opened.space->map_keyed(7, {.address = kMemory, .length = kPage}));
    const auto again = opened.space->map_keyed(7, {.address = kMemory + kPage, .length = kPage});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().text(), "key 7: map: it has a mapping already");
    EXPECT_EQ(opened.space->unmap_keyed(7), kPage);
    EXPECT_EQ(opened.space->unmap_keyed(7), 0U);
}

TEST_P(EveryBackend, ReusesFreedAddresses) {
    auto opened = open();
    const auto first = opened.space->map({.address = kMemory, .length = kPage});
    ASSERT_TRUE(first);
    for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(opened.space->unmap(first->iova.first, kPage), kPage);
        const auto again = opened.space->map({.address = kMemory, .length = kPage});
        ASSERT_TRUE(again);
        ASSERT_EQ(again->iova, first->iova);
    }
}

TEST_P(EveryBackend, StaysWithinTheReachOfTheDevice) {
    auto opened = open();
    const auto mapped = opened.space->map(
        {.address = kMemory, .length = kPage, .within = IovaRange{0x8000000, 0xfffffff}});
    ASSERT_TRUE(mapped) << mapped.error().text();
    EXPECT_TRUE((IovaRange{0x8000000, 0xfffffff}.contains(mapped->iova)));
}

TEST_P(EveryBackend, LeavesNothingMappedOrTakenAfterAFailure) {
    calls.memory.absent = {{kMemory, kMemory + 0xffff}};
    auto opened = open();
    const std::uint64_t locked = calls.memory.locked;
    const auto failed = opened.space->map(at(0x100000));
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().errnum, EFAULT);
    EXPECT_EQ(calls.memory.locked, locked);
    EXPECT_TRUE(opened.space->map(at(0x100000, kPage, kMemory + 0x10000)));
}

TEST_P(EveryBackend, SurvivesInterruptions) {
    auto opened = open();
    calls.interruptions = 5;
    EXPECT_TRUE(opened.space->map(at(0x100000)));
}

TEST_P(EveryBackend, ServesSeveralThreads) {
    auto opened = open();
    const auto churn = [&](std::uint64_t base) {
        for (int i = 0; i < 300; ++i) {
            const auto mapped = opened.space->map({.address = base, .length = kPage});
            ASSERT_TRUE(mapped);
            ASSERT_EQ(opened.space->to_iova(base, kPage), mapped->iova.first);
            ASSERT_EQ(opened.space->unmap(mapped->iova.first, kPage), kPage);
        }
    };
    std::thread other(churn, kMemory + 0x1000000);
    churn(kMemory);
    other.join();
    EXPECT_TRUE(opened.space->mappings().empty());
}

}  // namespace
}  // namespace vfio
