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

/// What a restart must find of a lease.
namespace bindd {

struct LeaseRecord {
    std::string id;  ///< "claim-7"; the file's name and the fd's in the store
    std::string why;
    std::optional<std::uint32_t> uid;
    std::vector<sysfs::DeviceId> devices;
    std::vector<sysfs::DeviceId> taken;  ///< those bound for it, to be released at its end
};

/// Temporary file and rename: whole or not at all.
[[nodiscard]] base::Result<void> write_lease_record(const std::string& directory,
                                                    const LeaseRecord& record);
void remove_lease_record(const std::string& directory, const std::string& id);
/// All there are; a file that is none is skipped.
[[nodiscard]] std::vector<LeaseRecord> read_lease_records(const std::string& directory);

/// Into the service manager's keeping under the lease's name, and out of it. Without one this does
/// nothing.
void store_fd(const std::string& id, int fd);
void unstore_fd(const std::string& id);
/// What it gave back to us at our start, by name. Our environment says no more of it afterwards.
[[nodiscard]] std::map<std::string, base::UniqueFd> stored_fds();

}  // namespace bindd
