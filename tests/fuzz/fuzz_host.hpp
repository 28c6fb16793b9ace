// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/path_root.hpp"
#include "sysfs/host/root.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fuzz/require.hpp"

/// A captured host for parsers that read files; in memory, emptied between inputs.
class FuzzHost {
  public:
    FuzzHost() { require(base::confine_paths(root.prefix).has_value(), "the root is there"); }
    void write(const std::string& path, std::string_view text) const {
        std::error_code ignored;
        const std::filesystem::path at = root.path(path);
        std::filesystem::create_directories(at.parent_path(), ignored);
        std::ofstream(at, std::ios::binary | std::ios::trunc) << text;
    }
    /// Files and links: "@PATH\nTEXT", or "@PATH -> TARGET", at the beginning of lines.
    void write_tree(std::string_view text) const {
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator(root.prefix))
            std::filesystem::remove_all(entry, ignored);
        std::filesystem::create_directories(root.path("/sys"), ignored);
        while (text.starts_with("@/")) {
            const std::size_t end = std::min(text.find("\n@/"), text.size());
            write_entry(text.substr(1, end - 1));
            text.remove_prefix(std::min(text.size(), end + 1));
        }
    }
    const fake::TempDir dir;
    const sysfs::Root root{dir.path()};

  private:
    void write_entry(std::string_view entry) const {
        constexpr std::string_view kArrow = " -> ";
        const std::string_view head = entry.substr(0, entry.find('\n'));
        const std::size_t arrow = head.find(kArrow);
        const std::string path(head.substr(0, arrow));
        if (path.find("..") != path.npos || path.find('\0') != path.npos)
            return;
        if (arrow == head.npos)
            return write(path, entry.substr(std::min(entry.size(), head.size() + 1)));
        std::error_code ignored;
        const std::filesystem::path at = root.path(path);
        std::filesystem::create_directories(at.parent_path(), ignored);
        std::filesystem::create_symlink(head.substr(arrow + kArrow.size()), at, ignored);
    }
};
