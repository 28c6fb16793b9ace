// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/plan/plan.hpp"
#include "sysfs/device/inventory.hpp"
#include "sysfs/kernel/kernel.hpp"

/// What the daemon's processes tell each other, one line of text each. The process that carries
/// plans out has rights that the one which makes them has not: it takes nothing on trust.
namespace binding {

/// What a whole look brings beside the devices, which come one by one.
struct HostContext {
    sysfs::Host host;
    std::map<int, std::string> group_types;
    std::map<int, std::string> group_names;
    std::vector<std::string> warnings;

    [[nodiscard]] static HostContext from(const sysfs::Inventory& inventory);
    void apply_to(sysfs::Inventory& inventory) const;
};

[[nodiscard]] std::string encode(const sysfs::Device& device);
[[nodiscard]] std::string encode(const HostContext& context);
[[nodiscard]] std::string encode(const sysfs::Drivers& drivers);
[[nodiscard]] std::string encode(const sysfs::Usage& usage);
[[nodiscard]] std::string encode(const sysfs::ScanOptions& wanted);
[[nodiscard]] std::string encode(const std::vector<sysfs::DeviceId>& ids);
[[nodiscard]] std::string encode(const base::Error& error);
/// Everything that carrying it out needs; reasons and the result beside.
[[nodiscard]] std::string encode(const policy::Transaction& transaction);

/// kInvalid for a line that is no such thing. For a transaction every name in it is one that could
/// be the kernel's: nothing that is not can become part of a path.
template <typename T>
[[nodiscard]] base::Result<T> decode(const std::string& line);

extern template base::Result<sysfs::Device> decode(const std::string& line);
extern template base::Result<HostContext> decode(const std::string& line);
extern template base::Result<sysfs::Drivers> decode(const std::string& line);
extern template base::Result<sysfs::Usage> decode(const std::string& line);
extern template base::Result<sysfs::ScanOptions> decode(const std::string& line);
extern template base::Result<std::vector<sysfs::DeviceId>> decode(const std::string& line);
extern template base::Result<base::Error> decode(const std::string& line);
template <>
[[nodiscard]] base::Result<policy::Transaction> decode(const std::string& line);

}  // namespace binding
