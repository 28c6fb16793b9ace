// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_trust.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tests/fake/temp_dir.hpp"

namespace base {
namespace {

class FileTrust : public testing::Test {
  protected:
    FileTrust() { std::ofstream(file_) << "x"; }
    /// What check_trusted() says of the file, without the directory's path.
    [[nodiscard]] std::string verdict(const std::string& name = "/file") const {
        const auto checked = check_trusted(dir_.path() + name);
        return checked ? "trusted" : checked.error().text().substr(dir_.path().size());
    }
    const fake::TempDir dir_;
    const std::string file_ = dir_.path() + "/file";
};

TEST_F(FileTrust, IsForWhatOnlyRootAndTheCallerMayWrite) {
    EXPECT_EQ(verdict(), "trusted");
    ASSERT_EQ(::chmod(file_.c_str(), 0646), 0);
    EXPECT_EQ(verdict(),
              "/file: trust: this file is writable by others than its owner (mode 0646)");
    ASSERT_EQ(::chmod(file_.c_str(), 0600), 0);
    ASSERT_EQ(::chmod(dir_.path().c_str(), 01777), 0);
    EXPECT_EQ(verdict(),
              ": trust: this directory is writable by others than its owner (mode 1777)");
    EXPECT_EQ(verdict("/absent"), "/absent: open: No such file or directory");
}

TEST_F(FileTrust, IsOfTheFileThatALinkLeadsTo) {
    ASSERT_EQ(::symlink("file", (dir_.path() + "/link").c_str()), 0);
    EXPECT_EQ(verdict("/link"), "trusted");
    ASSERT_EQ(::chmod(file_.c_str(), 0666), 0);
    EXPECT_NE(verdict("/link"), "trusted");
}

TEST_F(FileTrust, IsNotForWhatAnotherUserOwns) {
    if (::chown(file_.c_str(), 12345, 0) != 0)
        GTEST_SKIP() << "only root gives files away";
    EXPECT_EQ(verdict(), "/file: trust: this file belongs to user 12345, not to root");
}

}  // namespace
}  // namespace base
