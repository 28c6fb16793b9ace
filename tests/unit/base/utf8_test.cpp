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

TEST(Printable, GivesATerminalNoOrders) {
    // C0, DEL, C1 (CSI in two bytes), a bidirectional override, an isolate, an invalid byte.
    EXPECT_EQ(printable("a\x1b[2J\x7f \xc2\x9b"
                        "31m \xe2\x80\xae"
                        "b\xe2\x81\xa6"
                        "c \xff"),
              "a?[2J? ?31m ?b?c ?");
    EXPECT_EQ(printable("one\ntwo"), "one?two");
    EXPECT_EQ(printable_lines("one\r\ntwo\n"), "one?\ntwo\n");
    EXPECT_EQ(printable("Gr\xc3\xbc\xc3\x9f"
                        "e \xe5\x85\xa8"),
              "Gr\xc3\xbc\xc3\x9f"
              "e \xe5\x85\xa8");
}

TEST(Quote, IsPrintableAndShort) {
    EXPECT_EQ(quote("a\x1b[m"), "'a?[m'");
    EXPECT_EQ(quote("a\u202eb"), "'a?b'");
    EXPECT_EQ(quote(std::string(100, 'x')), "'" + std::string(60, 'x') + "...'");
}

}  // namespace
}  // namespace base
