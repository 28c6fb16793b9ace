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
    void write(const std::string& text) const {
        std::filesystem::create_directories(state_.lib);
        std::ofstream(state_.devices_in_use_path()) << text;
    }
    [[nodiscard]] ino_t inode() const {
        struct stat status {};
        return ::stat(state_.devices_in_use_path().c_str(), &status) == 0 ? status.st_ino : 0;
    }

    fake::TempDir dir_;
    StateDir state_ = StateDir::below({dir_.path()});
    policy::DevicesInUse disk_{{{"pci", "0000:01:00.0"},
                                {0x144d, 0xa808, 0x144d, std::nullopt, 0x10802, 0},
                                policy::ReasonCode::kMounted,
                                "nvme0n1p2 on /\n"}};
};

TEST_F(DevicesInUseFileTest, IsReadAsItWasWritten) {
    EXPECT_EQ(read_devices_in_use(state_), policy::DevicesInUse{});
    ASSERT_TRUE(write_devices_in_use(state_, {}));
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(read_devices_in_use(state_), disk_);
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
    const std::string safe = ": no driver override is set early in the boot";
    for (const std::string text :
         {"", "{}", "{\"devices\":[{\"device\":\"pci/../x\"}]}", "{\"devices\":[", "\\0"}) {
        write(text);
        EXPECT_TRUE(read_error().ends_with(safe)) << text << ": " << read_error();
    }
    disk_[0].reason = policy::ReasonCode::kNoDriver;
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    EXPECT_EQ(read_error(), "not allowed: no-driver" + safe);
    std::filesystem::remove(state_.devices_in_use_path());
    std::filesystem::create_directory(state_.devices_in_use_path());
    EXPECT_EQ(read_error(), "is no regular file" + safe);
}

TEST_F(DevicesInUseFileTest, IsAnErrorWhenOthersMayWriteIt) {
    ASSERT_TRUE(write_devices_in_use(state_, disk_));
    ASSERT_EQ(::chmod(state_.devices_in_use_path().c_str(), 0666), 0);
    EXPECT_EQ(read_error(),
              "this file is writable by others than its owner (mode 0666): no driver "
              "override is set early in the boot");
}

}  // namespace
}  // namespace binding
