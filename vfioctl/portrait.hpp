// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "binding/report.hpp"
#include "policy/chain.hpp"
#include "sysfs/usage.hpp"

namespace vfioctl {

/// Everything known of one device: what `show` prints.
struct Portrait {
    const sysfs::Device& device;
    const sysfs::Group* group = nullptr;
    binding::HardwareNames names;
    std::optional<std::string> subsystem;  ///< the board's name
    const policy::Decision* decision = nullptr;
    binding::DeviceState state;
    policy::Chain fitting;  ///< every driver that could serve it
    std::vector<sysfs::Use> uses;
};

[[nodiscard]] std::string portrait_text(const Portrait& portrait);
/// The fields of `list` and more.
[[nodiscard]] nlohmann::ordered_json portrait_json(const Portrait& portrait);
/// A use's reason code ("mounted").
[[nodiscard]] const char* use_word(sysfs::UseKind kind);

}  // namespace vfioctl
