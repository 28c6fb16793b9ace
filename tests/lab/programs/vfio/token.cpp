// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_token BACKEND PF: creates a VF of a PF on a VFIO driver and opens it, with the PF's
// token and without.
#include <fcntl.h>
#include <unistd.h>

#include "checks.hpp"
#include "sysfs/host/root.hpp"
#include "vfio/device.hpp"
#include "vfio/feature.hpp"
#include "vfio/system_calls.hpp"

namespace {

constexpr vfio::VfToken kToken{0x83, 0xb8, 0xf4, 0xf2, 0x50, 0x9f, 0x38, 0x2f,
                               0x3c, 0x1e, 0xe6, 0xbf, 0xe0, 0xfa, 0x10, 0x01};

bool set_vfs(const std::string& pf, const char* number) {
    const std::string path = "/sys/bus/pci/devices/" + pf + "/sriov_numvfs";
    const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    return ::write(fd.get(), number, 1) == 1;
}

std::string first_vf(const std::string& pf) {
    char target[256] = {};
    const std::string link = "/sys/bus/pci/devices/" + pf + "/virtfn0";
    if (::readlink(link.c_str(), target, sizeof target - 1) < 0)
        return {};
    const std::string path = target;
    return path.substr(path.rfind('/') + 1);
}

void open_vf(Checks& checks, vfio::Calls& calls, const std::string& vf,
             const vfio::OpenOptions& options) {
    // A cdev takes the token since Linux 6.17; before, it was neither required nor accepted there.
    if (options.order.front() == vfio::Backend::kIommufd &&
        vfio::VfioDevice::open(calls, vf, options)) {
        checks.fails(EINVAL, vfio::VfioDevice::open(calls, vf, options, kToken),
                     "by cdev this kernel knows no token");
        return;
    }
    vfio::VfToken wrong = kToken;
    wrong[0] ^= 1;
    const auto bare = vfio::VfioDevice::open(calls, vf, options);
    checks.fails(EACCES, bare, "without a token the VF does not open");
    checks.that(!bare && bare.error().hint == "the VF token is missing or wrong",
                "and the hint says why", bare ? "" : bare.error().hint);
    checks.fails(EACCES, vfio::VfioDevice::open(calls, vf, options, wrong),
                 "nor with another token");
    checks.works(vfio::VfioDevice::open(calls, vf, options, kToken), "with the token it does");
}

}  // namespace

int main(int argc, char** argv) {
    const auto backend = argc == 3 ? vfio::parse_backend(argv[1]) : std::nullopt;
    if (!backend)
        return 2;
    Checks checks;
    vfio::SystemCalls calls;
    const vfio::OpenOptions options{.order = {*backend}};
    const std::string pf = argv[2];
    const auto device = vfio::VfioDevice::open(calls, pf, options);
    if (!checks.works(device, "the PF opens"))
        return checks.status();
    checks.works(vfio::set_vf_token(calls, device->fd(), kToken, pf), "its token is set");
    checks.that(set_vfs(pf, "1"), "it gets a VF");
    const std::string vf = first_vf(pf);
    checks.that(!vf.empty(), "which is there");
    open_vf(checks, calls, vf, options);
    checks.that(set_vfs(pf, "0"), "the VF goes");
    return checks.status();
}
