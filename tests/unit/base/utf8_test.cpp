// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

TEST(Utf8, FindsTheFirstInvalidByte) {
    EXPECT_EQ(find_invalid_utf8("aä日😀"), std::string_view::npos);
    EXPECT_EQ(find_invalid_utf8("ab\xff"), 2U);
    EXPECT_EQ(find_invalid_utf8("\xc0\xaf"), 0U);          // overlong '/'
    EXPECT_EQ(find_invalid_utf8("a\xed\xa0\x80"), 1U);     // a surrogate
    EXPECT_EQ(find_invalid_utf8("\xf4\x90\x80\x80"), 0U);  // past U+10FFFF
    EXPECT_EQ(find_invalid_utf8("a\xe2\x82"), 1U);         // cut
    EXPECT_EQ(find_invalid_utf8("a\x80"), 1U);             // a continuation alone
}

TEST(Quote, IsPrintableAndShort) {
    EXPECT_EQ(quote("a\x1b[m"), "'a?[m'");
    EXPECT_EQ(quote("a\u202eb"), "'a?b'");
    EXPECT_EQ(quote(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace base
