// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/dir.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"

namespace base {
namespace {

using Names = std::vector<std::string>;

class DirTest : public testing::Test {
  protected:
    [[nodiscard]] Dir open(const std::string& path) const {
        auto dir = Dir::open(temp_.path() + path);
        EXPECT_TRUE(dir) << dir.error().text();
        return std::move(*dir);
    }
    fake::TempDir temp_;
    fake::Tree tree_{temp_.path()};
};

TEST_F(DirTest, ReadsAttributesWithoutTheirNewline) {
    tree_.file("/d/one", "text\n")
        .file("/d/two", "a\n\n")
        .file("/d/none", "")
        .file("/d/n", " 0x10 \n");
    const Dir dir = open("/d");
    EXPECT_EQ(*dir.read("one"), "text");
    EXPECT_EQ(*dir.read("two"), "a\n");
    EXPECT_EQ(dir.attr("none"), "");
    EXPECT_EQ(dir.number("n"), 16U);
    EXPECT_EQ(dir.number("one"), std::nullopt);
}

TEST_F(DirTest, ReportsTheReasonOfAFailure) {
    tree_.dir("/d/sub");
    const Dir dir = open("/d");
    EXPECT_EQ(dir.read("absent").error().code, Code::kNotFound);
    EXPECT_EQ(dir.read("absent").error().text(),
              temp_.path() + "/d/absent: read: No such file or directory");
    EXPECT_FALSE(dir.read("sub"));
    EXPECT_EQ(dir.attr("absent"), std::nullopt);
    EXPECT_EQ(dir.sub("absent").error().code, Code::kNotFound);
    EXPECT_EQ(Dir::open(temp_.path() + "/nowhere").error().code, Code::kNotFound);
}

TEST_F(DirTest, ReadsBytesUpToALimit) {
    const std::string bytes = std::string(5000, '\0') + "end\n";
    tree_.file("/d/config", bytes);
    EXPECT_EQ(*open("/d").read_bytes("config", 4096), std::string(4096, '\0'));
    EXPECT_EQ(*open("/d").read_bytes("config", 100000), bytes);
    EXPECT_EQ(*open("/d").read_bytes("config", 0), "");
}

TEST_F(DirTest, WritesInOneCallAndNeverCreatesOrTruncates) {
    tree_.file("/d/attr", "0123456789");
    const Dir dir = open("/d");
    EXPECT_TRUE(dir.write("attr", "abc"));
    EXPECT_EQ(*dir.read("attr"), "abc3456789");
    EXPECT_EQ(dir.write("absent", "abc").error().code, Code::kNotFound);
    EXPECT_FALSE(dir.has("absent"));
}

TEST_F(DirTest, StaysWithItsDirectoryWhenTheNameIsReused) {
    tree_.file("/dev/serial", "old\n");
    const Dir dir = open("/dev");
    ASSERT_EQ(::rename((temp_.path() + "/dev").c_str(), (temp_.path() + "/gone").c_str()), 0);
    fake::Tree(temp_.path()).file("/dev/serial", "new\n");
    EXPECT_EQ(*dir.read("serial"), "old");
}

TEST_F(DirTest, FollowsLinksAndReadsTheirTargets) {
    tree_.file("/devices/x/attr", "y").link("/bus/x", "/devices/x").link("/bus/gone", "/devices/z");
    const Dir dir = open("/bus");
    EXPECT_EQ(*dir.sub("x")->read("attr"), "y");
    EXPECT_EQ(dir.link("x"), "../devices/x");
    EXPECT_EQ(dir.link_name("x"), "x");
    EXPECT_EQ(dir.link_name("gone"), "z");
    EXPECT_FALSE(dir.sub("gone"));
    EXPECT_EQ(dir.link("absent"), std::nullopt);
    EXPECT_TRUE(dir.has("x"));
    EXPECT_TRUE(dir.has("x/attr"));
    EXPECT_FALSE(dir.has("gone"));
}

TEST_F(DirTest, ListsManyNamesSortedWithoutDots) {
    Names names;
    for (int at = 1000; at < 3000; ++at)
        names.push_back("some-attribute-name-" + std::to_string(at));
    for (const auto& name : names)
        tree_.file("/d/" + name, "");
    EXPECT_EQ(*open("/d").entries(), names);
    EXPECT_EQ(*open("").entries(), Names{"d"});
    EXPECT_EQ(*open("").entries("d"), names);
    EXPECT_EQ(open("").entries("absent").error().code, Code::kNotFound);

    DirListing listing;
    ASSERT_TRUE(open("").sub_listed("d", listing));
    EXPECT_EQ(listing.sorted(), names);
}

TEST_F(DirTest, DoesNotBlockOnAFifo) {
    tree_.dir("/d");
    ASSERT_EQ(::mkfifo((temp_.path() + "/d/uevent").c_str(), 0600), 0);
    EXPECT_EQ(open("/d").attr("uevent"), "");
}

TEST_F(DirTest, LeaksNoDescriptorToChildren) {
    tree_.dir("/d");
    EXPECT_NE(::fcntl(open("/d").fd(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(DirListing, MatchesWholeNamesOnly) {
    DirListing listing;
    for (const auto* name : {"driver", "driver_override", "virtfn10", "virtfn2"})
        listing.add(name);
    EXPECT_TRUE(listing.has("driver"));
    EXPECT_TRUE(listing.has("driver_override"));
    EXPECT_FALSE(listing.has("drive"));
    EXPECT_FALSE(listing.has("override"));
    EXPECT_FALSE(listing.has(""));
    EXPECT_FALSE(DirListing().has("driver"));
    EXPECT_EQ(listing.starting_with("virtfn"), (Names{"virtfn10", "virtfn2"}));
    EXPECT_EQ(DirListing().sorted(), Names{});
}

TEST(UniqueFd, OwnsOneDescriptor) {
    UniqueFd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const int number = a.get();
    UniqueFd b = std::move(a);
    EXPECT_EQ(b.get(), number);
    b = UniqueFd();
    EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace
}  // namespace base
