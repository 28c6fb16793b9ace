// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sysfs/host/root.hpp"
#include "sysfs/module/drivers.hpp"

namespace sysfs {

/// <root>/lib/modules/RELEASE, or the same below /usr if only that exists.
[[nodiscard]] std::string module_dir(const Root& root);

/// The VFIO aliases in the text of modules.alias ("alias PATTERN MODULE" lines).
[[nodiscard]] std::vector<ModuleAlias> parse_aliases(std::string_view modules_alias);
/// The same in modules.builtin.modinfo ("MODULE.alias=PATTERN", each ended by a NUL).
[[nodiscard]] std::vector<ModuleAlias> parse_builtin_aliases(std::string_view modinfo);

/// Both, of this root's kernel, in file order and without duplicates. Read errors are added to
/// `warnings`.
[[nodiscard]] std::vector<ModuleAlias> read_aliases(const Root& root,
                                                    std::vector<std::string>& warnings);

/// The aliases of `modules` (normalised) that are not VFIO's, from the same two files.
[[nodiscard]] std::vector<ModuleAlias> read_native_aliases(const Root& root,
                                                           const std::set<std::string>& modules);

/// The modules whose aliases in the text claim `modalias`, most specific first: for kernels without
/// the binary index, which libkmod needs.
[[nodiscard]] std::vector<std::string> modules_matching(std::string_view modules_alias,
                                                        const std::string& modalias);

/// '*' fields of a pattern. One after a hex digit only ends the pattern ("...bc03sc00i02*").
[[nodiscard]] unsigned count_wildcards(std::string_view pattern);

}  // namespace sysfs
