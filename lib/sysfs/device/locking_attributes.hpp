// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/dir.hpp"
#include "sysfs/device/inventory.hpp"

namespace sysfs {

inline constexpr const char* kReadHangs =
    "reading it does not return: another process holds its lock, perhaps an unbind";

/// What is read of a device by attributes whose read may not return (locking_attributes.cpp has the
/// table of them). No other code reads these.
struct LockingAttributes {
    std::string uevent;
    std::optional<std::string> driver_override;
    std::optional<std::string> serial;
    std::map<std::string, std::string> attrs;  ///< those that ScanOptions names
    std::string stuck;                         ///< Device's

    /// Texts for another process, and back.
    [[nodiscard]] std::vector<std::string> to_texts() const;
    [[nodiscard]] static LockingAttributes from_texts(const std::vector<std::string>& texts);
};

/// `device`: its directory.
[[nodiscard]] LockingAttributes read_locking_attributes(const base::Dir& device,
                                                        const ScanOptions& wanted);
[[nodiscard]] std::string read_uevent(const base::Dir& device);
/// Its text, absent when unset: that reads "(null)" on most buses and empty on some (spi, ap).
[[nodiscard]] std::optional<std::string> read_override(const base::Dir& device);

}  // namespace sysfs
