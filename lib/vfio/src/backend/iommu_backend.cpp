// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/iommu_backend.hpp"

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

IommuBackend::~IommuBackend() = default;

tl::unexpected<Error> IommuBackend::unsupported(std::string operation, std::string why) const {
    return base::fail(Code::kUnsupported, std::move(operation), std::string(name(backend())),
                      std::move(why));
}

Result<std::uint64_t> IommuBackend::page_sizes() {
    const auto known = TRY(geometry());
    return known.page_sizes;
}

Result<void> IommuBackend::attach_group(const GroupFd&, const std::string& group) {
    return unsupported("attach group " + group, "takes devices by their cdevs");
}

Result<void> IommuBackend::detach_group(const GroupFd&, const std::string& group) {
    return unsupported("detach group " + group, "takes devices by their cdevs");
}

Result<BoundDevice> IommuBackend::attach_device(const DeviceToAttach& device) {
    return unsupported("attach " + device.name, "takes devices by their groups");
}

Result<void> IommuBackend::detach_device(const DeviceToAttach& device) {
    return unsupported("detach " + device.name, "takes devices by their groups");
}

Result<void> IommuBackend::map_file(const FileSlice&, const MappedRange&) {
    return unsupported("map a file", "only iommufd pins files");
}

Result<void> IommuBackend::copy(IommuBackend&, const MappedRange&, const IovaRange&) {
    return unsupported("share a mapping", "only iommufd shares pinned memory");
}

Result<void> IommuBackend::allow_ranges(std::span<const IovaRange>) {
    return unsupported("allow ranges", "only iommufd reserves ranges against later devices");
}

Result<Window> IommuBackend::add_window(std::uint64_t) {
    return unsupported("create a window", "its windows are what they are");
}

Result<void> IommuBackend::start_dirty() {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> IommuBackend::stop_dirty() {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> IommuBackend::read_dirty(const IovaRange&, std::uint64_t, std::span<std::uint64_t>) {
    return unsupported("track dirty pages", "has no dirty tracking");
}

Result<void> IommuBackend::adopt(std::span<const MappedRange>) {
    return unsupported("adopt mappings", "its mappings stay with the process that made them");
}

Result<void> IommuBackend::set_accounting(Accounting accounting) {
    if (accounting == Accounting::kProcess)
        return {};
    return unsupported("account to the user", "accounts to the process that maps");
}

}  // namespace vfio
