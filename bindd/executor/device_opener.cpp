// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/device_opener.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include <cerrno>

#include "vfio/device.hpp"
#include "vfio/system_calls.hpp"

namespace bindd {
namespace {

using base::Result;

/// Records the fd of the container, which the library does not expose and the client needs.
class ContainerRecorder final : public vfio::SystemCalls {
  public:
    int container(const vfio::ContainerFd& fd, vfio::abi::ContainerCall call,
                  vfio::Argument argument) override {
        container_fd_ = fd.get();
        return SystemCalls::container(fd, call, argument);
    }
    [[nodiscard]] int container_fd() const { return container_fd_; }

  private:
    int container_fd_ = -1;
};

Result<void> add(OpenedDevice& opened, const char* what, int fd) {
    base::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy.valid())
        return base::fail_errno(errno, "copy the fd", what);
    opened.fds.emplace_back(what, std::move(copy));
    return {};
}

/// vfio_group_fops_open() and vfio_df_device_first_open() ask for CAP_SYS_RAWIO before they hand
/// out a device without an IOMMU, which our unit's bounding set does not have.
bool is_noiommu_denied(const std::string& backend, const base::Error& error) {
    const bool may_be_noiommu = backend.empty() || backend == "noiommu";
    return may_be_noiommu && error.errnum == EPERM &&
           ::prctl(PR_CAPBSET_READ, CAP_SYS_RAWIO, 0, 0, 0) == 0;
}

}  // namespace

Result<void> open_and_close(const sysfs::Device& device) {
    vfio::SystemCalls calls;
    const auto opened = vfio::VfioDevice::open(calls, device.id.text());
    return opened ? Result<void>() : tl::unexpected(opened.error());
}

Result<OpenedDevice> open_for_client(const std::string& device, const std::string& backend) {
    ContainerRecorder calls;
    vfio::OpenOptions options;
    if (!backend.empty()) {
        const auto known = vfio::parse_backend(backend);
        if (!known)
            return base::fail(base::Code::kInvalid, "open", device, "no such backend: " + backend);
        options.order = {*known};
    }
    auto device_open = vfio::VfioDevice::open(calls, device, options);
    if (!device_open && is_noiommu_denied(backend, device_open.error()))
        return base::fail(
            base::Code::kDenied, "open", device,
            "the executor has no CAP_SYS_RAWIO, which a device without an IOMMU needs",
            "a drop-in for bindd-executor@.service allows it, see bindd(8)");
    if (!device_open)
        return tl::unexpected(device_open.error());
    const vfio::AddressSpace& space = *device_open->space();
    OpenedDevice out;
    out.backend = std::string(vfio::name(space.backend()));
    out.facts["device_name"] = device_open->name();
    Result<void> added = add(out, "device", device_open->fd().get());
    if (const vfio::IommuFd* iommufd = space.iommufd()) {
        out.facts["devid"] = std::to_string(device_open->bound().device_id);
        out.facts["ioas"] = std::to_string(space.ioas_id());
        if (added)
            added = add(out, "iommufd", iommufd->get());
    } else {
        if (added)
            added = add(out, "group", device_open->group().get());
        if (added && calls.container_fd() >= 0)
            added = add(out, "container", calls.container_fd());
    }
    if (!added)
        return base::propagate(added);
    device_open->keep_attached();
    return out;
}

}  // namespace bindd
