// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/module/drivers.hpp"
#include "sysfs/module/kmod_context.hpp"

namespace sysfs {

/// The modules of one root's kernel: present, loaded, denied. Uses libkmod's indexes where they
/// exist, else modules.dep and modules.builtin as text. libkmod reads only this machine's /sys and
/// command line, so those are read here. Files below /lib/modules are opened for the first module
/// that is not loaded.
class ModuleIndex {
  public:
    explicit ModuleIndex(const Root& root);
    [[nodiscard]] ModuleState state(const std::string& module) const;
    /// The modules that claim `modalias`, as libkmod orders them, without the denied ones.
    [[nodiscard]] std::vector<std::string> matching(const std::string& modalias) const;

  private:
    [[nodiscard]] std::vector<std::string> look_up(const std::string& modalias) const;
    [[nodiscard]] std::optional<ModuleState> running(const std::string& module) const;
    [[nodiscard]] ModuleState on_disk(const std::string& module) const;

    struct Disk {
        KmodContext kmod;                              ///< none without the binary indexes
        std::optional<base::MappedFile> dependencies;  ///< modules.dep
        std::optional<base::MappedFile> builtin;       ///< modules.builtin
        std::map<std::string, std::string> denials;  ///< by normalised name, the line that says so
    };
    [[nodiscard]] const Disk& disk() const;

    Root root_;
    std::string dir_;
    std::optional<base::Dir> modules_;  ///< /sys/module
    base::DirListing running_;
    mutable std::optional<Disk> disk_;
};

}  // namespace sysfs
