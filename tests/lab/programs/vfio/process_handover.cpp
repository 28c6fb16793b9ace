// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_process_handover NAME GROUP: a process passes a type1v2 container to its child, which
// has the memory at another address. The device's mapping stays and becomes the child's.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "checks.hpp"
#include "vfio/backend_selection.hpp"
#include "vfio/system_calls.hpp"

using namespace vfio;

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLength = 16 * kPage;
constexpr std::uint64_t kIova = 0x10000000;

std::uint64_t map_file(int fd) {
    void* here = ::mmap(nullptr, kLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return here == MAP_FAILED ? 0 : reinterpret_cast<std::uint64_t>(here);
}

int adopt_device(AddressSpace& space, int file, std::uint64_t before) {
    Checks checks;
    const std::uint64_t here = map_file(file);
    ::munmap(reinterpret_cast<void*>(before), kLength);
    const std::vector<Relocation> relocations{{.iova = kIova, .address = here}};
    checks.that(here != 0 && here != before, "the child has the memory elsewhere");
    checks.fails(ENOENT,
                 space.adopt_process({}, std::vector<Relocation>{{.iova = 1, .address = here}}),
                 "it cannot adopt what is not there");
    checks.works(space.adopt_process({}, relocations), "it adopts the mapping");
    checks.that(space.to_iova(here, kLength) == kIova, "which is found at its new address");
    checks.that(!space.to_iova(before, 1), "and no more at the old one");
    checks.that(space.unmap(kIova, kLength) == kLength, "it is the child's to unmap");
    checks.works(space.map({.address = here, .length = kLength, .iova = kIova}),
                 "and to map again");
    checks.that(space.unmap_all() == kLength, "all goes");
    return checks.status();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    Checks checks;
    SystemCalls calls;
    const auto opened = open_device(calls, {.name = argv[1], .group = std::string(argv[2])},
                                    {.order = {Backend::kType1v2}});
    if (!checks.works(opened, "the device opens through type1v2"))
        return checks.status();
    const base::UniqueFd file(::memfd_create("handover", MFD_CLOEXEC));
    checks.that(::ftruncate(file.get(), kLength) == 0, "there is memory to share");
    const std::uint64_t here = map_file(file.get());
    checks.works(opened->space->map({.address = here, .length = kLength, .iova = kIova}),
                 "the parent maps it");
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(adopt_device(*opened->space, file.get(), here));
    int status = 1;
    checks.that(child > 0 && ::waitpid(child, &status, 0) == child && status == 0,
                "the child took over");
    return checks.status();
}
