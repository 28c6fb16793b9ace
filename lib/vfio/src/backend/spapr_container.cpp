// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/spapr_container.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "base/try.hpp"
#include "vfio/abi/spapr.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

constexpr const char* kObject = "SPAPR container";

}  // namespace

SpaprPlatform::~SpaprPlatform() = default;

Result<void> SpaprPlatform::attach_group(const GroupFd&, const std::string& group) {
    return base::fail(Code::kUnsupported, "attach", group, "an iommufd takes devices");
}

Result<void> SpaprPlatform::detach_group(const GroupFd&, const std::string& group) {
    return base::fail(Code::kUnsupported, "detach", group, "an iommufd takes devices");
}

Result<BoundDevice> SpaprPlatform::attach_device(const DeviceToAttach& device) {
    return base::fail(Code::kUnsupported, "attach", device.name, "a container takes groups");
}

Result<void> SpaprPlatform::detach_device(const DeviceToAttach& device) {
    return base::fail(Code::kUnsupported, "detach", device.name, "a container takes groups");
}

SpaprContainer::~SpaprContainer() = default;

Result<void> SpaprContainer::attach_group(const GroupFd& group, const std::string& object) {
    return container_.add(group, object);
}

Result<void> SpaprContainer::detach_group(const GroupFd& group, const std::string& object) {
    return container_.remove(group, object);
}

Result<SpaprDetails> spapr_details(Container& container) {
    abi::SpaprInfo info{};
    info.argsz = sizeof info;
    const int answer = container.call(abi::ContainerCall::kSpaprGetInfo, &info);
    if (answer < 0)
        return fail_call(-answer, "get IOMMU info", kObject,
                         answer == -ENXIO ? "no group is in the container" : "");
    constexpr std::uint64_t kDefaultPage = 4096;  // IOMMU_PAGE_SHIFT_4K, whatever the CPU's page
    SpaprDetails out;
    const std::uint64_t start = info.dma32_window_start;
    if (info.dma32_window_size != 0)
        out.default_window = {{start, start + info.dma32_window_size - 1}, kDefaultPage};
    if ((info.flags & abi::kSpaprInfoDdw) != 0) {
        out.page_sizes = info.ddw.pgsizes;
        out.max_windows = info.ddw.max_dynamic_windows_supported;
        out.levels = info.ddw.levels;
    }
    return out;
}

Result<SpaprDetails> SpaprContainer::details() {
    return spapr_details(container_);
}

Result<void> SpaprContainer::register_memory(std::uint64_t address, std::uint64_t length) {
    abi::SpaprMemory memory{.argsz = sizeof memory, .flags = 0, .vaddr = address, .size = length};
    const int answer = container_.call(abi::ContainerCall::kSpaprRegisterMemory, &memory);
    if (answer == -ENOMEM)
        return fail_call(ENOMEM, "register memory at " + hex_text(address), kObject,
                         memlock_hint(container_.calls().memlock_limit(), 0, length));
    return check_answer(answer, "register memory at " + hex_text(address), kObject,
                        answer == -EBUSY    ? "it is registered already"
                        : answer == -EINVAL ? "not page-aligned, or it overlaps what is registered"
                                            : "");
}

Result<void> SpaprContainer::unregister_memory(std::uint64_t address, std::uint64_t length) {
    abi::SpaprMemory memory{.argsz = sizeof memory, .flags = 0, .vaddr = address, .size = length};
    const int answer = container_.call(abi::ContainerCall::kSpaprUnregisterMemory, &memory);
    return check_answer(answer, "unregister memory at " + hex_text(address), kObject,
                        answer == -EBUSY    ? "some of it is mapped"
                        : answer == -ENOENT ? "exactly this range is not registered"
                                            : "");
}

/// More levels make each table smaller: a platform that cannot find the memory for a table of one
/// level may for one of three. So each number it allows is tried.
Result<Window> SpaprContainer::create_window(std::uint32_t page_shift, std::uint64_t length) {
    const auto known = TRY(details());
    int answer = -EINVAL;
    for (std::uint32_t levels = 1; levels <= std::max(1U, known.levels); ++levels) {
        abi::SpaprTceCreate create{.argsz = sizeof create,
                                   .flags = 0,
                                   .page_shift = page_shift,
                                   .reserved1 = 0,
                                   .window_size = length,
                                   .levels = levels,
                                   .reserved2 = 0,
                                   .start_addr = 0};
        answer = container_.call(abi::ContainerCall::kSpaprTceCreate, &create);
        if (answer >= 0)
            return Window{{create.start_addr, create.start_addr + (length - 1)},
                          std::uint64_t{1} << page_shift};
        if (answer == -ENOSPC || answer == -EPERM || answer == -ENOSYS || answer == -ENOTTY)
            break;  // not a matter of levels
    }
    return fail_call(
        -answer, "create a window of " + hex_text(length) + " bytes", kObject,
        answer == -ENOSPC ? "all " + std::to_string(known.max_windows) + " windows are in use"
        : answer == -EPERM || answer == -ENOSYS ? "this platform has no dynamic windows"
        : answer == -EINVAL ? "page size or length is not one that the platform offers"
                            : "");
}

Result<void> SpaprContainer::remove_window(std::uint64_t start) {
    abi::SpaprTceRemove remove{.argsz = sizeof remove, .flags = 0, .start_addr = start};
    const int answer = container_.call(abi::ContainerCall::kSpaprTceRemove, &remove);
    return check_answer(answer, "remove the window at " + hex_text(start), kObject,
                        answer == -EPERM ? "this platform keeps its windows" : "");
}

Result<void> spapr_map(Container& container, const MappedRange& piece) {
    abi::DmaMap map{.argsz = sizeof map,
                    .flags = dma_map_flags(piece.access),
                    .vaddr = piece.address,
                    .iova = piece.iova.first,
                    .size = piece.iova.length()};
    const int answer = container.call(abi::ContainerCall::kMapDma, &map);
    if (answer < 0)
        return fail_call(-answer, "map " + text(piece.iova), kObject,
                         answer == -ENXIO ? "outside the DMA windows"
                         : answer == -EPERM
                             ? "nothing is registered or enabled, or the window's pages "
                               "are larger than the memory's"
                             : "");
    return {};
}

Result<void> spapr_unmap(Container& container, const IovaRange& range) {
    abi::DmaUnmap unmap{
        .argsz = sizeof unmap, .flags = 0, .iova = range.first, .size = range.length()};
    const int answer = container.call(abi::ContainerCall::kUnmapDma, &unmap);
    if (answer < 0)
        return fail_call(-answer, "unmap " + text(range), kObject,
                         answer == -ENXIO ? "outside the DMA windows" : "");
    return {};
}

Result<void> SpaprContainer::map(const MappedRange& piece) {
    return spapr_map(container_, piece);
}

Result<void> SpaprContainer::unmap(const MappedRange&, const IovaRange& cut) {
    return spapr_unmap(container_, cut);
}

}  // namespace vfio
