// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <array>

#include "policy/yaml/yaml_types.hpp"

namespace policy {
namespace {

/// As read by the resolvers of YAML 1.1 (PyYAML; the one-letter booleans are from its
/// specification) or by the core schema of 1.2.
TEST(ImplicitType, IsWhatYamlToolsReadAPlainScalarAs) {
    const std::array<std::pair<const char*, const char*>, 32> cases = {{
        {"0010", "the number 8"},
        {"8086", "the number 8086"},
        {"0x10de", "the number 4318"},
        {"0b101", "the number 5"},
        {"0o17", "the number 15"},
        {"1e10", "the number 10000000000"},
        {"6.10", "the number 6.1"},
        {"0000:01:00.0", "the number 60"},
        {"0000:41:00.1", "the number 2460.1"},
        {"01:00.0", "the number 60"},
        {"190:20:30", "the number 685230"},
        {"-5", "the number -5"},
        {"+5", "the number 5"},
        {"1_000", "the number 1000"},
        {".5", "the number 0.5"},
        {"yes", "true"},
        {"Off", "false"},
        {"y", "true"},
        {"N", "false"},
        {"TRUE", "true"},
        {"null", "null"},
        {"~", "null"},
        {"", "null"},
        {".inf", "a number"},
        {"-.INF", "a number"},
        {".nan", "a number"},
        {"2001-12-14", "a date"},
        {"2001-12-14T21:59:43Z", "a date"},
        {"<<", "a special key"},
        {"=", "a special key"},
        {"030200", "the number 12416"},
        {"0660", "the number 432"},
    }};
    for (const auto& [plain, reading] : cases)
        EXPECT_EQ(implicit_type(plain), reading) << plain;
}

TEST(ImplicitType, LeavesTextAlone) {
    for (const char* plain : {"10de",
                              "0000:0a:00.0",
                              "vfio-pci",
                              "eth0",
                              "0-3",
                              "x",
                              "_1",
                              "1.2.3",
                              "00:60",
                              "a:b",
                              "-",
                              "+",
                              "e1",
                              "1e",
                              "0x",
                              "0xg",
                              "nullable",
                              "yesterday",
                              "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
                              "2001-12-1x"})
        EXPECT_EQ(implicit_type(plain), std::nullopt) << plain;
}

}  // namespace
}  // namespace policy
