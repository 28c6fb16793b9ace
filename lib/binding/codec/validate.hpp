// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"
#include "binding/codec/messages.hpp"
#include "binding/codec/record.hpp"

/// The checks that a decoded value passes before anyone uses it: every name in it is one that could
/// be the kernel's, so none can lead a path elsewhere. The executor trusts no controller, and no
/// process trusts a file. Device ids, enumerators and ranges are checked by decoding itself.
/// kInvalid names the field.
namespace binding {

[[nodiscard]] base::Result<void> validate(const Envelope& envelope);
[[nodiscard]] base::Result<void> validate(const sysfs::Device& device);
[[nodiscard]] base::Result<void> validate(const policy::Transaction& transaction);
[[nodiscard]] base::Result<void> validate(const policy::MdevSpec& mdev);
[[nodiscard]] base::Result<void> validate(const policy::DevicesInUse& in_use);
[[nodiscard]] base::Result<void> validate(const Record& record);

}  // namespace binding
