// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/policy_reading.hpp"

#include <algorithm>
#include <iterator>

#include "binding/policy_dirs.hpp"

namespace bindd {

PolicyReading read_policies(const std::vector<std::string>& paths) {
    binding::PolicyFiles files = binding::read_policy_files(paths, binding::Absent::kIsFine);
    PolicyReading out{.sources = std::move(files.files), .parsed = {}};
    out.parsed = policy::parse_set(out.sources);
    std::move(files.diagnostics.begin(), files.diagnostics.end(),
              std::back_inserter(out.parsed.diagnostics));
    return out;
}

}  // namespace bindd
