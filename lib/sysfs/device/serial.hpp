// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/dir.hpp"

namespace sysfs {

/// The SN keyword of vital product data (PCI 3.0, appendix I). The bytes come from the device, so
/// every length is checked. Nothing when there is none, when it is not printable, or when the data
/// has a wrong checksum.
[[nodiscard]] std::optional<std::string> vpd_serial(std::string_view vpd);

/// The Device Serial Number capability (0x0003) of extended config space, as lspci prints it:
/// "00-11-22-ff-fe-33-44-55". Nothing when config space ends at 256 bytes, when there is no such
/// capability, or when it is all zeros or all ones.
[[nodiscard]] std::optional<std::string> dsn_serial(std::string_view config);

/// The VPD's number, else the DSN. Can take seconds, wakes the device up, and needs CAP_SYS_ADMIN.
[[nodiscard]] std::optional<std::string> read_serial(const base::Dir& device);

}  // namespace sysfs
