// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/space/interval_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <vector>

namespace vfio {
namespace {

using Index = IntervalIndex<std::uint64_t>;
using Interval = Index::Interval;

TEST(IntervalIndex, IsEmptyAtFirst) {
    const Index index;
    EXPECT_TRUE(index.empty());
    EXPECT_EQ(index.containing({0, 0}), std::nullopt);
    EXPECT_EQ(index.first_overlap({0, ~0ULL}), std::nullopt);
}

TEST(IntervalIndex, FindsTheEntryThatCoversTheWholeRange) {
    Index index;
    index.insert({0x1000, 0x1fff}, 1);
    index.insert({0x2000, 0x3fff}, 2);
    EXPECT_EQ(index.containing({0x1000, 0x1fff}), (Interval{{0x1000, 0x1fff}, 1}));
    EXPECT_EQ(index.containing({0x3fff, 0x3fff}), (Interval{{0x2000, 0x3fff}, 2}));
    EXPECT_EQ(index.containing({0x1fff, 0x2000}), std::nullopt);
    EXPECT_EQ(index.containing({0x4000, 0x4000}), std::nullopt);
}

TEST(IntervalIndex, FindsAnOuterEntryBehindInnerOnes) {
    Index index;
    index.insert({0, 0xfffff}, 7);
    for (std::uint64_t i = 1; i < 500; ++i)
        index.insert({i * 16, i * 16 + 7}, i);
    EXPECT_EQ(index.containing({16, 23}), (Interval{{16, 23}, 1}));
    EXPECT_EQ(index.containing({499 * 16, 499 * 16 + 8}), (Interval{{0, 0xfffff}, 7}));
}

TEST(IntervalIndex, KeepsEntriesOfOneAddressApartByValue) {
    Index index;
    for (std::uint64_t i = 0; i < 300; ++i)
        index.insert({0x1000, 0x1fff}, i);
    for (std::uint64_t i = 0; i < 300; ++i)
        EXPECT_TRUE(index.erase({0x1000, 0x1fff}, (i * 7) % 300)) << i;
    EXPECT_FALSE(index.erase({0x1000, 0x1fff}, 0));
    EXPECT_TRUE(index.empty());
}

TEST(IntervalIndex, AgreesWithAnOrderedMapOverRandomInsertsAndErases) {
    Index index;
    std::map<std::uint64_t, Interval> model;
    std::mt19937_64 random(1);
    for (int step = 0; step < 60000; ++step) {
        const std::uint64_t first = (random() % 20000) * 16;
        const auto found = model.find(first);
        if (found == model.end()) {
            const Interval entry{{first, first + random() % 16}, random()};
            index.insert(entry.range, entry.value);
            model.emplace(first, entry);
        } else if (step % 3 != 0) {
            ASSERT_TRUE(index.erase(found->second.range, found->second.value));
            model.erase(found);
        }
        const std::uint64_t from = random() % (20000 * 16);
        const IovaRange range{from, from + random() % 200};
        auto expected = model.lower_bound(from);
        if (expected != model.begin() && std::prev(expected)->second.range.last >= from)
            --expected;
        const bool hit = expected != model.end() && expected->first <= range.last;
        ASSERT_EQ(index.first_overlap(range),
                  hit ? std::optional<Interval>(expected->second) : std::nullopt);
    }
    std::vector<Interval> all;
    index.visit_all([&](const Interval& entry) { all.push_back(entry); });
    std::vector<Interval> wanted;
    for (const auto& [first, entry] : model)
        wanted.push_back(entry);
    EXPECT_EQ(all, wanted);
}

/// Entries next to the last change are found without a search, in any order of changes.
void expect_order(const std::vector<std::uint64_t>& in, const std::vector<std::uint64_t>& out) {
    Index index;
    for (const std::uint64_t i : in) {
        const auto place = index.seek(i * 16);
        ASSERT_FALSE(index.overlaps_neighbour(place, {i * 16, i * 16 + 15})) << i;
        index.insert_at(place, {i * 16, i * 16 + 15}, i);
        ASSERT_TRUE(index.overlaps_neighbour(index.seek(i * 16 + 8), {i * 16 + 8, i * 16 + 8}))
            << i;
    }
    std::vector<std::uint64_t> sorted;
    index.visit_all([&](const Interval& entry) { sorted.push_back(entry.value); });
    ASSERT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
    ASSERT_EQ(sorted.size(), in.size());
    for (const std::uint64_t i : out) {
        const auto at = index.find_exact({i * 16, i * 16 + 15});
        ASSERT_TRUE(at) << i;
        EXPECT_EQ(index.value(*at), i);
        EXPECT_FALSE(index.find_exact({i * 16, i * 16 + 14})) << i;
        index.remove(*index.find_exact({i * 16, i * 16 + 15}));
        ASSERT_EQ(index.containing({i * 16, i * 16}), std::nullopt) << i;
    }
    EXPECT_TRUE(index.empty());
}

TEST(IntervalIndex, InsertsAndRemovesInAnyOrder) {
    std::vector<std::uint64_t> up(300);
    std::iota(up.begin(), up.end(), 0);
    const std::vector<std::uint64_t> down(up.rbegin(), up.rend());
    std::vector<std::uint64_t> mixed = up;
    std::shuffle(mixed.begin(), mixed.end(), std::mt19937_64(3));
    for (const auto& in : {up, down, mixed})
        for (const auto& out : {up, down, mixed})
            expect_order(in, out);
}

TEST(IntervalIndex, KeepsASlidingWindow) {
    Index index;
    for (std::uint64_t i = 0; i < 5000; ++i) {
        index.insert({i * 16, i * 16 + 15}, i);
        if (i < 100)
            continue;
        ASSERT_TRUE(index.erase({(i - 100) * 16, (i - 100) * 16 + 15}, i - 100));
        ASSERT_EQ(index.size(), 100U);
        ASSERT_EQ(index.containing({(i - 50) * 16, (i - 50) * 16}),
                  (Interval{{(i - 50) * 16, (i - 50) * 16 + 15}, i - 50}));
    }
}

TEST(IntervalIndex, ForgetsThatEntriesOverlappedOnceItWasEmpty) {
    Index index;
    index.insert({0x1000, 0x4fff}, 1);
    for (std::uint64_t i = 0; i < 100; ++i)
        index.insert({0x2000 + i * 16, 0x2000 + i * 16 + 7}, 2 + i);
    EXPECT_EQ(index.containing({0x2000, 0x2fff}), (Interval{{0x1000, 0x4fff}, 1}));
    for (std::uint64_t i = 0; i < 100; ++i)
        ASSERT_TRUE(index.erase({0x2000 + i * 16, 0x2000 + i * 16 + 7}, 2 + i));
    EXPECT_EQ(index.containing({0x2000, 0x2fff}), (Interval{{0x1000, 0x4fff}, 1}));
    ASSERT_TRUE(index.erase({0x1000, 0x4fff}, 1));
    index.insert({~0ULL - 7, ~0ULL}, 9);
    EXPECT_EQ(index.containing({~0ULL, ~0ULL}), (Interval{{~0ULL - 7, ~0ULL}, 9}));
    EXPECT_EQ(index.containing({0, 0}), std::nullopt);
}

}  // namespace
}  // namespace vfio
