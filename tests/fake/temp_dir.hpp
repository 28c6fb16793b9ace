// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace fake {

/// A directory for one test, removed when the test ends. In memory if possible: a host's tree has
/// tens of thousands of files, which takes a busy disk minutes.
class TempDir {
  public:
    TempDir() : path_(base() + "/bindd-test-XXXXXX") {
        if (::mkdtemp(path_.data()) == nullptr) {
            std::perror(path_.c_str());
            std::abort();
        }
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        std::error_code ignored;  // what stays behind is in the system's own place for it
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    static std::string base() {
        const bool in_memory = std::getenv("TMPDIR") == nullptr && ::access("/dev/shm", W_OK) == 0;
        return in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string();
    }
    std::string path_;
};

}  // namespace fake
