// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "binding/report/device_report.hpp"
#include "vfioctl/context/failure.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {

/// A device with all that a line of `list` may show of it.
struct ListRow {
    const sysfs::Device* device = nullptr;
    const policy::Decision* decision = nullptr;
    binding::DeviceState state;
    binding::DeviceNames names;
    std::vector<std::string> managers;  ///< other tools, by name
    std::vector<std::string> modules;   ///< that claim it by their aliases; if asked for
    bool ours = false;                  ///< a rule wants it, or bindd has bound it
};

/// One column of `list`: what -o calls it, how it is laid out and where its text comes from.
struct ListColumn {
    std::string_view name;
    std::string_view help;
    Column::Align align = Column::Align::kLeft;
    Column::Fit fit = Column::Fit::kWhole;
    std::string (*text)(const ListRow&) = nullptr;
};

[[nodiscard]] const std::vector<ListColumn>& list_columns();

/// The columns of `-o`: "A,B" selects these, "+A" adds to the default ones; names in either case.
/// None given: the default ones. An unknown name is a kUsage that suggests similar ones and lists
/// all.
[[nodiscard]] CliResult<std::vector<const ListColumn*>> select_columns(
    const std::vector<std::string>& requested);

[[nodiscard]] std::vector<const ListColumn*> every_column();

/// The columns with their meaning, for `vfioctl list --help`.
[[nodiscard]] std::string column_help();

}  // namespace vfioctl
