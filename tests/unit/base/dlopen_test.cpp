// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/dlopen.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

void* getpid_address = nullptr;

constexpr DlopenSymbol kPresent = {"getpid", [](void* address) { getpid_address = address; }};
constexpr DlopenSymbol kAbsent = {"bindd_no_such_function", [](void*) {}};

TEST(Dlopen, ResolvesAllSymbolsOrNone) {
    const DlopenSymbol both[] = {kPresent, kAbsent};
    const auto failed = open_library("libc.so.6", both);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::kUnsupported);
    EXPECT_EQ(getpid_address, nullptr);
    ASSERT_TRUE(open_library("libc.so.6", {&kPresent, 1}));
    EXPECT_NE(getpid_address, nullptr);
}

TEST(Dlopen, ReportsAnAbsentLibraryInTheLoadersWords) {
    const auto failed = open_library("libbindd-absent.so.1", {&kPresent, 1});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().text(),
              "libbindd-absent.so.1: cannot open shared object file: No such file or directory");
}

}  // namespace
}  // namespace base
