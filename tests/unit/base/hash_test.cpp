// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/hash.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

// The test vectors of http://www.isthe.com/chongo/tech/comp/fnv.
TEST(Fnv1a, MatchesItsPublishedVectors) {
    static_assert(fnv1a_32("") == 0x811c9dc5);
    static_assert(fnv1a_64("") == 0xcbf29ce484222325);
    EXPECT_EQ(fnv1a_32("a"), 0xe40c292cU);
    EXPECT_EQ(fnv1a_32("foobar"), 0xbf9cf968U);
    EXPECT_EQ(fnv1a_64("a"), 0xaf63dc4c8601ec8cULL);
    EXPECT_EQ(fnv1a_64("foobar"), 0x85944171f73967e8ULL);
    EXPECT_EQ(fnv1a_64("bar", fnv1a_64("foo")), fnv1a_64("foobar"));
}

}  // namespace
}  // namespace base
