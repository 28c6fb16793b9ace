// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_lease_record.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "binding/files.hpp"
#include "binding/json.hpp"

namespace bindd {
namespace {

using binding::Json;

Json texts_of(const std::vector<sysfs::DeviceId>& devices) {
    Json out = Json::array();
    for (const sysfs::DeviceId& id : devices)
        out.push_back(id.text());
    return out;
}

/// Throws nlohmann's exceptions.
std::vector<sysfs::DeviceId> devices_of(const Json& texts) {
    std::vector<sysfs::DeviceId> out;
    for (const Json& text : texts)
        out.push_back(binding::device_id_of(text.get<std::string>()));
    return out;
}

std::optional<LeaseRecord> record_of(const std::string& name, const std::string& text) {
    try {
        const Json json = Json::parse(text);
        LeaseRecord record{.id = name,
                           .why = json.at("why").get<std::string>(),
                           .uid = {},
                           .devices = devices_of(json.at("devices")),
                           .taken = devices_of(json.at("taken"))};
        if (!json.at("uid").is_null())
            record.uid = json.at("uid").get<std::uint32_t>();
        return record;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

sysfs::Result<void> write_record(const std::string& directory, const LeaseRecord& record) {
    if (auto made = binding::make_directories(directory); !made)
        return made;
    const Json json = {{"why", binding::utf8(record.why)},
                       {"uid", binding::or_null(record.uid)},
                       {"devices", texts_of(record.devices)},
                       {"taken", texts_of(record.taken)}};
    const std::string path = directory + "/" + record.id;
    const std::string temporary = directory + "/." + record.id;
    const sysfs::UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd.valid())
        return sysfs::fail_errno(errno, "open", temporary);
    if (auto written = binding::write_all(fd.get(), binding::dump(json) + "\n", temporary); !written)
        return written;
    if (::rename(temporary.c_str(), path.c_str()) != 0)
        return sysfs::fail_errno(errno, "rename", temporary);
    return {};
}

void remove_record(const std::string& directory, const std::string& id) {
    // One that stays is read at the next start as a lease that has ended: released again, to no effect.
    (void)::unlink((directory + "/" + id).c_str());
}

std::vector<LeaseRecord> read_records(const std::string& directory) {
    std::vector<LeaseRecord> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), ::closedir);
    if (listing == nullptr)
        return out;
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (!name.starts_with("claim-"))
            continue;
        const auto text = binding::read_file(directory + "/" + name);
        if (auto record = text ? record_of(name, *text) : std::nullopt)
            out.push_back(std::move(*record));
    }
    return out;
}

void store_fd(const std::string& id, int fd) {
    (void)sd_pid_notify_with_fds(0, 0, ("FDSTORE=1\nFDNAME=" + id).c_str(), &fd, 1);
}

void unstore_fd(const std::string& id) {
    (void)sd_notify(0, ("FDSTOREREMOVE=1\nFDNAME=" + id).c_str());
}

std::map<std::string, sysfs::UniqueFd> stored_fds() {
    std::map<std::string, sysfs::UniqueFd> out;
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(1, &names);
    for (int i = 0; i < count; ++i) {
        const int fd = SD_LISTEN_FDS_START + i;
        if (std::string(names[i]).starts_with("claim-"))
            out.emplace(names[i], sysfs::UniqueFd(fd));
        std::free(names[i]);
    }
    std::free(names);
    return out;
}

}  // namespace bindd
