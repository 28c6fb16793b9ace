// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include "binding/report.hpp"
#include "policy/parse.hpp"
#include "sysfs/inventory.hpp"
#include "sysfs/usage.hpp"

/// A host as the daemon sees it, handed to vfioctl: what the decisions are made from, and how the daemon says that each
/// device stands. The policies come as their texts, so that every `file:line` stays true.
namespace binding {

struct Picture {
    struct Standing {
        DeviceState state;
        std::string path;  ///< on the bus
    };
    sysfs::Inventory inventory;
    sysfs::Usage usage;
    std::vector<policy::SourceFile> sources;
    std::map<sysfs::DeviceId, Standing> standings;
};

/// A picture being written, a line for each part.
class PictureText {
  public:
    void add(const sysfs::Inventory& inventory);
    void add(const sysfs::Usage& usage);
    void add(const policy::SourceFile& source);
    void add(const sysfs::DeviceId& device, const Picture::Standing& standing);
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void line(const char* kind, const std::string& json);
    std::string text_;
};

/// kInvalid for a text that is none, of another version say.
[[nodiscard]] sysfs::Result<Picture> picture_of(const std::string& text);

}  // namespace binding
