// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "sysfs/device/names.hpp"

/// What a restart needs to recover leases.
namespace bindd {

struct LeaseRecord {
    std::string id;  ///< "claim-7": the name of the file, and of the fd in the store
    std::string why;
    std::optional<std::uint32_t> uid;
    std::vector<sysfs::DeviceId> devices;
    std::vector<sysfs::DeviceId> taken;  ///< not managed before: its end releases these
};

/// Temporary file and rename: whole or not at all.
[[nodiscard]] base::Result<void> write_lease_record(const std::string& directory,
                                                    const LeaseRecord& record);
void remove_lease_record(const std::string& directory, const std::string& id);
/// Skips a file that cannot be parsed.
[[nodiscard]] std::vector<LeaseRecord> read_lease_records(const std::string& directory);

/// Stores an fd with the service manager under the lease's name, and removes it. Without a service
/// manager these do nothing.
void store_fd(const std::string& id, int fd);
void unstore_fd(const std::string& id);
/// The fds that the service manager passed to this process, by name. Clears the environment
/// variables that describe them.
[[nodiscard]] std::map<std::string, base::UniqueFd> stored_fds();

}  // namespace bindd
