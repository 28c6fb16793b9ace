// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/type1_backend.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <limits>

namespace vfio {
namespace {

/// A container whose kernel reports nothing: no restriction, whole pages.
Geometry unrestricted() {
    Geometry out;
    out.windows = {{{0, std::numeric_limits<std::uint64_t>::max()},
                    static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))}};
    return out;
}

TEST(Type1Info, TakesAnEmptyAnswerForNoRestriction) {
    const Type1Details details = parse_type1_info({});
    EXPECT_EQ(details.geometry, unrestricted());
    EXPECT_EQ(details.max_dirty_bitmap, 0U);
    EXPECT_TRUE(details.caps.caps.empty());
}

TEST(Type1Info, ReadsAnAnswerThatEndsInItsHead) {
    const std::array<std::byte, 3> bytes{std::byte{3}};
    EXPECT_EQ(parse_type1_info(bytes).geometry, unrestricted());
}

}  // namespace
}  // namespace vfio
