// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/number.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

using namespace std::string_view_literals;

TEST(Numbers, TakeTheWholeTextOrNothing) {
    EXPECT_EQ(parse_hex("10de", 4).value_or(0), 0x10deU);
    EXPECT_EQ(parse_hex("10DE", 4).value_or(0), 0x10deU);
    EXPECT_EQ(parse_hex("ffffffff", 8).value_or(0), 0xffffffffU);
    for (const auto text :
         {""sv, "10d"sv, "10def"sv, "0x10"sv, "+0de"sv, "-0de"sv, "10d "sv, "10d\0"sv})
        EXPECT_FALSE(parse_hex(text, 4)) << text;
    EXPECT_FALSE(parse_hex("123456789", 9));

    EXPECT_EQ(parse_decimal("18446744073709551615").value_or(0), 18446744073709551615ULL);
    EXPECT_EQ(parse_decimal("007").value_or(0), 7U);
    for (const auto text : {""sv, "+1"sv, "-1"sv, " 1"sv, "1 "sv, "0x1"sv, "1.0"sv, "1\n"sv,
                            "18446744073709551616"sv, "1\0"sv})
        EXPECT_FALSE(parse_decimal(text)) << text;
}

TEST(Numbers, ReadTheKernelsNotation) {
    EXPECT_EQ(parse_kernel_number("0x8086\n"), 0x8086U);
    EXPECT_EQ(parse_kernel_number(" 63\n"), 63U);
    for (const auto text : {""sv, "\n"sv, "-1\n"sv, "0x"sv, "1 2"sv, "(null)"sv, "0x-1"sv, "+1"sv})
        EXPECT_EQ(parse_kernel_number(text), std::nullopt) << text;
}

TEST(Hex, IsPaddedNeverCut) {
    EXPECT_EQ(to_hex(0, 1), "0");
    EXPECT_EQ(to_hex(0xa, 4), "000a");
    EXPECT_EQ(to_hex(0x12345, 4), "12345");
    EXPECT_EQ(to_hex(0, 0), "");
}

}  // namespace
}  // namespace base
