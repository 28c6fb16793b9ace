// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_objects NAME CDEV NAME CDEV: objects of an iommufd other than one device's mappings, on
// a real kernel: two devices' address spaces that share memory, allowed ranges, explicit page
// tables, fault queues. A feature that this kernel or its IOMMU lacks must fail as unsupported, not
// in another way.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "checks.hpp"
#include "vfio/backend_selection.hpp"
#include "vfio/fault_queue.hpp"
#include "vfio/hw_info.hpp"
#include "vfio/pasid.hpp"
#include "vfio/system_calls.hpp"
#include "vfio/viommu.hpp"

using namespace vfio;

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLength = 256 * kPage;
constexpr std::uint64_t kHere = 0x10000000;
constexpr std::uint64_t kThere = 0x40000000;

/// KiB that the kernel has pinned of this process.
long pinned() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmPin:"))
            return std::strtol(line.c_str() + 6, nullptr, 10);
    return -1;
}

IommufdBackend& iommufd(AddressSpace& space) {
    return dynamic_cast<IommufdBackend&>(space.iommu_backend());
}

void sharing(Checks& checks, AddressSpace& first, AddressSpace& second) {
    const std::uint64_t here = memory(kLength);
    const IovaRange range{kHere, kHere + kLength - 1};
    const long before = pinned();
    checks.works(first.map({.address = here, .length = kLength, .iova = kHere}),
                 "the first device gets memory");
    checks.that(pinned() - before == 1024, "which is pinned");
    checks.works(second.share(first, range, kThere), "the second one shares it, elsewhere");
    checks.that(pinned() - before == 1024, "without pinning it again");
    checks.that(second.to_iova(here + kPage, kPage) == kThere + kPage, "and it is found there");
    checks.fails(EEXIST, second.share(first, range, kThere), "an IOVA is taken once");
    checks.fails(ENOENT, second.share(first, {kHere, kHere + kPage - 1}), "a part is not shared");
    checks.that(first.unmap(kHere, kLength) == kLength, "the first one lets it go");
    checks.that(pinned() - before == 1024, "it stays for the second");
    checks.that(second.unmap(kThere, kLength) == kLength, "which lets it go too");
    checks.that(pinned() == before, "and nothing is pinned any more");
}

void other_iommufd(Checks& checks, Calls& calls, AddressSpace& first) {
    const auto iommu = open_iommu(calls);
    auto ioas = iommu ? Ioas::allocate(*iommu) : Result<Ioas>(base::propagate(iommu));
    if (!checks.works(ioas, "there is another iommufd"))
        return;
    const auto other = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(std::move(*ioas), PageTable::kAutomatic));
    const std::uint64_t here = memory(kPage);
    checks.works(first.map({.address = here, .length = kPage, .iova = kHere}), "memory is mapped");
    checks.works(other->share(first, {kHere, kHere + kPage - 1}, kThere),
                 "across iommufds it is mapped once more");
    checks.that(other->unmap_all() == kPage && first.unmap_all() == kPage, "and unmapped in both");
}

void ranges(Checks& checks, AddressSpace& space) {
    const std::vector<IovaRange> reserved{{0xfee00000, 0xfeefffff}};
    checks.fails(EADDRINUSE, space.allow_ranges(reserved),
                 "what a device cannot reach is not allowed");
    const std::vector<IovaRange> all = space.ranges();
    const std::vector<IovaRange> one{{kHere, kHere + (64 << 20) - 1}};
    checks.works(space.allow_ranges(one), "a range is");
    // It limits the IOVAs that the kernel would choose, and the ranges that later devices may
    // remove.
    checks.works(space.query(), "the ranges are read again");
    checks.that(space.ranges() == all, "which are the devices', as before");
    checks.works(space.allow_ranges({}), "the limit is lifted");
    checks.works(space.query(), "that is seen");
    checks.that(space.ranges() == all, "and all is as it was");
}

/// `unsupported` or it works; nothing else.
template <typename T>
bool has(Checks& checks, const Result<T>& result, const char* what) {
    const bool absent = !result && result.error().code == Code::kUnsupported;
    checks.that(result || absent, std::string(what) + (result ? ": there is one" : ": none here"),
                result ? "" : result.error().text() + " [" + result.error().hint + "]");
    return result.has_value();
}

void objects(Checks& checks, Calls& calls, const AttachedDevice& opened,
             const std::string& device) {
    const SharedIommu iommu = iommufd(*opened.space).context();
    const std::uint32_t id = opened.bound.device_id;
    const auto info = hardware_info(*iommu, id);
    if (checks.works(info, "the IOMMU tells what it is"))
        checks.that(info->type == abi::HwInfoType::kIntelVtd, "namely Intel's");
    auto queue = FaultQueue::allocate(iommu);
    if (has(checks, queue, "a fault queue")) {
        pollfd wait{.fd = queue->fd().get(), .events = POLLIN, .revents = 0};
        checks.that(::poll(&wait, 1, 0) == 0, "no fault waits");
        const auto faults = queue->read();
        checks.that(faults && faults->empty(), "and none is read");
        const auto table = Hwpt::allocate(
            iommu,
            {.device_id = id, .parent_id = opened.space->ioas_id(), .fault_id = queue->id()});
        has(checks, table, "a page table that reports faults");
    }
    const auto parent = Hwpt::allocate(
        iommu,
        {.device_id = id, .parent_id = opened.space->ioas_id(), .flags = abi::kHwptNestParent});
    if (has(checks, parent, "a page table for a guest's"))
        has(checks, Viommu::allocate(iommu, abi::ViommuType::kArmSmmuv3, id, parent->id()),
            "a virtual IOMMU of ARM's");
    const auto pasid = attach_pasid(calls, opened.device, device, 1, opened.space->ioas_id());
    checks.that(
        !pasid && (pasid.error().code == Code::kUnsupported || pasid.error().errnum == EINVAL),
        "a PASID is refused where there are none",
        pasid ? "" : pasid.error().text() + " [" + pasid.error().hint + "]");
}

void accounting(Checks& checks, AddressSpace& space) {
    checks.fails(EBUSY, space.set_accounting(Accounting::kProcess),
                 "the accounting is chosen first or not at all");
    checks.works(space.map({.address = memory(kPage), .length = kPage}), "memory is mapped");
    const auto adopted = space.adopt_process({}, {});
    checks.that(!adopted && adopted.error().code == Code::kUnsupported,
                "memory does not move to another process, only files do",
                adopted ? "" : adopted.error().text());
    checks.that(space.unmap_all() == kPage, "and is unmapped");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5)
        return 2;
    Checks checks;
    SystemCalls calls;
    const auto first = open_device(calls, {.name = argv[1], .cdev = std::string(argv[2])},
                                   {.order = {Backend::kIommufd}});
    if (!checks.works(first, "a device opens"))
        return checks.status();
    auto ioas = Ioas::allocate(iommufd(*first->space).context());
    if (!checks.works(ioas, "the iommufd has room for another address space"))
        return checks.status();
    const auto space = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(std::move(*ioas), PageTable::kAutomatic));
    const auto second =
        open_device_in(calls, {.name = argv[3], .cdev = std::string(argv[4])}, space);
    if (!checks.works(second, "and another device joins it"))
        return checks.status();
    sharing(checks, *first->space, *space);
    other_iommufd(checks, calls, *first->space);
    ranges(checks, *first->space);
    objects(checks, calls, *first, argv[1]);
    accounting(checks, *first->space);
    return checks.status();
}
