// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "binding/mdevctl/mdev_store.hpp"
#include "tests/fake/temp_dir.hpp"

/// /etc/mdevctl.d: mdevctl's own format, and files there that have another one.
namespace binding {
namespace {

constexpr const char* kStored = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kTwo = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

class StoreTest : public testing::Test {
  protected:
    std::string path(const std::string& name) const {
        return dir_.path() + "/etc/mdevctl.d/" + name;
    }
    void put(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name)) << text;
    }
    std::string text(const std::string& name) const {
        std::ifstream file(path(name));
        std::ostringstream out;
        out << file.rdbuf();
        return out.str();
    }
    std::string bad(const std::string& json) const {
        const auto parsed = parse_mdev_definition(kStored, "matrix", json);
        return parsed ? "good" : parsed.error().text();
    }

    fake::TempDir dir_;
    MdevStore store_{{dir_.path()}};
};

TEST_F(StoreTest, WritesWhatMdevctlWritesByteForByte) {
    const MdevDefinition mdev{
        kStored,
        "matrix",
        "vfio_ap-passthrough",
        MdevStart::kAuto,
        {{"assign_adapter", "5"}, {"assign_adapter", "6"}, {"assign_domain", "0xab"}}};
    ASSERT_TRUE(store_.write(mdev));
    EXPECT_EQ(text(std::string("matrix/") + kStored),
              "{\n"
              "  \"mdev_type\": \"vfio_ap-passthrough\",\n"
              "  \"start\": \"auto\",\n"
              "  \"attrs\": [\n"
              "    {\n"
              "      \"assign_adapter\": \"5\"\n"
              "    },\n"
              "    {\n"
              "      \"assign_adapter\": \"6\"\n"
              "    },\n"
              "    {\n"
              "      \"assign_domain\": \"0xab\"\n"
              "    }\n"
              "  ]\n"
              "}");
    const auto listing = store_.list({});
    EXPECT_EQ(listing.definitions, std::vector{mdev});
    EXPECT_TRUE(listing.warnings.empty());
    ASSERT_TRUE(store_.remove(mdev));
    EXPECT_FALSE(store_.has(mdev));
    EXPECT_FALSE(store_.remove(mdev));
}

TEST_F(StoreTest, LeavesNothingBesideTheFile) {
    const MdevDefinition mdev{kStored, "mtty", "mtty-1", MdevStart::kManual, {}};
    ASSERT_TRUE(store_.write(mdev));
    ASSERT_TRUE(store_.write(mdev));
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path("")))
        names.push_back(entry.path().filename());
    EXPECT_EQ(names, (std::vector<std::string>{"mtty", kStored}));
}

TEST_F(StoreTest, OneBadFileIsNamedAndTheOthersAreListed) {
    const MdevDefinition good{kTwo, "mtty", "mtty-1", MdevStart::kManual, {}};
    ASSERT_TRUE(store_.write(good));
    put(std::string("mtty/") + kStored, "");
    put("mtty/readme", "x");
    put(std::string("mtty/") + "directory/" + kStored, "{}");
    put(std::string("scripts.d/callouts/") + kStored, "#!/bin/sh");
    const auto listing = store_.list({});
    EXPECT_EQ(listing.definitions, std::vector{good});
    ASSERT_EQ(listing.warnings.size(), 2U);
    EXPECT_TRUE(
        listing.warnings[0].starts_with(path(std::string("mtty/") + kStored) + ": passed over: "))
        << listing.warnings[0];
    EXPECT_EQ(listing.warnings[1], path("mtty/readme") + ": passed over: its name is no UUID");
    EXPECT_TRUE(store_.list({.uuid = kTwo, .parent = "elsewhere"}).definitions.empty());
}

TEST_F(StoreTest, SaysWhatIsWrongInMdevctlsWords) {
    EXPECT_EQ(bad("{}"), "invalid json");
    EXPECT_EQ(bad("[]"), "invalid json");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":"auto","attrs":{}})"),
              "attributes field is not an array");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":"auto","attrs":[5]})"),
              "invalid JSON format for attribute: not an object");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":"auto","attrs":[{"a":"b","c":"d"}]})"),
              "invalid JSON format for attribute: too many fields");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":"auto","attrs":[{"a":5}]})"),
              "invalid JSON format for attribute {\"a\", 5}: value must be of type str");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":5,"attrs":null})"), "good");
    EXPECT_EQ(bad(R"({"mdev_type":5,"start":"auto"})"),
              "invalid json: mdev_type 5 is no type's name");
    EXPECT_EQ(bad(R"({"mdev_type":"../x","start":"auto"})"),
              "invalid json: mdev_type \"../x\" is no type's name");
    EXPECT_EQ(bad(R"({"mdev_type":"m","start":"auto","attrs":[{"../../x":"1"}]})"),
              "invalid attribute name '../../x'");
    EXPECT_NE(bad(R"({"mdev_type":"m")").find("parse error"), std::string::npos);
    EXPECT_EQ(bad(std::string(100'000, '[')), "nested too deeply");
}

TEST(Uuid, IsTakenInEveryFormThatMdevctlTakes) {
    for (const char* form :
         {"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "83B8F4F2509F382F3C1EE6BFE0FA1001",
          "{83b8f4f2-509f-382f-3c1e-e6bfe0fa1001}",
          "urn:uuid:83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}) {
        const auto uuid = parse_uuid_loosely(form);
        ASSERT_TRUE(uuid) << form;
        EXPECT_EQ(*uuid, kStored);
    }
    for (const char* form : {"", "{}", "83b8f4f2", "83b8f4f2-509f-382f-3c1e-e6bfe0fa100g",
                             "83b8f4f2-509f-382f-3c1e-e6bfe0fa10011"})
        EXPECT_FALSE(parse_uuid_loosely(form)) << form;
    EXPECT_NE(new_uuid(), new_uuid());
    EXPECT_TRUE(parse_uuid_loosely(new_uuid()));
}

TEST(MdevDefinition, TakesNoNumberBeyondAllRangesAndNoEndlessNesting) {
    const std::string type = R"({"mdev_type":)";
    const std::string nested(100, '[');
    for (const std::string& text : {type + "1e999}", std::string("1e999"),
                                    type + nested + "1" + std::string(100, ']') + "}"}) {
        const auto parsed = parse_mdev_definition(kStored, "mtty", text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, base::Code::kInvalid);
    }
    EXPECT_TRUE(parse_mdev_definition(
        kStored, "mtty", type + R"("mtty-1","start":"auto","x":")" + nested + R"(\"{"})"));
}

}  // namespace
}  // namespace binding
