// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "policy/plan.hpp"
#include "sysfs/inventory.hpp"
#include "sysfs/kernel.hpp"

/// What the daemon's processes tell each other, one line of text each. The process that carries plans out
/// has rights that the one which makes them has not: it takes nothing on trust.
namespace binding {

/// What a whole look brings beside the devices, which come one by one.
struct Surround {
    sysfs::Host host;
    std::map<int, std::string> group_types;
    std::map<int, std::string> group_names;
    std::vector<std::string> warnings;

    [[nodiscard]] static Surround of(const sysfs::Inventory& inventory);
    void put_into(sysfs::Inventory& inventory) const;
};

[[nodiscard]] std::string to_wire(const sysfs::Device& device);
[[nodiscard]] std::string to_wire(const Surround& surround);
[[nodiscard]] std::string to_wire(const sysfs::Drivers& drivers);
[[nodiscard]] std::string to_wire(const sysfs::Usage& usage);
[[nodiscard]] std::string to_wire(const sysfs::Wanted& wanted);
[[nodiscard]] std::string to_wire(const std::vector<sysfs::DeviceId>& ids);
[[nodiscard]] std::string to_wire(const sysfs::Error& error);
/// Everything that carrying it out needs; reasons and the result beside.
[[nodiscard]] std::string to_wire(const policy::Transaction& transaction);

/// kInvalid for a line that is no such thing. For a transaction every name in it is one that could be the
/// kernel's: nothing that is not can become part of a path.
template <typename T>
[[nodiscard]] sysfs::Result<T> of_wire(const std::string& line);

extern template sysfs::Result<sysfs::Device> of_wire(const std::string& line);
extern template sysfs::Result<Surround> of_wire(const std::string& line);
extern template sysfs::Result<sysfs::Drivers> of_wire(const std::string& line);
extern template sysfs::Result<sysfs::Usage> of_wire(const std::string& line);
extern template sysfs::Result<sysfs::Wanted> of_wire(const std::string& line);
extern template sysfs::Result<std::vector<sysfs::DeviceId>> of_wire(const std::string& line);
extern template sysfs::Result<sysfs::Error> of_wire(const std::string& line);
template <>
[[nodiscard]] sysfs::Result<policy::Transaction> of_wire(const std::string& line);

}  // namespace binding
