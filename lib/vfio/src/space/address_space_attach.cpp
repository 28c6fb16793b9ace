// SPDX-License-Identifier: LGPL-2.1-or-later
// Attaching and detaching. The ranges a device can reach are known only once it is attached, so a
// new device may make the kernel refuse over a mapping made before (EINVAL from a container,
// EADDRINUSE from an iommufd). The kernel does not say which mapping; the group's reserved regions
// in sysfs often do.
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <shared_mutex>
#include <sstream>

#include "vfio/address_space.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

Result<void> AddressSpace::refresh() {
    auto known = backend_->geometry();
    if (!known)
        return base::propagate(known);
    geometry_ = std::move(*known);
    granule_ = 0;
    for (const Window& window : geometry_.windows)
        granule_ = granule_ == 0 ? window.page_size : std::min(granule_, window.page_size);
    iovas_.set_windows(geometry_.windows, table_.ranges(MappingTable::IovaTracking::kTracked));
    return {};
}

Result<Geometry> AddressSpace::query() {
    const std::unique_lock lock(mutex_);
    if (auto known = refresh(); !known)
        return base::propagate(known);
    return geometry_;
}

Geometry AddressSpace::geometry() const {
    const std::shared_lock lock(mutex_);
    return geometry_;
}

std::vector<IovaRange> AddressSpace::ranges() const {
    const std::shared_lock lock(mutex_);
    std::vector<IovaRange> out;
    for (const Window& window : geometry_.windows)
        out.push_back(window.range);
    return out;
}

namespace {

/// "0x00000000fee00000 0x00000000feefffff msi" per line.
std::vector<std::pair<IovaRange, std::string>> parse_reserved(const std::string& text) {
    std::vector<std::pair<IovaRange, std::string>> out;
    std::istringstream lines(text);
    const auto number = [](const std::string& word, std::uint64_t& value) {
        if (!word.starts_with("0x"))
            return false;
        const char* end = word.data() + word.size();
        const auto parsed = std::from_chars(word.data() + 2, end, value, 16);
        return parsed.ec == std::errc() && parsed.ptr == end;
    };
    std::string first;
    std::string last;
    std::string type;
    while (lines >> first >> last >> type) {
        IovaRange range;
        if (number(first, range.first) && number(last, range.last) && type != "direct-relaxable")
            out.emplace_back(range, type);
    }
    return out;
}

}  // namespace

Error AddressSpace::with_conflict_hint(Error error, const std::string& group) const {
    if (table_.size() == 0 || (error.errnum != EINVAL && error.errnum != EADDRINUSE))
        return error;
    // "/dev/vfio/15" or "15".
    const std::string number = group.substr(group.rfind('/') + 1);
    if (const auto listing =
            calls_.read_text("/sys/kernel/iommu_groups/" + number + "/reserved_regions"))
        for (const auto& [range, type] : parse_reserved(*listing))
            if (const auto mapped = table_.first_overlap(range)) {
                error.hint = "in the way: the mapping " + text(mapped->iova) + " lies in " +
                             text(range) + ", which is reserved (" + type + ") for " + group;
                return error;
            }
    const MappedRange highest = table_.all().back();
    error.hint = "no reserved region explains it; " + group +
                 " may not reach as far as the highest mapping, " + text(highest.iova);
    return error;
}

Error AddressSpace::explain_refusal(Error error, const std::string& group) const {
    const std::shared_lock lock(mutex_);
    return with_conflict_hint(std::move(error), group);
}

Result<void> AddressSpace::device_opened() {
    if (backend() != Backend::kIommufdCompat)
        return {};
    const std::unique_lock lock(mutex_);
    return refresh();
}

Result<std::uint64_t> AddressSpace::page_sizes() {
    const std::unique_lock lock(mutex_);
    return backend_->page_sizes();
}

/// The container forgot its mappings with its last group; the table did not.
Result<void> AddressSpace::replay() {
    std::vector<MappedRange> done;
    for (const MappedRange& mapped : table_.all()) {
        auto made = backend_->map(mapped);
        if (made) {
            done.push_back(mapped);
            continue;
        }
        for (const MappedRange& undo : done)
            static_cast<void>(backend_->unmap(undo.iova));
        return tl::unexpected<Error>(with_hint(std::move(made.error()), mapped));
    }
    return {};
}

Result<void> AddressSpace::attach_group(const GroupFd& group, const std::string& object) {
    const std::unique_lock lock(mutex_);
    auto attached = backend_->attach_group(group, object);
    if (!attached)
        return tl::unexpected<Error>(with_conflict_hint(std::move(attached.error()), object));
    Result<void> ready = refresh();
    if (ready && attached_ == 0 && table_.size() != 0 &&
        backend_->lifetime() == IommuBackend::Lifetime::kWithGroups)
        ready = replay();
    if (!ready) {
        static_cast<void>(backend_->detach_group(group, object));
        static_cast<void>(refresh());
        return ready;
    }
    ++attached_;
    return {};
}

Result<void> AddressSpace::detach_group(const GroupFd& group, const std::string& object) {
    const std::unique_lock lock(mutex_);
    if (auto detached = backend_->detach_group(group, object); !detached)
        return detached;
    if (attached_ > 0)
        --attached_;
    // Nothing can be asked of an empty container; the table stays, for the group that comes next.
    const bool gone = attached_ == 0 && backend_->lifetime() == IommuBackend::Lifetime::kWithGroups;
    return gone ? Result<void>{} : refresh();
}

Result<BoundDevice> AddressSpace::attach_device(const DeviceToAttach& device) {
    const std::unique_lock lock(mutex_);
    auto attached = backend_->attach_device(device);
    if (!attached)
        return tl::unexpected<Error>(with_conflict_hint(std::move(attached.error()), device.name));
    if (auto known = refresh(); !known) {
        static_cast<void>(backend_->detach_device(device));
        return base::propagate(known);
    }
    ++attached_;
    return attached;
}

Result<void> AddressSpace::detach_device(const DeviceToAttach& device) {
    const std::unique_lock lock(mutex_);
    if (auto detached = backend_->detach_device(device); !detached)
        return detached;
    if (attached_ > 0)
        --attached_;
    return refresh();
}

Error AddressSpace::with_hint(Error error, const MappedRange& piece) const {
    const std::uint64_t length = piece.iova.length();
    std::vector<IovaRange> usable;
    for (const Window& window : geometry_.windows)
        usable.push_back(window.range);
    switch (error.errnum) {
        case ENOMEM:
            error.hint = memlock_hint(calls_.memlock_limit(), table_.bytes(), length);
            break;
        case ENOSPC:
            error.hint = entry_limit_hint(table_.size());
            break;
        case EINVAL:
            if (error.hint.empty())
                error.hint = aperture_hint(piece.iova, usable);
            break;
        case EEXIST:
            error.hint = "someone else mapped there through the same fd";
            break;
        case EFAULT:
            error.hint =
                backend() == Backend::kIommufd
                    ? "no memory is there, or it is a device's: iommufd maps a BAR only as a "
                      "dma-buf (map_file)"
                    : "no memory is there";
            break;
        case EPERM:
            if (error.hint.empty())
                error.hint = "the memory is read-only here, so devices may only read it";
            break;
        default:
            break;
    }
    return error;
}

}  // namespace vfio
