// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/try.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace base {
namespace {

Result<int> half(int number) {
    if (number % 2 != 0)
        return fail(Code::kInvalid, "halve", std::to_string(number), "it is odd");
    return number / 2;
}

Result<void> expect_even(int number) {
    TRY(half(number));
    return {};
}

Result<std::string> quarter(int number) {
    TRY(expect_even(number));
    const int rest = TRY(half(TRY(half(number))));
    return std::to_string(rest);
}

Result<std::unique_ptr<int>> boxed(int number) {
    return std::make_unique<int>(TRY(half(number)));
}

Result<int> unboxed(int number) {
    const std::unique_ptr<int> box = TRY(boxed(number));
    return *box;
}

TEST(Try, GivesTheValueOfASuccess) {
    EXPECT_EQ(quarter(12).value(), "3");
}

TEST(Try, ReturnsTheFirstFailureUnchanged) {
    EXPECT_EQ(quarter(7).error().text(), "7: halve: it is odd");
    EXPECT_EQ(quarter(10).error().text(), "5: halve: it is odd");
}

TEST(Try, MovesWhatCannotBeCopied) {
    EXPECT_EQ(unboxed(8).value(), 4);
    EXPECT_EQ(unboxed(9).error().object, "9");
}

TEST(Try, LeavesALvalueAsItWas) {
    const auto twice = [](Result<std::string> text) -> Result<std::string> {
        return TRY(text) + TRY(text);
    };
    EXPECT_EQ(twice(Result<std::string>("ab")).value(), "abab");
}

}  // namespace
}  // namespace base
