// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "binding/mdevctl/mdev_context.hpp"

namespace binding {

/// Returns the UUID: a new one where none was given.
[[nodiscard]] base::Result<std::string> define_mdev(MdevContext& context,
                                                    const MdevArguments& arguments);
/// Under every parent, unless one is named.
[[nodiscard]] base::Result<void> undefine_mdev(MdevContext& context, const MdevFilter& which);

/// What `modify` is to do to the attributes: insert before `index` (at the end without), or delete
/// there (the last without).
struct AttrEdit {
    enum class EditKind { kNothing, kAdd, kDelete } kind = EditKind::kNothing;
    std::string name;
    std::string value;
    std::optional<std::size_t> index;
};
enum class ModifyTarget { kDefinition, kLive, kLiveAndDefinition };
[[nodiscard]] base::Result<void> modify_mdev(MdevContext& context, const MdevArguments& arguments,
                                             const AttrEdit& edit, ModifyTarget target);

}  // namespace binding
