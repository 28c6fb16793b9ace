// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_snapshot.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "binding/picture.hpp"

namespace bindd {
namespace {

Answer<sysfs::UniqueFd> sealed(const std::string& text) {
    const auto failed = [] {
        return fault(FaultKind::kFailed, std::string("a memory file: ") + std::strerror(errno));
    };
    sysfs::UniqueFd fd(::memfd_create("bindd-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
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
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        return failed();
    return fd;
}

std::string picture_text(const Keeper& keeper, const DevicePaths& paths, const sysfs::Usage& looked) {
    const View& view = keeper.view();
    binding::PictureText text;
    text.add(view.inventory);
    sysfs::Usage usage = view.usage;
    for (const auto& [id, uses] : looked)
        usage[id] = uses;
    text.add(usage);
    for (const policy::SourceFile& source : view.sources)
        text.add(source);
    for (const sysfs::Device& device : view.inventory.devices)
        if (const std::string* path = paths.find(device.id))
            text.add(device.id, {keeper.state(device), *path});
    return text.take();
}

}  // namespace

void Snapshots::take(const Caller& caller, Options options, Answered<sysfs::UniqueFd> answered) {
    authority_.identify(caller, [this, options = std::move(options),
                                 answered = std::move(answered)](Answer<Admitted> admitted) {
        if (!admitted)
            return answered(tl::unexpected(admitted.error()));
        const auto words = only_texts(options, "usage");
        if (!words)
            return answered(tl::unexpected(words.error()));
        std::vector<sysfs::DeviceId> ids;
        for (const std::string& word : *words) {
            const auto found = sysfs::resolve(keeper_.view().inventory, word);
            if (!found)
                return answered(fault(FaultKind::kNoSuchDevice, word + ": no such device"));
            ids.insert(ids.end(), found->begin(), found->end());
        }
        if (ids.empty())
            return answered(sealed(picture_text(keeper_, paths_, {})));
        keeper_.usage(ids, [this, answered, ticket = admitted->ticket](sysfs::Result<sysfs::Usage> usage) {
            if (!usage)
                return answered(tl::unexpected(fault_of(usage.error())));
            answered(sealed(picture_text(keeper_, paths_, *usage)));
        });
    });
}

}  // namespace bindd
