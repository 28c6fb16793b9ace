// SPDX-License-Identifier: LGPL-2.1-or-later
// The rules are those of the kernel's SPAPR container (vfio_iommu_spapr_tce.c), so that one program
// sees one behaviour: EPERM before the first registration, ENXIO outside the windows, EINVAL for
// memory that is not registered, EBUSY for unregistering what is mapped. A copy reads a part of one
// mapping of the hidden IOAS. The kernel takes any part of one mapping (iopt_get_pages), but not of
// two, so a copy never spans two registrations.
#include "vfio/src/backend/spapr_emulation.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/try.hpp"
#include "vfio/src/abi/errno_hints.hpp"
#include "vfio/src/abi/page_size.hpp"

namespace vfio {

namespace {

constexpr const char* kModel = "SPAPR model on iommufd";
constexpr Window kDefaultWindow{.range = make_range(0, std::uint64_t{2} << 30), .page_size = 4096};
constexpr std::uint64_t kPageSizes = 0x40211000;  // 4 KiB, 64 KiB, 2 MiB, 1 GiB
constexpr std::uint32_t kWindows = 2;
constexpr std::uint32_t kLevels = 5;

std::uint64_t page_mask() {
    return page_size() - 1;
}

}  // namespace

SpaprEmulation::SpaprEmulation(Ioas registered_memory, Ioas windows)
    : memory_(std::move(registered_memory)),
      target_(Ioas::existing(windows.iommu(), windows.id())),
      devices_(std::move(windows), PageTable::kAutomatic) {
    windows_.reset(kDefaultWindow);
}

SpaprEmulation::~SpaprEmulation() = default;

Result<std::unique_ptr<SpaprPlatform>> make_spapr_emulation(const SharedIommu& iommu) {
    Ioas memory = TRY(Ioas::allocate(iommu));
    return std::make_unique<SpaprEmulation>(std::move(memory), TRY(Ioas::allocate(iommu)));
}

Result<BoundDevice> SpaprEmulation::attach_device(const DeviceToAttach& device) {
    auto bound = devices_.attach_device(device);
    if (!bound)
        return bound;
    ++attached_;
    // From here on no later device can narrow the windows: its attach is refused instead.
    if (auto allowed = allow_windows(windows_); !allowed) {
        static_cast<void>(detach_device(device));
        return base::propagate(allowed);
    }
    return bound;
}

Result<void> SpaprEmulation::detach_device(const DeviceToAttach& device) {
    auto detached = devices_.detach_device(device);
    if (detached && attached_ > 0)
        --attached_;
    return detached;
}

Result<SpaprDetails> SpaprEmulation::details() {
    if (attached_ == 0)
        return fail_call(ENXIO, "get IOMMU info", kModel, "no device is attached");
    return SpaprDetails{.default_window = kDefaultWindow,
                        .page_sizes = kPageSizes,
                        .max_windows = kWindows,
                        .levels = kLevels};
}

Result<void> SpaprEmulation::allow_windows(const WindowList& windows) {
    return target_.allow_ranges(window_ranges(windows.all()));
}

Result<void> SpaprEmulation::register_memory(std::uint64_t address, std::uint64_t length) {
    const std::string operation = "register memory at " + hex_text(address);
    if (!is_range(address, length) || ((address | length) & page_mask()) != 0)
        return fail_call(EINVAL, operation, kModel, "not page-aligned");
    const IovaRange range = make_range(address, length);
    if (const auto there = registered_.first_overlap(range))
        return fail_call(
            there->range == range ? EBUSY : EINVAL, operation, kModel,
            there->range == range ? "it is registered already" : "it overlaps what is registered");
    // Read-only memory can be registered too: the devices' rights are those of the maps.
    MappedRange piece{.iova = range, .address = address, .access = DmaAccess::kReadWrite};
    auto mapped = memory_.map(piece);
    if (!mapped && mapped.error().errnum == EPERM) {
        piece.access = DmaAccess::kRead;
        mapped = memory_.map(piece);
    }
    if (!mapped) {
        Error failed = mapped.error();
        failed.operation = operation;
        failed.object = kModel;
        if (failed.errnum == ENOMEM)
            failed.hint = memlock_hint(memory_.iommu()->calls.memlock_limit(), 0, length);
        return tl::unexpected<Error>(std::move(failed));
    }
    registered_.insert(range, {});
    enabled_ = true;
    return {};
}

Result<void> SpaprEmulation::unregister_memory(std::uint64_t address, std::uint64_t length) {
    const std::string operation = "unregister memory at " + hex_text(address);
    if (!enabled_)
        return fail_call(EPERM, operation, kModel, "nothing is registered");
    if (length == 0 || ((address | length) & page_mask()) != 0)
        return fail_call(EINVAL, operation, kModel, "not page-aligned");
    const IovaRange range = make_range(address, length);
    const auto there = registered_.containing(range);
    if (!there || there->range != range)
        return fail_call(ENOENT, operation, kModel, "exactly this range is not registered");
    bool used = false;
    in_use_.visit_all([&](const auto& entry) { used = used || entry.range.overlaps(range); });
    if (used)
        return fail_call(EBUSY, operation, kModel, "some of it is mapped");
    TRY(memory_.unmap(range));
    registered_.erase(range, {});
    return {};
}

Result<Window> SpaprEmulation::create_window(std::uint32_t page_shift, std::uint64_t length) {
    const std::string operation = "create a window of " + hex_text(length) + " bytes";
    if (attached_ == 0)
        return fail_call(ENXIO, operation, kModel, "no device is attached");
    if (windows_.size() >= kWindows)
        return fail_call(ENOSPC, operation, kModel,
                         "all " + std::to_string(kWindows) + " windows are in use");
    if (page_shift >= 64 || (kPageSizes & (std::uint64_t{1} << page_shift)) == 0 ||
        !std::has_single_bit(length) || length < (std::uint64_t{1} << page_shift))
        return fail_call(EINVAL, operation, kModel,
                         "page size or length is not one that the platform offers");
    const auto start = windows_.free_start(TRY(target_.ranges()).usable, length);
    if (!start)
        return fail_call(ENOSPC, operation, kModel, "the hardware reaches no such free range");
    const Window window{make_range(*start, length), std::uint64_t{1} << page_shift};
    WindowList windows = windows_;
    windows.add(window);
    TRY(allow_windows(windows));
    windows_ = std::move(windows);
    return window;
}

Result<void> SpaprEmulation::remove_window(std::uint64_t start) {
    const std::string operation = "remove the window at " + hex_text(start);
    const Window* const window = windows_.find({start, start});  // any address inside, as there
    if (window == nullptr)
        return fail_call(EINVAL, operation, kModel, "no window is there");
    const IovaRange range = window->range;
    TRY(target_.unmap(range));
    std::vector<std::pair<IovaRange, std::uint64_t>> gone;
    in_use_.visit_all([&](const auto& entry) {
        if (range.contains({entry.value, entry.value}))
            gone.emplace_back(entry.range, entry.value);
    });
    for (const auto& [memory, iova] : gone)
        in_use_.erase(memory, iova);
    windows_.remove(range);
    return allow_windows(windows_);
}

bool SpaprEmulation::registered(std::uint64_t address, std::uint64_t length) const {
    const std::uint64_t last = address + (length - 1);
    while (true) {
        const auto there = registered_.first_overlap({address, address});
        if (!there)
            return false;
        if (there->range.last >= last)
            return true;
        address = there->range.last + 1;
    }
}

/// One copy per registration that the memory lies in; all or none.
Result<void> SpaprEmulation::copy(const MappedRange& piece) {
    const std::uint64_t length = piece.iova.length();
    std::uint64_t done = 0;
    while (done < length) {
        const std::uint64_t address = piece.address + done;
        const auto source = registered_.first_overlap({address, address});
        const std::uint64_t part = std::min(length - done, source->range.last - address + 1);
        auto copied = target_.copy(memory_, make_range(address, part),
                                   make_range(piece.iova.first + done, part), piece.access);
        if (!copied) {
            if (done > 0)
                static_cast<void>(target_.unmap(make_range(piece.iova.first, done)));
            return copied;
        }
        done += part;
    }
    return {};
}

Result<void> SpaprEmulation::map(const MappedRange& piece) {
    const std::string operation = "map " + text(piece.iova);
    if (!enabled_)
        return fail_call(EPERM, operation, kModel, "nothing is registered");
    const Window* const window = windows_.find(piece.iova);
    if (window == nullptr)
        return fail_call(ENXIO, operation, kModel, "outside the DMA windows");
    const std::uint64_t length = piece.iova.length();
    if (((piece.iova.first | piece.address | length) & (window->page_size - 1)) != 0)
        return fail_call(EINVAL, operation, kModel,
                         "not aligned to the window's pages of " + hex_text(window->page_size));
    if (!registered(piece.address, length))
        return fail_call(EINVAL, operation, kModel, "the memory is not registered");
    TRY(copy(piece));
    in_use_.insert(make_range(piece.address, length), piece.iova.first);
    return {};
}

/// An iommufd does not split a mapping. All of it is unmapped and the rest is copied again, so for
/// a short time the device has a hole that it would not have on SPAPR.
Result<void> SpaprEmulation::unmap(const MappedRange& piece, const IovaRange& cut) {
    TRY(target_.unmap(piece.iova));
    in_use_.erase(make_range(piece.address, piece.iova.length()), piece.iova.first);
    MappedRange rest = piece;
    if (cut.first > piece.iova.first) {
        rest.iova.last = cut.first - 1;
        TRY(map(rest));
    }
    if (cut.last < piece.iova.last) {
        rest = piece;
        rest.iova.first = cut.last + 1;
        rest.address += rest.iova.first - piece.iova.first;
        return map(rest);
    }
    return {};
}

}  // namespace vfio
