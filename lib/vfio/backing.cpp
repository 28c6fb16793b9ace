// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/backing.hpp"

#include "vfio/error.hpp"

namespace vfio {

Backing::~Backing() = default;

tl::unexpected<Error> Backing::unsupported(std::string operation, std::string why) const {
    return sysfs::fail(Code::kUnsupported, std::move(operation), std::string(name(backend())),
                       std::move(why));
}

Result<std::uint64_t> Backing::page_sizes() {
    const auto known = geometry();
    if (!known)
        return sysfs::propagate(known);
    return known->page_sizes;
}

Result<void> Backing::attach_group(const GroupFd&, const std::string& group) {
    return unsupported("attach group " + group, "takes devices by their cdevs");
}

Result<void> Backing::detach_group(const GroupFd&, const std::string& group) {
    return unsupported("detach group " + group, "takes devices by their cdevs");
}

Result<BoundDevice> Backing::attach_device(const DeviceToAttach& device) {
    return unsupported("attach " + device.name, "takes devices by their groups");
}

Result<void> Backing::detach_device(const DeviceToAttach& device) {
    return unsupported("detach " + device.name, "takes devices by their groups");
}

Result<void> Backing::map_file(const File&, const Mapped&) {
    return unsupported("map a file", "only iommufd pins files");
}

Result<void> Backing::copy(Backing&, const Mapped&, const IovaRange&) {
    return unsupported("share a mapping", "only iommufd shares pinned memory");
}

Result<void> Backing::allow(std::span<const IovaRange>) {
    return unsupported("allow ranges", "only iommufd reserves ranges against later devices");
}

Result<Window> Backing::grow(std::uint64_t) {
    return unsupported("create a window", "its windows are what they are");
}

Result<void> Backing::start_dirty() {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> Backing::stop_dirty() {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> Backing::read_dirty(const IovaRange&, std::uint64_t, std::span<std::uint64_t>) {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> Backing::adopt(std::span<const Mapped>) {
    return unsupported("adopt mappings", "its mappings stay with the process that made them");
}

Result<void> Backing::set_accounting(Accounting accounting) {
    if (accounting == Accounting::kProcess)
        return {};
    return unsupported("account to the user", "accounts to the process that maps");
}

}  // namespace vfio
