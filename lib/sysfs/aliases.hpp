// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sysfs/drivers.hpp"
#include "sysfs/root.hpp"

namespace sysfs {

/// <root>/lib/modules/RELEASE, or below /usr; what is there, else the first.
[[nodiscard]] std::string module_dir(const Root& root);

/// The VFIO aliases in the text of modules.alias ("alias PATTERN MODULE" lines).
[[nodiscard]] std::vector<Alias> aliases_in(std::string_view modules_alias);
/// The same in modules.builtin.modinfo ("MODULE.alias=PATTERN", each ended by a NUL).
[[nodiscard]] std::vector<Alias> builtin_aliases_in(std::string_view modinfo);

/// Both, of this root's kernel, in the order found and without doubles. What could not be read is
/// said in `warnings`.
[[nodiscard]] std::vector<Alias> read_aliases(const Root& root, std::vector<std::string>& warnings);

/// The modules whose aliases in the text claim `modalias`, most specific first: for kernels whose
/// binary index is missing, which is all that libkmod looks at.
[[nodiscard]] std::vector<std::string> modules_claiming(std::string_view modules_alias,
                                                        const std::string& modalias);

/// '*' fields of a pattern. One after a hex digit only ends the pattern ("...bc03sc00i02*").
[[nodiscard]] unsigned wildcards_in(std::string_view pattern);

}  // namespace sysfs
