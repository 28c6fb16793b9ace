// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/path_root.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "tests/fake/temp_dir.hpp"

namespace base {
namespace {

/// A captured host beside a file that is none of its own.
class PathRoot : public testing::TestWithParam<PathResolver> {
  protected:
    void SetUp() override {
        ASSERT_TRUE(make_directories(host_ + "/etc/dir"));
        write(outside_ + "/secret", "outside");
        write(host_ + "/etc/file", "inside");
        ASSERT_TRUE(confine_paths(host_, GetParam()));
    }
    static void write(const std::string& path, const char* text) {
        ASSERT_TRUE(replace_file(path, text, 0644, Durability::kUnsynced));
    }
    void link(const std::string& target, const std::string& path) const {
        ASSERT_EQ(::symlink(target.c_str(), (host_ + path).c_str()), 0);
    }
    [[nodiscard]] std::string text(const std::string& path) const {
        return read_file(host_ + path).value_or("failed");
    }

    const fake::TempDir temp_;
    const std::string outside_ = temp_.path();
    const std::string host_ = outside_ + "/host";
};

TEST_P(PathRoot, FollowsLinksInsideTheRoot) {
    link("/etc/file", "/absolute");
    link("../../../../etc/file", "/etc/up");
    link("dir/../file", "/etc/relative");
    link("/etc", "/configuration");
    for (const char* path : {"/absolute", "/etc/up", "/etc/relative", "/configuration/relative",
                             "/etc/../etc/./file", "//etc//file"})
        EXPECT_EQ(text(path), "inside") << path;
    EXPECT_EQ(read_link(host_ + "/configuration/up"), "../../../../etc/file");
    EXPECT_EQ(list_directory(host_ + "/configuration"), list_directory(host_ + "/etc"));
    const auto etc = Dir::open(host_ + "/configuration");
    ASSERT_TRUE(etc);
    EXPECT_EQ(etc->attr("up"), "inside");
    EXPECT_EQ(etc->link("up"), "../../../../etc/file");
    EXPECT_TRUE(etc->has("relative"));
    EXPECT_TRUE(etc->sub("dir"));
}

TEST_P(PathRoot, ReadsNothingOutside) {
    link(outside_ + "/secret", "/etc/absolute");
    link("../../secret", "/etc/up");
    link(outside_, "/etc/all");
    link("loop", "/etc/loop");
    for (const char* path : {"/etc/absolute", "/etc/up", "/etc/all/secret", "/../secret",
                             "/etc/loop", "/etc/loop/file", "/etc/file/file"}) {
        EXPECT_EQ(text(path), "failed") << path;
        EXPECT_FALSE(MappedFile::open(host_ + path)) << path;
    }
    const auto etc = Dir::open(host_ + "/etc");
    ASSERT_TRUE(etc);
    for (const char* name : {"absolute", "up", "all/secret", "loop"}) {
        EXPECT_FALSE(etc->attr(name)) << name;
        EXPECT_FALSE(etc->has(name)) << name;
    }
    EXPECT_EQ(read_file(outside_ + "/secret").value_or(""), "outside");
}

TEST_P(PathRoot, OpensNoFifoAndNoDeviceNode) {
    ASSERT_EQ(::mkfifo((host_ + "/etc/fifo").c_str(), 0600), 0);
    EXPECT_EQ(text("/etc/fifo"), "failed");
    // Root alone may make one.
    const bool made = ::mknod((host_ + "/etc/zero").c_str(), S_IFCHR | 0600, 0x105) == 0;
    EXPECT_EQ(made ? text("/etc/zero") : "failed", "failed");
    EXPECT_EQ(read_file(host_ + "/etc/dir").error().text(),
              host_ + "/etc/dir: read: Is a directory");
}

TEST_P(PathRoot, WritesNothingOutside) {
    link(outside_, "/etc/all");
    link("../..", "/etc/up");
    link(outside_ + "/secret", "/etc/secret");
    EXPECT_FALSE(replace_file(host_ + "/etc/all/new", "x", 0644, Durability::kSynced));
    EXPECT_FALSE(make_directories(host_ + "/etc/all/new/directory"));
    EXPECT_FALSE(remove_file(host_ + "/etc/all/secret"));
    EXPECT_TRUE(replace_file(host_ + "/etc/up/new", "x", 0644, Durability::kSynced));
    EXPECT_EQ(text("/new"), "x");
    EXPECT_TRUE(make_directories(host_ + "/etc/up/made"));
    EXPECT_TRUE(Dir::open(host_ + "/made"));
    write(host_ + "/etc/secret", "replaced");
    EXPECT_EQ(read_file(outside_ + "/secret").value_or(""), "outside");
    EXPECT_EQ(list_directory(outside_), (std::vector<std::string>{"host", "secret"}));
    EXPECT_TRUE(remove_file(host_ + "/etc/secret"));
    EXPECT_FALSE(confine_paths(host_ + "/none"));
}

INSTANTIATE_TEST_SUITE_P(Resolvers, PathRoot,
                         testing::Values(PathResolver::kOpenat2, PathResolver::kWalk));

}  // namespace
}  // namespace base
