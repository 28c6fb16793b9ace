// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/json.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "binding/codec/codec.hpp"
#include "binding/codec/messages.hpp"
#include "binding/codec/record.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "binding/report/history_report.hpp"
#include "binding/report/host_snapshot.hpp"

namespace binding {
namespace {

std::string repeated(const std::string& text, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i)
        out += text;
    return out;
}

std::string object_of(std::size_t names) {
    std::string out = "{";
    for (std::size_t i = 0; i < names; ++i)
        out += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
    return out + "}";
}

std::string reason(const std::string& text, const JsonLimits& limits = kFileLimits) {
    const auto json = parse_json(text, limits);
    return json ? "good" : json.error().reason;
}

TEST(ParseJson, LimitsDepthNumberAndSize) {
    EXPECT_EQ(reason(repeated("[", 32) + repeated("]", 32)), "good");
    EXPECT_EQ(reason(repeated("[", 33) + repeated("]", 33)), "nested too deeply");
    EXPECT_EQ(reason(repeated("[{\"a\":", 100'000)), "nested too deeply");
    EXPECT_EQ(reason("[" + repeated("0,", 9'998) + "0]"), "good");
    EXPECT_EQ(reason("[" + repeated("0,", 10'000) + "0]"), "too many values");
    EXPECT_EQ(reason(object_of(1'001), kRecordLimits), "too many names in an object");
    EXPECT_EQ(reason("[" + object_of(1'000) + "," + object_of(1'000) + "]", kRecordLimits), "good");
    EXPECT_EQ(reason("\"" + std::string(1 << 20, 'a') + "\""), "too large");
    EXPECT_EQ(reason("\"" + repeated("[{,:\\\"", 10'000) + "\""), "good") << "all is in a string";
    EXPECT_NE(reason("1e999"), "good");
    EXPECT_EQ(reason(" \n"), "there is nothing in it");
}

/// Whatever reads JSON, of files or of another process.
const std::vector<std::pair<const char*, std::function<bool(const std::string&)>>>& readers() {
    static const std::vector<std::pair<const char*, std::function<bool(const std::string&)>>>
        kReaders = {
            {"message", [](const auto& text) { return bool(decode_message(text)); }},
            {"message id", [](const auto& text) { return bool(decode_message_id(text)); }},
            {"transaction", [](const auto& text) { return bool(decode_transaction(text)); }},
            {"journal", [](const auto& text) { return bool(decode_record(text)); }},
            {"history", [](const auto& text) { return bool(parse_history(text)); }},
            {"snapshot", [](const auto& text) { return bool(parse_snapshot(text)); }},
            {"mdev definition",
             [](const auto& text) { return bool(parse_mdev_definition("u", "p", text)); }},
        };
    return kReaders;
}

TEST(ParseJson, LimitsEveryReader) {
    for (const auto& [name, accepts] : readers())
        for (const std::string& hostile :
             {repeated("[", 200'000), repeated("{\"id\":", 200'000),
              "{\"id\":1,\"x\":" + repeated("[", 200'000) + repeated("]", 200'000) + "}",
              object_of(200'000), std::string("{\"id\":1e999}")})
            EXPECT_FALSE(accepts(hostile)) << name << ": " << hostile.substr(0, 40);
}

}  // namespace
}  // namespace binding
