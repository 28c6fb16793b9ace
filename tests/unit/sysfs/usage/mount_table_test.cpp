// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/mount_table.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>

#include "sysfs/usage/process.hpp"
#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::MountTable;
using sysfs::NodeKind;
using sysfs::NodeNumber;

constexpr NodeNumber kDisk = {NodeKind::kBlock, 8, 1};

std::string line(const std::string& number, const std::string& target, const std::string& type) {
    return "36 35 " + number + " / " + target + " rw shared:1 - " + type + " /dev/sda1 rw\n";
}

std::string shown(const MountTable& table, NodeNumber number) {
    std::string text;
    const auto found = table.mounts.find(number);
    if (found == table.mounts.end())
        return text;
    for (const auto& mount : found->second)
        text += mount.target + (mount.where.empty() ? "" : " in " + mount.where) + "\n";
    const auto more = table.omitted.find(number);
    return more == table.omitted.end() ? text : text + std::to_string(more->second) + " more\n";
}

TEST(MountTable, ReadsOptionalFieldsAndEscapes) {
    UsageTree tree;
    tree.process(1, "init",
                 "36 35 8:1 / /a\\040b\\134c rw - ext4 /dev/sda1 rw\n"
                 "37 35 8:1 /x /d rw shared:1 master:2 propagate_from:3 unbindable - ext4 x rw\n"
                 "38 35 0:5 / /proc rw - proc proc rw\n"
                 "broken\n39 35 8:1 / /e rw\n");
    EXPECT_EQ("/d\n/a b\\c\n",
              shown(sysfs::read_mounts(tree.root(), {}, sysfs::list_programs(tree.root())), kDisk));
}

TEST(MountTable, FindsTheMountThatHasAFile) {
    UsageTree tree;
    tree.process(1, "init",
                 line("8:1", "/", "ext4") + line("0:40", "/srv", "nfs4") +
                     line("8:1", "/srv/disks", "ext4") + line("8:2", "/srv/disks", "xfs"));
    const MountTable table = sysfs::read_mounts(tree.root(), {"/srv/disks/a", "/srv/b", "/c/d"},
                                                sysfs::list_programs(tree.root()));
    ASSERT_NE(nullptr, table.mount_of("/srv/disks/a"));
    EXPECT_EQ("xfs", table.mount_of("/srv/disks/a")->type) << "the later mount covers the other";
    EXPECT_EQ("nfs4", table.mount_of("/srv/b")->type);
    EXPECT_EQ("/", table.mount_of("/c/d")->target);
}

TEST(MountTable, CountsAMountOfManyNamespacesOnce) {
    UsageTree tree;
    tree.process(1, "init", line("8:1", "/", "ext4"), "1");
    for (int pid = 2; pid < 200; ++pid)
        tree.process(pid, "x", line("8:1", "/", "ext4") + line("8:1", "/data", "ext4"),
                     std::to_string(pid));
    EXPECT_EQ("/\n/data in the mount namespace of x (pid 2)\n",
              shown(sysfs::read_mounts(tree.root(), {}, sysfs::list_programs(tree.root())), kDisk));
}

TEST(MountTable, ReadsAChrootedProcessOfANamespaceAndTheOthersToo) {
    UsageTree tree;
    tree.process(1, "init", line("8:2", "/", "ext4"), "1");
    tree.process(5, "jailed", line("8:2", "/", "ext4"), "2").link("/proc/5/root", "/var/jail");
    tree.process(6, "free", line("8:1", "/data", "ext4"), "2").link("/proc/6/root", "/");
    EXPECT_EQ("/data in the mount namespace of free (pid 6)\n",
              shown(sysfs::read_mounts(tree.root(), {}, sysfs::list_programs(tree.root())), kDisk));
}

// Bounded in time and memory: kernel limits allow 100,000 mounts in each namespace.
TEST(MountTable, ReadsAHundredThousandMountsInTwoSecondsAnd64Mebibytes) {
    UsageTree tree;
    std::string text = line("8:2", "/", "ext4");
    for (int i = 0; i < 100000; ++i)
        text += line("8:1", "/a/directory/of/mount/points/" + std::to_string(i), "ext4");
    tree.process(1, "init", text, "1");
    tree.process(2, "copy", text, "2");
    rusage before{};
    rusage after{};
    ::getrusage(RUSAGE_SELF, &before);
    const std::clock_t start = std::clock();
    const MountTable table = sysfs::read_mounts(tree.root(), {"/a/directory/of/disk.img"},
                                                sysfs::list_programs(tree.root()));
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    ::getrusage(RUSAGE_SELF, &after);
    EXPECT_LT(seconds, 2.0);
    EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 64 * 1024);
    ASSERT_TRUE(table.mounts.contains(kDisk));
    EXPECT_EQ(MountTable::kMaxPlaces, table.mounts.at(kDisk).size());
    EXPECT_EQ("/a/directory/of/mount/points/0", table.mounts.at(kDisk).front().target);
    EXPECT_EQ(100000 - MountTable::kMaxPlaces, table.omitted.at(kDisk));
}

}  // namespace
