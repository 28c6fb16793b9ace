// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/interval_index.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace vfio {
namespace {

using Index = IntervalIndex<std::uint64_t>;
using Entry = Index::Entry;

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
    EXPECT_EQ(index.containing({0x1000, 0x1fff}), (Entry{{0x1000, 0x1fff}, 1}));
    EXPECT_EQ(index.containing({0x3fff, 0x3fff}), (Entry{{0x2000, 0x3fff}, 2}));
    EXPECT_EQ(index.containing({0x1fff, 0x2000}), std::nullopt);
    EXPECT_EQ(index.containing({0x4000, 0x4000}), std::nullopt);
}

TEST(IntervalIndex, FindsAnOuterEntryBehindInnerOnes) {
    Index index;
    index.insert({0, 0xfffff}, 7);
    for (std::uint64_t i = 1; i < 500; ++i)
        index.insert({i * 16, i * 16 + 7}, i);
    EXPECT_EQ(index.containing({16, 23}), (Entry{{16, 23}, 1}));
    EXPECT_EQ(index.containing({499 * 16, 499 * 16 + 8}), (Entry{{0, 0xfffff}, 7}));
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
    std::map<std::uint64_t, Entry> model;
    std::mt19937_64 random(1);
    for (int step = 0; step < 60000; ++step) {
        const std::uint64_t first = (random() % 20000) * 16;
        const auto found = model.find(first);
        if (found == model.end()) {
            const Entry entry{{first, first + random() % 16}, random()};
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
                  hit ? std::optional<Entry>(expected->second) : std::nullopt);
    }
    std::vector<Entry> all;
    index.visit_all([&](const Entry& entry) { all.push_back(entry); });
    std::vector<Entry> wanted;
    for (const auto& [first, entry] : model)
        wanted.push_back(entry);
    EXPECT_EQ(all, wanted);
}

}  // namespace
}  // namespace vfio
