// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdev_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "binding/files.hpp"
#include "sysfs/names.hpp"
#include "sysfs/text_file.hpp"

namespace binding {
namespace {

using sysfs::fail_errno;
using sysfs::Result;

constexpr const char* kScripts = "scripts.d";

enum class Kind { kDirectory, kFile, kOther };

Kind kind_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return Kind::kOther;
    if (S_ISDIR(status.st_mode))
        return Kind::kDirectory;
    return S_ISREG(status.st_mode) ? Kind::kFile : Kind::kOther;
}

}  // namespace

std::string MdevStore::path_of(const MdevDefinition& definition) const {
    return directory_ + "/" + definition.parent + "/" + definition.uuid;
}

MdevStore::Listing MdevStore::list(const MdevFilter& filter) const {
    Listing listing;
    for (const std::string& parent : sysfs::list_directory(directory_)) {
        if (parent == kScripts || (filter.parent && *filter.parent != parent))
            continue;
        if (kind_of(directory_ + "/" + parent) == Kind::kDirectory && sysfs::parse_device_name(parent))
            list_parent(parent, filter, listing);
    }
    std::sort(listing.definitions.begin(), listing.definitions.end(),
              [](const MdevDefinition& a, const MdevDefinition& b) {
                  return std::tie(a.parent, a.uuid) < std::tie(b.parent, b.uuid);
              });
    return listing;
}

void MdevStore::list_parent(const std::string& parent, const MdevFilter& filter,
                            Listing& listing) const {
    const std::string directory = directory_ + "/" + parent;
    for (const std::string& name : sysfs::list_directory(directory)) {
        const std::string path = directory + "/" + name;
        if (kind_of(path) != Kind::kFile)
            continue;
        const auto uuid = sysfs::parse_uuid(name);
        if (!uuid) {
            listing.warnings.push_back(path + ": passed over: its name is no UUID");
            continue;
        }
        if (filter.uuid && *filter.uuid != *uuid)
            continue;
        const auto text = read_file(path);
        auto definition =
            text ? parse_mdev_definition(*uuid, parent, *text) : sysfs::propagate(text);
        if (definition)
            listing.definitions.push_back(*std::move(definition));
        else
            listing.warnings.push_back(path + ": passed over: " + definition.error().text());
    }
}

bool MdevStore::has(const MdevDefinition& definition) const {
    return kind_of(path_of(definition)) == Kind::kFile;
}

/// The new file is made beside the parents' directories: a name in there would be taken for a UUID that
/// is none by whoever lists them at that moment.
Result<void> MdevStore::write(const MdevDefinition& definition) const {
    if (auto made = make_directories(directory_ + "/" + definition.parent); !made)
        return made;
    return replace_file(path_of(definition), file_text(definition),
                        directory_ + "/." + definition.uuid + ".new");
}

Result<void> MdevStore::remove(const MdevDefinition& definition) const {
    const std::string path = path_of(definition);
    if (::unlink(path.c_str()) != 0)
        return fail_errno(errno, "remove", path);
    return sync_directory(directory_ + "/" + definition.parent);
}

}  // namespace binding
