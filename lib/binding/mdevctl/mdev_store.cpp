// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/mdev_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <tuple>

#include "base/file_io.hpp"
#include "base/file_trust.hpp"
#include "base/path.hpp"
#include "base/path_root.hpp"
#include "base/try.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

using base::Result;

constexpr const char* kScripts = "scripts.d";

enum class FileType { kDirectory, kFile, kOther };

FileType file_type(const std::string& path) {
    const base::UniqueFd fd = base::open_path(path, O_PATH);
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
        return FileType::kOther;
    if (S_ISDIR(status.st_mode))
        return FileType::kDirectory;
    return S_ISREG(status.st_mode) ? FileType::kFile : FileType::kOther;
}

}  // namespace

std::string MdevStore::definition_path(const MdevDefinition& definition) const {
    return directory_ + "/" + definition.parent + "/" + definition.uuid;
}

MdevStore::Definitions MdevStore::list(const MdevFilter& filter) const {
    Definitions listing;
    for (const std::string& parent : base::list_directory(directory_)) {
        if (parent == kScripts || (filter.parent && *filter.parent != parent))
            continue;
        if (file_type(directory_ + "/" + parent) == FileType::kDirectory &&
            sysfs::parse_device_name(parent))
            list_parent(parent, filter, listing);
    }
    std::sort(listing.definitions.begin(), listing.definitions.end(),
              [](const MdevDefinition& a, const MdevDefinition& b) {
                  return std::tie(a.parent, a.uuid) < std::tie(b.parent, b.uuid);
              });
    return listing;
}

void MdevStore::list_parent(const std::string& parent, const MdevFilter& filter,
                            Definitions& listing) const {
    const std::string directory = directory_ + "/" + parent;
    for (const std::string& name : base::list_directory(directory)) {
        const std::string path = directory + "/" + name;
        if (file_type(path) != FileType::kFile)
            continue;
        const auto uuid = sysfs::parse_uuid(name);
        if (!uuid) {
            listing.warnings.push_back(path + ": passed over: its name is no UUID");
            continue;
        }
        // mdevctl looks for a definition under its name in lower case.
        if (*uuid != name) {
            listing.warnings.push_back(path + ": passed over: its name is not in lower case");
            listing.misnamed.push_back(path);
            continue;
        }
        if (filter.uuid && *filter.uuid != *uuid)
            continue;
        const auto trusted = base::check_trusted(path);
        const auto text = trusted ? base::read_file(path) : base::propagate(trusted);
        auto definition =
            text ? parse_mdev_definition(*uuid, parent, *text) : base::propagate(text);
        if (definition)
            listing.definitions.push_back(*std::move(definition));
        else
            listing.warnings.push_back(path + ": passed over: " + definition.error().text());
    }
}

bool MdevStore::has(const MdevDefinition& definition) const {
    return file_type(definition_path(definition)) == FileType::kFile;
}

/// The new file is made beside the parents' directories: a name in there would be taken for a UUID
/// that is none by a process that lists them at that moment.
Result<void> MdevStore::write(const MdevDefinition& definition) const {
    TRY(base::make_directories(directory_ + "/" + definition.parent));
    return base::replace_file(definition_path(definition), to_file_text(definition), 0644,
                              base::Durability::kSynced,
                              directory_ + "/." + definition.uuid + ".new");
}

Result<void> MdevStore::remove(const MdevDefinition& definition) const {
    TRY(base::remove_file(definition_path(definition)));
    return base::sync_directory(directory_ + "/" + definition.parent);
}

}  // namespace binding
