// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/devices_in_use_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file_io.hpp"
#include "base/file_trust.hpp"
#include "base/path.hpp"
#include "base/path_root.hpp"
#include "base/try.hpp"
#include "binding/codec/field_lists.hpp"
#include "binding/codec/validate.hpp"
#include "binding/journal/journal_reader.hpp"
#include "binding/policies/later_mount.hpp"

namespace binding {
namespace {

using base::Result;

struct DevicesInUseFile {
    std::string boot;  ///< in which it was written
    policy::DevicesInUse devices;
};

tl::unexpected<base::Error> fail_safe(base::Code code, const std::string& path,
                                      const std::string& why) {
    return base::fail(code, "read", path,
                      why +
                          ": any device may be in it, so none is taken early in the boot, or "
                          "without a command",
                      "`vfioctl apply` writes the file anew");
}

}  // namespace

template <>
struct FieldList<DevicesInUseFile> {
    using File = DevicesInUseFile;
    static constexpr auto fields =
        std::tuple{omittable("boot", &File::boot), required("devices", &File::devices)};
};

Result<policy::DevicesInUse> read_devices_in_use(const StateDir& state) {
    const std::string path = state.devices_in_use_path();
    if (state.root)
        if (const auto mount_point = find_later_mount(*state.root, kStateDirectory))
            return fail_safe(base::Code::kUnsupported, path, *mount_point + " is not mounted yet");
    const base::UniqueFd fd = base::open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (!fd.valid() && errno == ENOENT)
        return policy::DevicesInUse{};
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
        return fail_safe(base::code_from_errno(errno), path,
                         std::generic_category().message(errno));
    if (!S_ISREG(status.st_mode))
        return fail_safe(base::Code::kInvalid, path, "is no regular file");
    if (const auto distrust = base::find_distrust(status))
        return fail_safe(base::Code::kRefused, path, distrust->why);
    const std::string text = TRY(base::read_rest(fd.get(), path, kRecordLimits.bytes + 1));
    auto file = decode_fields<DevicesInUseFile>(text, "the devices in use");
    if (!file)
        return fail_safe(base::Code::kInvalid, path, file.error().reason);
    if (const auto valid = validate(file->devices); !valid)
        return fail_safe(base::Code::kInvalid, path, valid.error().reason);
    const std::string boot = this_boot(state);
    if (boot.empty() || file->boot != boot)
        for (policy::DeviceInUse& each : file->devices)
            each.seen = policy::UseSeen::kEarlierBoot;
    return std::move(file->devices);
}

Result<void> write_devices_in_use(const StateDir& state, const policy::DevicesInUse& in_use) {
    const std::string path = state.devices_in_use_path();
    if (in_use.empty()) {
        if (::unlink(path.c_str()) == 0)
            return base::sync_directory(state.lib);
        return errno == ENOENT || errno == ENOTDIR ? Result<void>()
                                                   : base::fail_errno(errno, "remove", path);
    }
    const std::string text = encode_fields(DevicesInUseFile{this_boot(state), in_use}) + "\n";
    if (base::read_file(path).value_or("") == text)
        return {};
    TRY(base::make_directories(state.lib));
    // The evidence names what others do, so only root reads it.
    return base::replace_file(path, text, 0600, base::Durability::kSynced,
                              path + "." + std::to_string(::getpid()));
}

}  // namespace binding
