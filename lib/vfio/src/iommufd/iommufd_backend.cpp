// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/iommufd_backend.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/page_size.hpp"

namespace vfio {

IommufdBackend::~IommufdBackend() = default;

Result<Geometry> IommufdBackend::geometry() {
    // Before the first device the alignment is 1; whole pages are the least that will hold later.
    const auto page = page_size();
    // A new IOAS has all addresses until a device narrows them (io_pagetable.c): no need to ask.
    if (ioas_.is_owned() && bound_.empty()) {
        Geometry all;
        all.windows = {{{0, std::numeric_limits<std::uint64_t>::max()}, page}};
        return all;
    }
    const auto ranges = TRY(ioas_.ranges());
    Geometry out;
    const std::uint64_t granule = std::max(page, std::bit_ceil(ranges.alignment));
    for (const IovaRange& range : ranges.usable)
        out.windows.push_back({range, granule});
    return out;
}

Result<std::uint64_t> IommufdBackend::page_sizes() {
    IommuContext& iommu = *ioas_.iommu();
    abi::VfioIoas before{
        .size = sizeof before, .ioas_id = 0, .op = abi::kVfioIoasGet, .reserved = 0};
    const bool had = iommu.call(abi::IommuCall::kVfioIoas, &before) >= 0;
    abi::VfioIoas ours{
        .size = sizeof ours, .ioas_id = ioas_.id(), .op = abi::kVfioIoasSet, .reserved = 0};
    int answer = iommu.call(abi::IommuCall::kVfioIoas, &ours);
    const int copy = answer < 0 ? answer : iommu.calls.duplicate(iommu.fd.get());
    if (copy < 0)
        return fail_call(-copy, "get the page sizes", "/dev/iommu");
    const ContainerFd container{UniqueFd(copy)};
    abi::Type1Info info{};
    info.argsz = abi::kType1InfoOldSize;
    answer = iommu.calls.container(container, abi::ContainerCall::kType1GetInfo, &info);
    before.op = had ? abi::kVfioIoasSet : abi::kVfioIoasClear;
    static_cast<void>(iommu.call(abi::IommuCall::kVfioIoas, &before));
    if (answer < 0)
        return fail_call(-answer, "get the page sizes", "/dev/iommu");
    return info.iova_pgsizes;
}

namespace {

std::string bind_hint(int errnum, const DeviceToAttach& device) {
    switch (errnum) {
        case EINVAL:
            return device.token
                       ? "a VF token is given but not needed, or the kernel is older than 6.17 and "
                         "takes one through the group only"
                       : "";
        case EBUSY:
            return "the device's group is open, or a native driver of the group does DMA";
        case EACCES:
            return "the VF token is missing or wrong";
        case EBADF:
        case EBADFD:
            return "the fd to bind to is not an iommufd";
        default:
            return attach_hint(errnum);
    }
}

constexpr ErrnoHint kPinHints[] = {
    {ENOTTY, "iommufd pins files since Linux 6.13"},
    {EOPNOTSUPP,
     "the file is not memory: a memfd, a file of shmem or hugetlbfs, or a device's dma-buf of one "
     "range"},
    {EINVAL,
     "the file is not memory: a memfd, a file of shmem or hugetlbfs, or a device's dma-buf of one "
     "range"},
    {ENODEV,
     "the device's memory is gone (it was reset, its decoding is off, or its fd closed): export it "
     "again, and map that"},
};

}  // namespace

Result<std::uint32_t> IommufdBackend::bind(const DeviceToAttach& device) {
    abi::BindIommufd bind{
        .argsz =
            device.token ? static_cast<std::uint32_t>(sizeof bind) : abi::kBindIommufdSmallSize,
        .flags = device.token ? abi::kBindFlagToken : 0,
        .iommufd = ioas_.iommu()->fd.get(),
        .out_devid = 0,
        .token_uuid_ptr = device.token ? reinterpret_cast<std::uint64_t>(device.token->data()) : 0};
    Calls& calls = ioas_.iommu()->calls;
    const int answer = device_call(calls, device.fd, abi::DeviceCall::kBindIommufd, &bind);
    // A bind lasts until the fd closes, so the second one after a detach is refused: the id holds.
    const auto known = bound_.find(device.fd.get());
    if (answer == -EINVAL && known != bound_.end())
        return known->second;
    if (answer < 0)
        return fail_call(-answer, "bind to an iommufd", device.name, bind_hint(-answer, device));
    bound_[device.fd.get()] = bind.out_devid;
    return bind.out_devid;
}

Result<std::uint32_t> IommufdBackend::attach(const DeviceToAttach& device, std::uint32_t id) {
    return attach_page_table(ioas_.iommu()->calls, device.fd, device.name, id);
}

/// A page table serves the devices of one IOMMU; EINVAL from attaching is how the kernel says that
/// this one is of another, and the next is tried. A device without an IOMMU of its own (an mdev)
/// has none to be made: it attaches to the IOAS.
Result<std::uint32_t> IommufdBackend::attach_to_own_hwpt(const DeviceToAttach& device,
                                                         std::uint32_t device_id) {
    for (const Hwpt& hwpt : hwpts_) {
        auto attached = attach(device, hwpt.id());
        if (attached || attached.error().errnum != EINVAL)
            return attached;
    }
    const std::uint32_t flag =
        kind_ == PageTable::kNestParent ? abi::kHwptNestParent : abi::kHwptDirtyTracking;
    auto hwpt = Hwpt::allocate(ioas_.iommu(),
                               {.device_id = device_id, .parent_id = ioas_.id(), .flags = flag});
    if (!hwpt && hwpt.error().errnum == ENOENT && kind_ == PageTable::kDirty)
        return attach(device, ioas_.id());
    if (!hwpt) {
        hwpt.error().object = device.name;
        return base::propagate(hwpt);
    }
    auto attached = attach(device, hwpt->id());
    if (attached)
        hwpts_.push_back(std::move(*hwpt));
    return attached;
}

Result<BoundDevice> IommufdBackend::attach_device(const DeviceToAttach& device) {
    const auto id = TRY(bind(device));
    const auto table = TRY(kind_ == PageTable::kAutomatic ? attach(device, ioas_.id())
                                                          : attach_to_own_hwpt(device, id));
    return BoundDevice{.device_id = id, .page_table_id = table};
}

Result<void> IommufdBackend::detach_device(const DeviceToAttach& device) {
    abi::DetachIommufdPt detach{.argsz = abi::kDetachIommufdPtSmallSize, .flags = 0, .pasid = 0};
    Calls& calls = ioas_.iommu()->calls;
    const int answer = device_call(calls, device.fd, abi::DeviceCall::kDetachIommufdPt, &detach);
    return check_answer(answer, "detach from its address space", device.name);
}

Result<void> IommufdBackend::map_file(const FileSlice& file, const MappedRange& piece) {
    auto mapped = ioas_.map_file(file, piece);
    if (!mapped)
        mapped.error().hint = find_hint(kPinHints, mapped.error().errnum);
    return mapped;
}

Result<void> IommufdBackend::copy(IommuBackend& source, const MappedRange& from,
                                  const IovaRange& to) {
    auto* other = dynamic_cast<IommufdBackend*>(&source);
    if (other == nullptr || other->ioas_.iommu() != ioas_.iommu())
        return unsupported("share a mapping", "the other address space is not of the same iommufd");
    return ioas_.copy(other->ioas_, from.iova, to, from.access);
}

Result<void> IommufdBackend::set_dirty_tracking(Hwpt::Tracking tracking) {
    if (hwpts_.empty())
        return unsupported("track dirty pages",
                           "its page tables were not made for it (PageTable::kDirty)");
    for (std::size_t i = 0; i < hwpts_.size(); ++i) {
        auto switched = hwpts_[i].set_dirty_tracking(tracking);
        if (switched)
            continue;
        for (std::size_t j = 0; j < i && tracking == Hwpt::Tracking::kOn; ++j)
            static_cast<void>(hwpts_[j].set_dirty_tracking(Hwpt::Tracking::kOff));
        return switched;
    }
    return {};
}

Result<void> IommufdBackend::start_dirty() {
    return set_dirty_tracking(Hwpt::Tracking::kOn);
}
Result<void> IommufdBackend::stop_dirty() {
    return set_dirty_tracking(Hwpt::Tracking::kOff);
}

Result<void> IommufdBackend::read_dirty(const IovaRange& range, std::uint64_t page_size,
                                        std::span<std::uint64_t> bitmap) {
    if (hwpts_.empty())
        return unsupported("track dirty pages",
                           "its page tables were not made for it (PageTable::kDirty)");
    for (const Hwpt& hwpt : hwpts_) {
        auto read = hwpt.read_dirty(range, page_size, bitmap, Hwpt::Clear::kYes);
        if (!read)
            return read;
    }
    return {};
}

Result<void> IommufdBackend::adopt(std::span<const MappedRange> all) {
    for (const MappedRange& each : all)
        if (each.source == MappingSource::kMemory)
            return unsupported("adopt mappings", text(each.iova) +
                                                     " is not of a file; only files' "
                                                     "pins move between processes");
    abi::IoasChangeProcess change{.size = sizeof change, .reserved = 0};
    const int answer = ioas_.iommu()->call(abi::IommuCall::kIoasChangeProcess, &change);
    return check_answer(answer, "move the accounting to this process", "/dev/iommu",
                        answer == -ENOTTY   ? "iommufd can since Linux 6.14"
                        : answer == -EINVAL ? "another address space of this iommufd has a mapping "
                                              "that is not of a file"
                                            : "");
}

Result<void> IommufdBackend::set_accounting(Accounting accounting) {
    return ioas_.set_option(abi::kOptionRlimitMode, accounting == Accounting::kProcess ? 1 : 0);
}

}  // namespace vfio
