// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sysfs/host/root.hpp"
#include "vfioctl/context/failure.hpp"
#include "vfioctl/exchange/export_source.hpp"

namespace vfioctl {

/// A CDI specification of devices that are bound to VFIO: it names their nodes with
/// owner, group and mode. `kind` is
/// "vendor.tld/class". Its version is the lowest that has every field it uses.
[[nodiscard]] CliResult<nlohmann::ordered_json> cdi_spec(const sysfs::Root& root,
                                                         const std::vector<ExportDevice>& exports,
                                                         const std::string& kind,
                                                         std::optional<ExportBackend> backend);
[[nodiscard]] bool is_cdi_kind(const std::string& kind);

}  // namespace vfioctl
