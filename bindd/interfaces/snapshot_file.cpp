// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/snapshot_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "binding/codec/host_snapshot.hpp"

namespace bindd {
namespace {

BusResult<base::UniqueFd> sealed(const std::string& text) {
    const auto failed = [] {
        return bus_error(BusErrorKind::kFailed,
                         std::string("a memory file: ") + std::strerror(errno));
    };
    base::UniqueFd fd(::memfd_create("bindd-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid())
        return failed();
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t put = ::write(fd.get(), text.data() + at, text.size() - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return failed();
        at += static_cast<std::size_t>(put);
    }
    // The file's position is shared with whoever gets a copy of the fd.
    if (::lseek(fd.get(), 0, SEEK_SET) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) !=
            0)
        return failed();
    return fd;
}

std::string snapshot_text(const ControllerRunner& controller, const DevicePaths& paths,
                          const sysfs::Usage& looked) {
    const View& view = controller.view();
    binding::SnapshotWriter text;
    text.add(view.inventory);
    sysfs::Usage usage = view.usage;
    for (const auto& [id, uses] : looked)
        usage[id] = uses;
    text.add(usage);
    for (const policy::SourceFile& source : view.sources)
        text.add(source);
    for (const sysfs::Device& device : view.inventory.devices)
        if (const std::string* path = paths.find(device.id))
            text.add(device.id, {controller.state(device), *path});
    return text.take();
}

}  // namespace

void SnapshotFiles::create(const Caller& caller, MethodOptions options,
                           BusCallback<base::UniqueFd> callback) {
    authority_.identify(caller, [this, options = std::move(options),
                                 callback =
                                     std::move(callback)](BusResult<AuthorizedCaller> authorized) {
        if (!authorized)
            return callback(tl::unexpected(authorized.error()));
        const auto words = read_text_list(options, "usage");
        if (!words)
            return callback(tl::unexpected(words.error()));
        std::vector<sysfs::DeviceId> ids;
        for (const std::string& word : *words) {
            const auto found = sysfs::resolve(controller_.view().inventory, word);
            if (!found)
                return callback(bus_error(BusErrorKind::kNoSuchDevice, word + ": no such device"));
            ids.insert(ids.end(), found->begin(), found->end());
        }
        if (ids.empty())
            return callback(sealed(snapshot_text(controller_, paths_, {})));
        controller_.usage(
            ids, [this, callback, token = authorized->token](base::Result<sysfs::Usage> usage) {
                if (!usage)
                    return callback(tl::unexpected(to_bus_error(usage.error())));
                callback(sealed(snapshot_text(controller_, paths_, *usage)));
            });
    });
}

}  // namespace bindd
