// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/node_access.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using base::Code;
using sysfs::change_access;
using sysfs::NodeAccess;
using namespace std::chrono_literals;

/// A made-up /dev/vfio with one node: /dev/null's number, as anything harmless will do.
class NodeAccessTest : public ::testing::Test {
  protected:
    void SetUp() override {
        tree_.file("/vfio/devices/keep", "");
        if (!make_node("15"))
            GTEST_SKIP() << "making device nodes takes CAP_MKNOD";
    }

    bool make_node(const std::string& name) {
        return ::mknod((directory_ + "/" + name).c_str(), S_IFCHR | 0600, ::makedev(1, 3)) == 0;
    }

    [[nodiscard]] NodeAccess now(const std::string& name) const {
        struct stat status {};
        EXPECT_EQ(0, ::stat((directory_ + "/" + name).c_str(), &status));
        return {.uid = status.st_uid, .gid = status.st_gid, .mode = status.st_mode & 07777};
    }

    UsageTree tree_;
    std::string directory_ = tree_.path("/vfio");
};

TEST_F(NodeAccessTest, ChangesAccessAndReturnsThePreviousOne) {
    const auto before = change_access(directory_, "15", {.uid = {}, .gid = 107, .mode = 0660}, 0ms);
    ASSERT_TRUE(before) << before.error().text();
    EXPECT_EQ((NodeAccess{.uid = 0, .gid = 0, .mode = 0600}), *before);
    EXPECT_EQ((NodeAccess{.uid = 0, .gid = 107, .mode = 0660}), now("15"));
    ASSERT_TRUE(change_access(directory_, "15", *before, 0ms));
    EXPECT_EQ(*before, now("15"));
}

TEST_F(NodeAccessTest, FollowsNoLink) {
    tree_.link("/vfio/16", "15");
    const auto changed = change_access(directory_, "16", {.uid = {}, .gid = {}, .mode = 0666}, 0ms);
    ASSERT_FALSE(changed);
    EXPECT_EQ("this is no character device", changed.error().reason);
    EXPECT_EQ(0600U, now("15").mode);
}

TEST_F(NodeAccessTest, FollowsNoLinkInADirectory) {
    tree_.link("/elsewhere", directory_);
    EXPECT_FALSE(
        change_access(tree_.path("/elsewhere"), "15", {.uid = {}, .gid = {}, .mode = 0666}, 0ms));
    EXPECT_EQ(0600U, now("15").mode);
}

TEST_F(NodeAccessTest, RefusesNamesOutsideTheDirectory) {
    for (const char* name :
         {"../15", "devices/../15", "", "devices/", "a/b", "/15", "devices/a/b"}) {
        const auto changed = change_access(directory_, name, {}, 0ms);
        ASSERT_FALSE(changed) << name;
        EXPECT_EQ(base::Code::kInvalid, changed.error().code) << name;
    }
}

TEST_F(NodeAccessTest, WaitsForANodeThatAppearsLate) {
    std::thread kernel([this] {
        std::this_thread::sleep_for(50ms);
        make_node("devices/vfio0");
    });
    const auto changed =
        change_access(directory_, "devices/vfio0", {.uid = {}, .gid = {}, .mode = 0640}, 5s);
    kernel.join();
    ASSERT_TRUE(changed) << changed.error().text();
    EXPECT_EQ(0640U, now("devices/vfio0").mode);
}

TEST_F(NodeAccessTest, WaitsForTheDirectoryToo) {
    std::thread kernel([this] {
        std::this_thread::sleep_for(50ms);
        tree_.file("/late/devices/keep", "");
        ::mknod(tree_.path("/late/devices/vfio0").c_str(), S_IFCHR | 0600, ::makedev(1, 3));
    });
    const auto changed = change_access(tree_.path("/late"), "devices/vfio0",
                                       {.uid = {}, .gid = {}, .mode = 0640}, 5s);
    kernel.join();
    EXPECT_TRUE(changed);
}

TEST_F(NodeAccessTest, StopsWaitingAtItsTimeout) {
    const auto start = std::chrono::steady_clock::now();
    const auto changed =
        change_access(directory_, "99", {.uid = {}, .gid = {}, .mode = 0640}, 60ms);
    const auto took = std::chrono::steady_clock::now() - start;
    ASSERT_FALSE(changed);
    EXPECT_EQ(base::Code::kNotFound, changed.error().code);
    EXPECT_GE(took, 60ms);
    EXPECT_LT(took, 2s);
}

}  // namespace
