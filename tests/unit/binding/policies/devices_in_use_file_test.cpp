// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/devices_in_use_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace binding {
namespace {

class DevicesInUseFileTest : public testing::Test {
  protected:
    [[nodiscard]] std::string read_error() const {
        const auto read = read_devices_in_use(state_);
        return read ? "" : read.error().reason;
    }
    /// A file below the root.
    void add_file(const std::string& path, const std::string& text) const {
        const std::filesystem::path file = dir_.path() + path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    void boot(const std::string& id) const {
        add_file("/proc/sys/kernel/random/boot_id", id + "\n");
    }
    void write(const std::string& text) const {
        std::filesystem::create_directories(state_.lib);
        std::ofstream(state_.devices_in_use_path()) << text;
    }
    [[nodiscard]] ino_t inode() const {
        struct stat status {};
        return ::stat(state_.devices_in_use_path().c_str(), &status) == 0 ? status.st_ino : 0;
    }

    const std::string safe_ =
        ": any device may be in it, so none is taken early in the boot, or without a command";
    fake::TempDir dir_;
    StateDir state_ = StateDir::below({dir_.path()});
    policy::DevicesInUse disk_{{{"pci", "0000:01:00.0"},
                                {0x144d, 0xa808, 0x144d, std::nullopt, 0x10802, 0},
                                policy::ReasonCode::kMounted,
                                "nvme0n1p2 on /\n",
                                policy::UseSeen::kThisBoot}};
};

TEST_F(DevicesInUseFileTest, IsReadAsItWasWritten) {
    boot("one");
    EXPECT_EQ(read_devices_in_use(state_), policy::DevicesInUse{});
    ASSERT_TRUE(write_devices_in_use(state_, {}));
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(read_devices_in_use(state_), disk_);
}

TEST_F(DevicesInUseFileTest, IsOfAnEarlierBootAfterOne) {
    const auto seen = [&] { return read_devices_in_use(state_)->at(0).seen; };
    boot("one");
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(seen(), policy::UseSeen::kThisBoot);
    boot("two");
    EXPECT_EQ(seen(), policy::UseSeen::kEarlierBoot);
    // Nobody has seen it used in this boot yet: it stays of the earlier one.
    ASSERT_TRUE(write_devices_in_use(state_, *read_devices_in_use(state_)));
    EXPECT_EQ(seen(), policy::UseSeen::kEarlierBoot);
    boot("");
    EXPECT_EQ(seen(), policy::UseSeen::kEarlierBoot) << "the kernel does not say which boot it is";
}

TEST_F(DevicesInUseFileTest, OfTheVersionBeforeIsOfAnEarlierBoot) {
    boot("one");
    write(R"({"devices":[{"device":"pci/0000:01:00.0","ids":{"vendor":"144d","device":"a808",)"
          R"("subsystem_vendor":"144d","subsystem_device":null,"class":"010802","revision":"00"},)"
          R"("reason":"mounted","evidence":"nvme0n1p2 on /"}]})");
    const auto read = read_devices_in_use(state_);
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->at(0).seen, policy::UseSeen::kEarlierBoot);
}

TEST_F(DevicesInUseFileTest, IsNotKnownBeforeItsFileSystemIsMounted) {
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    add_file("/proc/1/mountinfo", "21 1 0:19 / / rw - ext4 /dev/sda2 rw\n");
    add_file("/etc/systemd/system/srv.mount", "");
    EXPECT_EQ(read_error(), "");
    add_file("/run/systemd/generator/var.mount", "");
    EXPECT_EQ(read_error(), "/var is not mounted yet" + safe_);
    add_file("/proc/1/mountinfo",
             "21 1 0:19 / / rw - ext4 /dev/sda2 rw\n22 21 0:20 / /var rw - ext4 /dev/sda3 rw\n");
    EXPECT_EQ(read_error(), "");
    add_file("/etc/systemd/system/var-lib-bindd.mount", "");
    EXPECT_EQ(read_error(), "/var/lib/bindd is not mounted yet" + safe_);
}

TEST_F(DevicesInUseFileTest, IsReplacedOnlyWhenItDiffersAndGoesWithTheLastDevice) {
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    const ino_t first = inode();
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(inode(), first);
    ASSERT_TRUE(write_devices_in_use(state_, {}));
    EXPECT_EQ(inode(), 0U);
}

TEST_F(DevicesInUseFileTest, IsAnErrorWhenItIsDamaged) {
    for (const std::string text :
         {"", "{}", "{\"devices\":[{\"device\":\"pci/../x\"}]}", "{\"devices\":[", "\\0"}) {
        write(text);
        EXPECT_TRUE(read_error().ends_with(safe_)) << text << ": " << read_error();
    }
    disk_[0].reason = policy::ReasonCode::kNoDriver;
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(read_error(), "not allowed: no-driver" + safe_);
    std::filesystem::remove(state_.devices_in_use_path());
    std::filesystem::create_directory(state_.devices_in_use_path());
    EXPECT_EQ(read_error(), "is no regular file" + safe_);
}

TEST_F(DevicesInUseFileTest, IsAnErrorWhenOthersMayWriteIt) {
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    ASSERT_EQ(::chmod(state_.devices_in_use_path().c_str(), 0666), 0);
    EXPECT_EQ(read_error(), "this file is writable by others than its owner (mode 0666)" + safe_);
}

}  // namespace
}  // namespace binding
