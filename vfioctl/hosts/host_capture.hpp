// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>

#include "base/dir.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/kernel/kernel.hpp"
#include "vfioctl/hosts/tar_archive.hpp"

namespace vfioctl {

/// Adds to an archive what `--root` needs to show this host elsewhere. All links are included. Left
/// out: environments and command lines of processes, the machine's id, and config space (unless
/// serial numbers are wanted).
class HostCapture {
  public:
    /// `wanted`: attributes beside the usual ones; `stuck`: devices whose attributes are not read.
    HostCapture(const sysfs::Root& root, TarArchive& archive, const sysfs::ScanOptions& wanted,
                std::set<std::string> stuck);
    void add_all();
    [[nodiscard]] std::size_t files() const { return files_; }

  private:
    void add_tree(const base::Dir& dir, const std::string& path, unsigned depth);
    void add_below(const base::Dir& dir, const std::string& name, const std::string& below,
                   unsigned depth);
    /// Reads the file first: sysfs reports a size of 4096 for any file.
    bool add_attribute(const base::Dir& dir, const std::string& name, const std::string& path,
                       std::size_t limit);
    void add_file(const std::string& path);
    void add_files(const std::string& directory);
    /// A directory for each parent. Callout scripts are left out.
    void add_mdevctl();
    void add_modules();
    /// The mounts of every namespace, with a process for the evidence; and which device nodes
    /// each process has open or mapped.
    void add_mounts();
    bool add_open_nodes(const base::Dir& proc, const std::string& pid);
    bool add_mappings(const std::string& pid);

    const sysfs::Root& root_;
    TarArchive& archive_;
    std::set<std::string, std::less<>> attributes_;
    std::set<std::string> stuck_;
    std::size_t files_ = 0;
};

}  // namespace vfioctl
