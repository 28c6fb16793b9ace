// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_space BACKEND NAME GROUP CDEV: all operations of an address space, on a real kernel,
// through one backend. GROUP and CDEV are names below /dev/vfio and /dev/vfio/devices, "-" for
// none. The checks are those of the unit tests against the model of the kernel, so that the model
// cannot drift.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "checks.hpp"
#include "vfio/backend_selection.hpp"
#include "vfio/system_calls.hpp"

using namespace vfio;

namespace {

std::uint64_t page() {
    return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

MapRequest at(std::uint64_t iova, std::uint64_t address, std::uint64_t length) {
    return {.address = address, .length = length, .iova = iova};
}

void print(const AddressSpace& space) {
    const Geometry geometry = space.geometry();
    for (const Window& window : geometry.windows)
        std::printf("# window %#llx-%#llx page %#llx\n",
                    static_cast<unsigned long long>(window.range.first),
                    static_cast<unsigned long long>(window.range.last),
                    static_cast<unsigned long long>(window.page_size));
    std::printf("# page sizes %#llx, mappings left %lld\n",
                static_cast<unsigned long long>(geometry.page_sizes),
                geometry.dma_avail ? static_cast<long long>(*geometry.dma_avail) : -1LL);
}

/// A base that every backend and machine of the lab can map: in the middle of the first window.
std::uint64_t base_of(const AddressSpace& space) {
    return (space.ranges().front().first + (std::uint64_t{64} << 20)) & ~(page() - 1);
}

void map_and_unmap(Checks& checks, AddressSpace& space) {
    const std::uint64_t step = page();
    const std::uint64_t here = memory(16 * step, step);
    const std::uint64_t base = base_of(space);
    checks.works(space.map(at(base, here, 4 * step)), "memory is mapped where asked");
    checks.that(space.to_iova(here + step, 3 * step) == base + step, "and found by its address");
    checks.that(space.to_address(base + 1, 4 * step - 1) == here + 1, "and by its IOVA");
    checks.that(!space.to_iova(here, 5 * step), "but not beyond its end");
    checks.fails(EEXIST, space.map(at(base + step, here, step)), "an IOVA is taken once");
    checks.fails(EINVAL, space.unmap(base + step, step), "a mapping is not cut");
    checks.fails(EINVAL, space.map(at(base + 1, here, step)), "an IOVA is page-aligned");
    checks.that(space.unmap(base, 4 * step) == 4 * step, "unmapping tells the bytes");
    checks.that(space.unmap(base, 4 * step) == 0U, "nothing there is 0 bytes");
    const auto chosen = space.map({.address = here, .length = step});
    checks.works(chosen, "an IOVA is chosen");
    const auto second = space.map({.address = here + step, .length = step});
    checks.works(second, "and another");
    checks.that(space.unmap_all() == 2 * step, "all are unmapped at once");
    checks.fails(EFAULT, space.map(at(base, 0x10000 * step, step)), "no memory is EFAULT");
    checks.works(space.map(at(base, here, step)), "a failure leaves the IOVA free");
    checks.that(space.unmap_all() == step, "and nothing else behind");
}

void batches(Checks& checks, AddressSpace& space) {
    const std::uint64_t step = page();
    const std::uint64_t count = 64;
    const std::uint64_t here = memory(count * step, step);
    const std::uint64_t base = base_of(space);
    std::vector<MapRequest> requests;
    for (std::uint64_t i = count; i-- > 0;)
        requests.push_back(at(base + i * step, here + i * step, step));
    const auto mapped = space.map_batch(requests);
    checks.works(mapped, "64 pages are mapped in one batch");
    checks.that(mapped && mapped->size() == 1, "as one mapping");
    checks.that(space.unmap(base, count * step) == count * step, "which goes as one");
    for (std::uint64_t i = 0; i < count; ++i)
        if (!space.map(at(base + 2 * i * step, here, step)))
            checks.that(false, "one page is mapped many times");
    checks.that(space.unmap(base, 2 * count * step) == count * step, "a range takes all inside it");
}

void replay(Checks& checks, AddressSpace& space, AttachedDevice& opened, const std::string& group) {
    const std::uint64_t step = page();
    const std::uint64_t here = memory(step, step);
    const std::uint64_t base = base_of(space);
    checks.works(space.map(at(base, here, step)), "something is mapped");
    opened.device.reset();
    if (!checks.works(space.detach_group(opened.group, group), "the last group leaves"))
        return;
    checks.works(space.attach_group(opened.group, group), "and comes again");
    // SPAPR would replace a mapping silently, so there is nothing to check.
    if (space.iommu_backend().unmap_scope() == IommuBackend::UnmapScope::kManyMappings)
        checks.fails(EEXIST,
                     space.iommu_backend().map({.iova = {base, base + step - 1}, .address = here}),
                     "the kernel has the mapping again");
    checks.that(space.unmap_all() == step, "and gives it back");
}

void files(Checks& checks, AddressSpace& space) {
    const std::uint64_t step = page();
    const base::UniqueFd file(::memfd_create("lab", MFD_CLOEXEC));
    if (::ftruncate(file.get(), static_cast<off_t>(4 * step)) != 0)
        return checks.that(false, "a memfd has a size", std::strerror(errno));
    const auto mapped =
        space.map_file({.file = {.fd = file.get(), .offset = step}, .where = {.length = 2 * step}});
    checks.works(mapped, "a file's pages are mapped");
    std::printf("# by %s\n",
                mapped && mapped->source == MappingSource::kFile ? "the file" : "its memory");
    checks.that(space.unmap_all() == 2 * step, "and unmapped");
}

void windows(Checks& checks, AddressSpace& space) {
    const auto taken = space.map({.address = memory(page(), page()), .length = page()});
    checks.works(taken, "the default window takes a page");
    const auto grown = space.iommu_backend().add_window(std::uint64_t{1} << 30);
    if (checks.works(grown, "a dynamic window is made"))
        std::printf("# at %#llx-%#llx page %#llx\n",
                    static_cast<unsigned long long>(grown->range.first),
                    static_cast<unsigned long long>(grown->range.last),
                    static_cast<unsigned long long>(grown->page_size));
    checks.works(space.query(), "which is seen");
    if (grown) {
        const std::uint64_t here = memory(4 * page(), page());
        checks.works(space.map(at(grown->range.first, here, 4 * page())), "and mapped into");
    }
    checks.works(space.unmap_all(), "and emptied");
    checks.fails(ENOSPC, space.iommu_backend().add_window(std::uint64_t{1} << 30),
                 "there is no third one");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5)
        return 2;
    const auto backend = parse_backend(argv[1]);
    if (!backend)
        return 2;
    const auto named = [](const char* word) {
        return std::strcmp(word, "-") == 0 ? std::nullopt : std::optional<std::string>(word);
    };
    Checks checks;
    SystemCalls calls;
    const DeviceNodes target{.name = argv[2], .group = named(argv[3]), .cdev = named(argv[4])};
    auto opened = open_device(calls, target, {.order = {*backend}});
    if (!checks.works(opened, std::string("the device opens through ") + argv[1]))
        return checks.status();
    AddressSpace& space = *opened->space;
    print(space);
    const auto sizes = space.page_sizes();
    checks.works(sizes, "the page sizes are reported");
    std::printf("# in all %#llx\n", static_cast<unsigned long long>(sizes.value_or(0)));
    if (*backend == Backend::kNoiommu) {
        const auto mapped = space.map({.address = memory(page()), .length = page()});
        checks.that(!mapped && mapped.error().code == Code::kUnsupported, "noiommu maps nothing");
        return checks.status();
    }
    map_and_unmap(checks, space);
    batches(checks, space);
    files(checks, space);
    if (*backend == Backend::kSpaprV2)
        windows(checks, space);
    if (opened->group.valid())
        replay(checks, space, *opened, "/dev/vfio/" + *target.group);
    return checks.status();
}
