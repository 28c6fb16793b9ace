// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/lease_record.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/file_io.hpp"
#include "binding/codec/object_codec.hpp"

namespace binding {

/// The file's name has the id.
template <>
struct FieldList<bindd::LeaseRecord> {
    static constexpr auto fields = std::tuple{required("why", &bindd::LeaseRecord::why),
                                              required("uid", &bindd::LeaseRecord::uid),
                                              required("devices", &bindd::LeaseRecord::devices),
                                              required("taken", &bindd::LeaseRecord::taken)};
};

}  // namespace binding

namespace bindd {

base::Result<void> write_lease_record(const std::string& directory, const LeaseRecord& record) {
    if (auto made = base::make_directories(directory); !made)
        return made;
    const std::string path = directory + "/" + record.id;
    const std::string temporary = directory + "/." + record.id;
    const base::UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return base::fail_errno(errno, "open", temporary);
    if (auto written = base::write_all(fd.get(), binding::encode_fields(record) + "\n", temporary);
        !written)
        return written;
    if (::rename(temporary.c_str(), path.c_str()) != 0)
        return base::fail_errno(errno, "rename", temporary);
    return {};
}

void remove_lease_record(const std::string& directory, const std::string& id) {
    // One that stays is read at the next start as a lease that has ended: released again, to no
    // effect.
    (void)::unlink((directory + "/" + id).c_str());
}

std::vector<LeaseRecord> read_lease_records(const std::string& directory) {
    std::vector<LeaseRecord> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), ::closedir);
    if (listing == nullptr)
        return out;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (!name.starts_with("claim-"))
            continue;
        const auto text = base::read_file(directory + "/" + name);
        if (!text)
            continue;
        if (auto record = binding::decode_fields<LeaseRecord>(*text, "a lease")) {
            record->id = name;
            out.push_back(*std::move(record));
        }
    }
    return out;
}

void store_fd(const std::string& id, int fd) {
    (void)sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDNAME=" + id).c_str(), &fd, 1);
}

void unstore_fd(const std::string& id) {
    (void)sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + id).c_str());
}

std::map<std::string, base::UniqueFd> stored_fds() {
    std::map<std::string, base::UniqueFd> out;
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < count; ++i) {
        const int fd = SD_LISTEN_FDS_START + i;
        if (std::string(names[i]).starts_with("claim-"))
            out.emplace(names[i], base::UniqueFd(fd));
        std::free(names[i]);
    }
    std::free(names);
    return out;
}

}  // namespace bindd
