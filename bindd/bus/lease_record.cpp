// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/lease_record.hpp"

#include <dirent.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/try.hpp"
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
    TRY(base::make_directories(directory));
    // read_lease_records() does not read a name that begins with a dot.
    return base::replace_file(directory + "/" + record.id, binding::encode_fields(record) + "\n",
                              0600, base::Durability::kUnsynced, directory + "/." + record.id);
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
