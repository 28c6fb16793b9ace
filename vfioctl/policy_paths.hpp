// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

#include "policy/parse.hpp"
#include "vfioctl/failure.hpp"
#include "vfioctl/session.hpp"

namespace vfioctl {

/// The policies of `paths`; none given: those of --policy; none of these: the standard directories.
[[nodiscard]] policy::Parsed load_for(const Session& session, const std::vector<std::string>& paths);

/// A set with an error in it, as the failure that says so with every diagnostic.
[[nodiscard]] tl::unexpected<Failure> unusable(const policy::Parsed& parsed);

}  // namespace vfioctl
