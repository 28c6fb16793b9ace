// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_spapr_program NAME GROUP CDEV: a program with SPAPR's operations. With a GROUP it runs on
// ppc64le's container, with a CDEV on an iommufd; both must print the same.
#include <cerrno>
#include <cstring>

#include "checks.hpp"
#include "vfio/spapr_container.hpp"
#include "vfio/spapr_space.hpp"
#include "vfio/system_calls.hpp"

using namespace vfio;

namespace {

constexpr std::uint64_t kPage = 0x10000;

/// "done", or the errno's name as the kernel has it.
template <typename T>
const char* outcome(const Result<T>& result) {
    return result ? "done" : ::strerrorname_np(result.error().errnum);
}

void run(SpaprSpace& space) {
    const auto details = space.details();
    std::printf("details: %s\n", outcome(details));
    if (details)
        std::printf("default window: %#llx bytes, page sizes %#llx, windows %u\n",
                    static_cast<unsigned long long>(details->default_window.range.length()),
                    static_cast<unsigned long long>(details->page_sizes), details->max_windows);
    const std::uint64_t here = memory(16 * kPage, kPage);
    std::printf("map before registering: %s\n",
                outcome(space.map(kPage, here, kPage, DmaAccess::kReadWrite)));
    std::printf("register: %s\n", outcome(space.register_memory(here, 8 * kPage)));
    std::printf("register again: %s\n", outcome(space.register_memory(here, 8 * kPage)));
    std::printf("register a part of it: %s\n", outcome(space.register_memory(here, kPage)));
    std::printf("map: %s\n", outcome(space.map(kPage, here, 4 * kPage, DmaAccess::kReadWrite)));
    std::printf("map what is not registered: %s\n",
                outcome(space.map(16 * kPage, here + 8 * kPage, kPage, DmaAccess::kReadWrite)));
    std::printf("map outside the windows: %s\n",
                outcome(space.map(0x100000000, here, kPage, DmaAccess::kReadWrite)));
    std::printf("unregister while mapped: %s\n", outcome(space.unregister_memory(here, 8 * kPage)));
    // Pages of 4 KiB: those of the memory must not be smaller, and are on many kernels of ppc64le.
    const auto window = space.create_window(12, 0x40000000);
    std::printf("create a window: %s\n", outcome(window));
    std::printf("create a third: %s\n", outcome(space.create_window(12, 0x40000000)));
    std::printf("create one of odd pages: %s\n", outcome(space.create_window(13, 0x40000000)));
    if (window) {
        std::printf("window: %#llx bytes, pages of %#llx\n",
                    static_cast<unsigned long long>(window->range.length()),
                    static_cast<unsigned long long>(window->page_size));
        std::printf("map into it: %s\n", outcome(space.map(window->range.first, here + 4 * kPage,
                                                           2 * kPage, DmaAccess::kRead)));
        std::printf("map unaligned: %s\n",
                    outcome(space.map(window->range.first + 4 * kPage, here + 0x800, kPage,
                                      DmaAccess::kReadWrite)));
    }
    const auto middle = space.unmap(2 * kPage, kPage);
    std::printf("unmap from the middle: %s, %#llx bytes\n", outcome(middle),
                static_cast<unsigned long long>(middle.value_or(0)));
    std::printf("map there again: %s\n",
                outcome(space.map(2 * kPage, here, kPage, DmaAccess::kRead)));
    std::printf("mappings: %zu, windows: %zu\n", space.mappings().size(), space.windows().size());
    if (window)
        std::printf("remove the window: %s\n", outcome(space.remove_window(window->range.first)));
    std::printf("remove a window that is not there: %s\n",
                outcome(space.remove_window(0x700000000000000)));
    const auto rest = space.unmap(0, 0x80000000);
    std::printf("unmap the rest: %s, %#llx bytes\n", outcome(rest),
                static_cast<unsigned long long>(rest.value_or(0)));
    std::printf("unregister a part: %s\n", outcome(space.unregister_memory(here, kPage)));
    std::printf("unregister: %s\n", outcome(space.unregister_memory(here, 8 * kPage)));
    std::printf("unregister again: %s\n", outcome(space.unregister_memory(here, 8 * kPage)));
    std::printf("remove the default window: %s\n", outcome(space.remove_window(0)));
    std::printf("windows: %zu\n", space.windows().size());
}

int complain(const Error& error) {
    std::fprintf(stderr, "%s [%s]\n", error.text().c_str(), error.hint.c_str());
    return 1;
}

int on_container(Calls& calls, const std::string& group_name) {
    auto container = open_node<ContainerFd>(calls, "/dev/vfio/vfio");
    if (!container)
        return complain(container.error());
    auto group = open_node<GroupFd>(calls, "/dev/vfio/" + group_name);
    if (!group)
        return complain(group.error());
    SpaprSpace space(std::make_unique<SpaprContainer>(calls, std::move(*container)));
    if (auto attached = space.attach_group(*group, group_name); !attached)
        return complain(attached.error());
    run(space);
    return 0;
}

int on_iommufd(Calls& calls, const std::string& name, const std::string& cdev) {
    const auto iommu = open_iommu(calls);
    if (!iommu)
        return complain(iommu.error());
    auto model = make_spapr_emulation(*iommu);
    if (!model)
        return complain(model.error());
    const auto device = open_node<DeviceFd>(calls, "/dev/vfio/devices/" + cdev);
    if (!device)
        return complain(device.error());
    SpaprSpace space(std::move(*model));
    if (auto attached = space.attach_device({.fd = *device, .name = name}); !attached)
        return complain(attached.error());
    run(space);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4)
        return 2;
    SystemCalls calls;
    return std::strcmp(argv[3], "-") == 0 ? on_container(calls, argv[2])
                                          : on_iommufd(calls, argv[1], argv[3]);
}
