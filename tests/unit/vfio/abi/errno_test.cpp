// SPDX-License-Identifier: LGPL-2.1-or-later
// The errnos of opening and attaching a device, and the advice for each: by call, as drivers/vfio
// and drivers/iommu/iommufd give them. Those of maps are in address_space_errors_test.cpp, of
// features in feature_test.cpp, of SPAPR in spapr_space_test.cpp.
#include <array>
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"
#include "vfio/reset.hpp"
#include "vfio/viommu.hpp"

namespace vfio {
namespace {

constexpr const char* kOwner =
    "another owner has the group's DMA, or the platform does not isolate interrupts "
    "(allow_unsafe_interrupts of vfio_iommu_type1 or iommufd)";
constexpr const char* kNative =
    "a native driver of the group still does DMA, or another process has its devices";

class Errno : public VfioTest {
  protected:
    Result<AttachedDevice> attempt(Backend backend) {
        return open_device(calls, nodes(drive), {.order = {backend}});
    }
    /// Opens with that one call refused, and compares the error.
    template <typename Call>
    void refused(Backend backend, FdKind kind, Call call, int errnum, const std::string& hint) {
        calls.refuse(kind, call, errnum);
        EXPECT_EQ(failure(attempt(backend)), std::to_string(errnum) + ": " + hint);
        EXPECT_TRUE(attempt(backend)) << "nothing stays behind of errno " << errnum;
    }
    void refused_node(Backend backend, const std::string& path, int errnum,
                      const std::string& hint) {
        calls.open_errno[path] = errnum;
        EXPECT_EQ(failure(attempt(backend)), std::to_string(errnum) + ": " + hint);
        calls.open_errno.clear();
    }
};

TEST_F(Errno, OfOpeningNodes) {
    const std::string group = "/dev/vfio/15";
    refused_node(Backend::kType1v2, group, ENODEV,
                 "no device of it is bound to a VFIO driver any more");
    refused_node(Backend::kType1v2, group, ENOENT, "no device of it is bound to a VFIO driver");
    refused_node(Backend::kType1v2, group, EACCES,
                 "the node's owner or mode does not let this user open it");
    refused_node(Backend::kType1v2, group, EBUSY,
                 "a group can be open only once, and not while a cdev of it is");
    refused_node(Backend::kIommufd, "/dev/vfio/devices/vfio0", EBUSY,
                 "the device's group is open, or the device itself; a group and a cdev exclude "
                 "each other");
    refused_node(Backend::kType1v2, "/dev/vfio/vfio", ENOENT,
                 "this kernel has no VFIO container, or its module is not loaded");
    refused_node(Backend::kIommufd, "/dev/iommu", ENOENT,
                 "this kernel has no iommufd, or its module is not loaded");
    drive.group = "noiommu-0";
    refused_node(Backend::kNoiommu, "/dev/vfio/noiommu-0", EPERM,
                 "a noiommu group needs CAP_SYS_RAWIO");
}

TEST_F(Errno, OfAttachingAGroupToAContainer) {
    const auto is = [&](int errnum, const std::string& hint) {
        refused(Backend::kType1v2, FdKind::kGroup, abi::GroupCall::kSetContainer, errnum, hint);
    };
    is(EINVAL, "");
    is(EPERM,
       "noiommu groups and groups with an IOMMU do not mix, and another owner may have the "
       "group's DMA");
    is(EBUSY, "this backend takes one group per container, or a native driver has the group's DMA");
    is(ENODEV, "the group has no device any more");
    is(EBADFD, "the fd is neither a container's nor an iommufd's");
}

TEST_F(Errno, OfAGroupThatIsInAContainerAlready) {
    const auto opened = open(Backend::kType1v2);
    EXPECT_EQ(failure(opened.space->attach_group(opened.group, "/dev/vfio/15")),
              std::to_string(EINVAL) + ": the group is in a container already");
}

TEST_F(Errno, OfMixingNoiommuWithAnIommu) {
    const auto opened = open(Backend::kType1v2);
    FakeCalls::Device& bare = calls.add("0000:05:00.0", "noiommu-1", "");
    EXPECT_EQ(failure(open_device_in(calls, nodes(bare), opened.space)),
              std::to_string(EPERM) +
                  ": noiommu groups and groups with an IOMMU do not mix, and another owner may "
                  "have the group's DMA");
}

/// Intel's driver refuses it with EPERM (device_rmrr_is_locked), the core with EINVAL
/// (require_direct); both only log why.
TEST_F(Errno, OfMemoryThatTheFirmwareKeeps) {
    const std::string hint =
        "the firmware keeps memory for DMA by its group (0xfeffc000-0xfeffffff, direct in "
        "reserved_regions), and the kernel then gives it to no program";
    for (const char* group :
         {"/sys/kernel/iommu_groups/15", "/sys/bus/pci/devices/0000:01:00.0/iommu_group"})
        calls.files[std::string(group) + "/reserved_regions"] =
            "0x00000000fee00000 0x00000000feefffff msi\n"
            "0x00000000feffc000 0x00000000feffffff direct\n";
    for (const int errnum : {EPERM, EINVAL}) {
        refused(Backend::kType1v2, FdKind::kGroup, abi::GroupCall::kSetContainer, errnum, hint);
        refused(Backend::kType1v2, FdKind::kContainer, abi::ContainerCall::kSetIommu, errnum, hint);
        refused(Backend::kIommufd, FdKind::kDevice, abi::DeviceCall::kAttachIommufdPt, errnum,
                hint);
    }
}

TEST_F(Errno, OfChoosingTheIommu) {
    const auto is = [&](int errnum, const std::string& hint) {
        refused(Backend::kType1v2, FdKind::kContainer, abi::ContainerCall::kSetIommu, errnum, hint);
    };
    is(EPERM, kOwner);
    is(EBUSY, kNative);
    calls.type1 = false;
    EXPECT_EQ(
        failure(attempt(Backend::kType1v2)),
        std::to_string(ENODEV) + ": this kernel or platform does not offer VFIO_TYPE1v2_IOMMU");
}

TEST_F(Errno, OfGettingADeviceFromItsGroup) {
    const auto is = [&](int errnum, const std::string& hint) {
        refused(Backend::kType1v2, FdKind::kGroup, abi::GroupCall::kGetDeviceFd, errnum, hint);
    };
    is(EINVAL, "");
    is(EACCES, "the VF token is missing or wrong");
    is(ENODEV, "the group has no such device, or it is not VFIO's");
    is(EPERM, kOwner);
    is(EBUSY, kNative);
}

TEST_F(Errno, OfBindingToAnIommufd) {
    const auto is = [&](int errnum, const std::string& hint) {
        refused(Backend::kIommufd, FdKind::kDevice, abi::DeviceCall::kBindIommufd, errnum, hint);
    };
    is(EINVAL, "");
    is(EBUSY, "the device's group is open, or a native driver of the group does DMA");
    is(EPERM, kOwner);
    is(EBADFD, "the fd to bind to is not an iommufd");
}

TEST_F(Errno, OfAttachingToAnAddressSpace) {
    const auto is = [&](int errnum, const std::string& hint) {
        refused(Backend::kIommufd, FdKind::kDevice, abi::DeviceCall::kAttachIommufdPt, errnum,
                hint);
    };
    is(EBUSY, "the device is being reset");
    is(EINVAL, "its IOMMU does not take this page table");
    is(EADDRINUSE, "a mapping or an allowed range lies where this device cannot reach");
    is(EPERM, kOwner);
}

class Token : public Errno {
  protected:
    static constexpr VfToken kToken{0x83, 0xb8, 0xf4, 0xf2, 0x50, 0x9f, 0x38, 0x2f,
                                    0x3c, 0x1e, 0xe6, 0xbf, 0xe0, 0xfa, 0x10, 0x01};
    Result<AttachedDevice> with(const std::optional<VfToken>& token) {
        DeviceNodes wanted = nodes(drive);
        wanted.token = token;
        return open_device(calls, wanted, {.order = {Backend::kIommufd}});
    }
};

TEST_F(Token, OpensAVfByItsCdev) {
    drive.token = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const std::string denied = std::to_string(EACCES) + ": the VF token is missing or wrong";
    EXPECT_EQ(failure(with(std::nullopt)), denied);
    EXPECT_EQ(failure(with(VfToken{})), denied);
    EXPECT_TRUE(with(kToken));
}

TEST_F(Token, IsRefusedByACdevThatWantsNone) {
    const std::string refusal =
        std::to_string(EINVAL) +
        ": a VF token is given but not needed, or the kernel is older than 6.17 and takes one "
        "through the group only";
    EXPECT_EQ(failure(with(kToken)), refusal);
    drive.token = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    calls.bind_takes_token = false;
    EXPECT_EQ(failure(with(kToken)), refusal);
    EXPECT_TRUE(with(std::nullopt)) << "which did not ask for one then";
}

TEST_F(Errno, OfManyRanges) {
    std::vector<IovaRange> many;
    for (std::uint64_t i = 1; i <= 40; ++i)
        many.push_back({i << 24, (i << 24) + 0xffffff - 0x1000});
    drive.hardware.usable = many;
    for (const Backend backend : {Backend::kIommufd, Backend::kType1v2})
        EXPECT_EQ(open(backend).space->ranges(), many) << name(backend);
}

TEST_F(Errno, OfAHotReset) {
    drive.model.hot_reset_devices = {{15, 0, 1, 0}};
    const auto opened = open(Backend::kType1v2);
    const auto scope = [&](int errnum) {
        calls.refuse(FdKind::kDevice, abi::DeviceCall::kGetPciHotResetInfo, errnum);
        return hot_reset_scope(calls, opened.device, "d");
    };
    EXPECT_EQ(failure(scope(ENODEV)),
              std::to_string(ENODEV) + ": neither its slot nor its bus can be reset");
    EXPECT_EQ(failure(scope(EPERM)),
              std::to_string(EPERM) + ": a device on its bus is in no IOMMU group");
    EXPECT_TRUE(scope(EAGAIN)) << "the bus changed meanwhile: it is asked again";
    const GroupFd* const groups[] = {&opened.group};
    const auto reset = [&](int errnum) {
        calls.refuse(FdKind::kDevice, abi::DeviceCall::kPciHotReset, errnum);
        return hot_reset(calls, opened.device, groups, "d");
    };
    EXPECT_EQ(
        failure(reset(EBUSY)),
        std::to_string(EBUSY) + ": another reset, or an open, of a device on the bus is going on");
    EXPECT_EQ(failure(reset(EINVAL)),
              std::to_string(EINVAL) +
                  ": every affected group must be shown (a cdev: none), and every device on the "
                  "bus be bound to VFIO");
    EXPECT_TRUE(hot_reset(calls, opened.device, groups, "d"));
}

TEST_F(Errno, OfUnmappingWhatAHardwareQueueReads) {
    drive.hardware.type = abi::HwInfoType::kArmSmmuv3;
    const auto opened = open(Backend::kIommufd, PageTable::kNestParent);
    const SharedIommu iommu =
        dynamic_cast<IommufdBackend&>(opened.space->iommu_backend()).context();
    abi::ViommuTegra241Cmdqv page{};
    auto viommu =
        Viommu::allocate(iommu, abi::ViommuType::kTegra241Cmdqv, opened.bound.device_id,
                         opened.bound.page_table_id, std::as_writable_bytes(std::span(&page, 1)));
    ASSERT_TRUE(viommu) << failure(viommu);
    EXPECT_EQ(page.out_vintf_mmap_length, 0x20000U);
    const auto add = [&] {
        return viommu->add_hw_queue(abi::HwQueueType::kTegra241Cmdqv, 0, 0x100000, kPage);
    };
    EXPECT_EQ(failure(add()),
              std::to_string(ENOENT) + ": its memory is not mapped in the nest parent");
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    {
        const auto queue = add();
        ASSERT_TRUE(queue) << failure(queue);
        EXPECT_EQ(failure(opened.space->unmap(0x100000, kPage)),
                  std::to_string(EBUSY) + ": a hardware queue or a device's own access holds it");
        EXPECT_EQ(opened.space->to_address(0x100000, kPage), kMemory) << "it is still there";
    }
    EXPECT_EQ(opened.space->unmap(0x100000, kPage), kPage);
}

TEST_F(Errno, OfReadingDirtyPages) {
    const auto opened = open(Backend::kIommufd, PageTable::kDirty);
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    std::uint64_t bits = 0;
    EXPECT_EQ(failure(opened.space->read_dirty({0x100000, 0x100fff}, kPage, std::span(&bits, 1))),
              std::to_string(EINVAL) +
                  ": tracking must be on, and the range whole pages of a size that the page table "
                  "has");
}

TEST_F(Errno, OfSizesOfPages) {
    const auto iommu = open_iommu(calls);
    const auto ioas = Ioas::allocate(*iommu);
    ASSERT_TRUE(ioas);
    EXPECT_TRUE(ioas->set_option(abi::kOptionHugePages, 0));
    EXPECT_EQ(failure(Ioas::existing(*iommu, 99).set_option(abi::kOptionHugePages, 0)),
              std::to_string(ENOENT) + ": ");
}

}  // namespace
}  // namespace vfio
