// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_io.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/path.hpp"
#include "tests/fake/temp_dir.hpp"

namespace base {
namespace {

mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class FileIo : public testing::Test {
  protected:
    const fake::TempDir directory_;
    const std::string path_ = directory_.path() + "/file";
};

TEST_F(FileIo, ReplacesAFileWithTheModeAsked) {
    for (const auto durability : {Durability::kUnsynced, Durability::kSynced}) {
        ASSERT_TRUE(replace_file(path_, "one", 0600, durability));
        EXPECT_EQ(mode_of(path_), 0600U);
        ASSERT_TRUE(replace_file(path_, "two", 0644, durability));
        EXPECT_EQ(mode_of(path_), 0644U);
        EXPECT_EQ(read_file(path_).value_or(""), "two");
        EXPECT_EQ(list_directory(directory_.path()), std::vector<std::string>{"file"});
    }
}

TEST_F(FileIo, DoesNotFollowALinkThatHasTheTemporaryName) {
    ASSERT_TRUE(replace_file(directory_.path() + "/other", "kept", 0644, Durability::kUnsynced));
    ASSERT_EQ(::symlink("other", (path_ + ".new").c_str()), 0);
    ASSERT_TRUE(replace_file(path_, "text", 0644, Durability::kUnsynced));
    EXPECT_EQ(read_file(directory_.path() + "/other").value_or(""), "kept");
    EXPECT_EQ(read_file(path_).value_or(""), "text");
}

TEST_F(FileIo, LeavesNoTemporaryFileAfterAFailure) {
    ASSERT_EQ(::mkdir(path_.c_str(), 0755), 0);
    const auto replaced = replace_file(path_, "text", 0644, Durability::kSynced);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().text(), path_ + ".new: rename: Is a directory");
    EXPECT_EQ(list_directory(directory_.path()), std::vector<std::string>{"file"});
}

TEST_F(FileIo, DoesNotWaitForTheWriterOfAFifo) {
    ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(read_file(path_).value_or("failed"), "");
}

TEST_F(FileIo, TellsAnAbsentFileFromAFileThatIsTooLarge) {
    EXPECT_EQ(read_file(path_).error().code, Code::kNotFound);
    ASSERT_TRUE(replace_file(path_, "", 0600, Durability::kUnsynced));
    ASSERT_EQ(::truncate(path_.c_str(), kFileSizeLimit + 1), 0);
    const auto text = read_file(path_);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().text(), path_ + ": read: File too large");
}

TEST(Path, SplitsAtTheLastSlash) {
    EXPECT_EQ(base_name("/a/b"), "b");
    EXPECT_EQ(base_name("b"), "b");
    EXPECT_EQ(directory_name("/a/b"), "/a");
    EXPECT_EQ(directory_name("/b"), "/");
    EXPECT_EQ(directory_name("b"), ".");
}

}  // namespace
}  // namespace base
