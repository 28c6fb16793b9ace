// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

class BackendSelection : public VfioTest {
  protected:
    static std::string list(const std::vector<RejectedBackend>& rejected) {
        std::string out;
        for (const RejectedBackend& each : rejected)
            out += std::string(name(each.backend)) + ": " + each.why +
                   (each.hint.empty() ? "" : " [" + each.hint + "]") + "\n";
        return out;
    }
    Result<AttachedDevice> open_any() { return open_device(calls, nodes(drive)); }
};

TEST_F(BackendSelection, TakesIommufdFirst) {
    const auto opened = open_any();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->space->backend(), Backend::kIommufd);
    EXPECT_EQ(list(opened->rejected), "");
    EXPECT_FALSE(opened->group.valid());
    EXPECT_TRUE(opened->device.valid());
}

TEST_F(BackendSelection, NeedsNoMoreIoctlsThanThis) {
    auto iommufd = open_any();
    ASSERT_TRUE(iommufd);
    EXPECT_EQ(calls.calls, 4U) << "IOAS_ALLOC, BIND, ATTACH, IOAS_IOVA_RANGES";
    iommufd = tl::unexpected<Error>(Error{});
    calls.calls = 0;
    const auto group = open(Backend::kType1v2);
    EXPECT_EQ(calls.calls, 5U) << "GET_STATUS, SET_CONTAINER, SET_IOMMU, GET_INFO, GET_DEVICE_FD";
}

TEST_F(BackendSelection, TakesTheCompatibilityLayerForADeviceWithoutCdev) {
    drive.cdev.clear();
    const auto opened = open_any();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->space->backend(), Backend::kIommufdCompat);
    EXPECT_EQ(list(opened->rejected), "iommufd: open through iommufd: the device has no cdev\n");
}

TEST_F(BackendSelection, TakesType1v2WithoutIommufd) {
    calls.has_iommufd = false;
    const auto opened = open_any();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->space->backend(), Backend::kType1v2);
    EXPECT_EQ(
        list(opened->rejected),
        "iommufd: /dev/iommu: open: No such file or directory [this kernel has no iommufd, or its "
        "module is not loaded]\n"
        "iommufd-compat: /dev/iommu: open: No such file or directory [this kernel has no iommufd, "
        "or its module is not loaded]\n");
}

TEST_F(BackendSelection, FallsBackToSpaprV1WithoutDynamicWindows) {
    calls.has_iommufd = false;
    calls.type1 = false;
    calls.spapr = true;
    drive.ddw = false;
    const auto opened = open_any();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->space->backend(), Backend::kSpaprV1);
    EXPECT_EQ(opened->rejected.back().why,
              "/dev/vfio/15: set VFIO_SPAPR_TCE_v2_IOMMU: Invalid argument");
    EXPECT_EQ(opened->rejected.back().hint, "offered, but this device has no dynamic DMA windows");
    EXPECT_EQ(opened->rejected[2].hint,
              "this kernel or platform does not offer VFIO_TYPE1v2_IOMMU");
}

TEST_F(BackendSelection, NeverRequestsExtensionSix) {
    calls.offers_nesting = true;
    calls.has_iommufd = false;
    calls.type1 = false;
    EXPECT_FALSE(open_any());
    for (const unsigned long type : calls.requested)
        EXPECT_NE(type, 6U);
}

TEST_F(BackendSelection, NestsOnIommufdAndRefusesElsewhere) {
    auto opened = open_device(calls, nodes(drive), {.page_table = PageTable::kNestParent});
    ASSERT_TRUE(opened);
    const auto& iommu_backend = dynamic_cast<IommufdBackend&>(opened->space->iommu_backend());
    ASSERT_EQ(iommu_backend.page_tables().size(), 1U);
    EXPECT_EQ(iommufd(*opened).objects.at(opened->bound.page_table_id).flags, abi::kHwptNestParent);

    opened = tl::unexpected<Error>(Error{});
    drive.hardware.nests = false;
    const auto refused = open_device(calls, nodes(drive), {.page_table = PageTable::kNestParent});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().hint.find("cannot nest page tables"), std::string::npos)
        << refused.error().hint;
    EXPECT_NE(
        refused.error().hint.find("type1v2: open through type1v2: nesting needs a page table of "
                                  "iommufd"),
        std::string::npos);
}

TEST_F(BackendSelection, ReportsThatTheGroupIsNotViable) {
    drive.cdev.clear();
    drive.viable = false;
    const auto opened = open_device(calls, nodes(drive), {.order = {Backend::kType1v2}});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().text(), "/dev/vfio/15: use: the group is not viable");
}

/// A BAR that is still mapped keeps the device open: a cdev is opened once, EINVAL
/// (vfio_df_open()).
TEST_F(BackendSelection, NamesWhoStillMapsADeviceAndGuessesNothing) {
    const std::string root = testing::TempDir() + "bindd-mapped-" + std::to_string(::getpid());
    const auto process = [&](const std::string& pid, const std::string& name,
                             const std::string& mapped) {
        std::filesystem::create_directories(root + "/proc/" + pid + "/fd");
        std::ofstream(root + "/proc/" + pid + "/comm") << name << "\n";
        std::ofstream(root + "/proc/" + pid + "/maps")
            << "7f4a8000-7f4a9000 rw-s 00000000 00:0e 1044                       " << mapped
            << "\n";
    };
    const auto refuse_bind = [&](const std::string& below) {
        calls.refuse(FdKind::kDevice, abi::DeviceCall::kBindIommufd, EINVAL);
        return failure(
            open_device(calls, nodes(drive), {.order = {Backend::kIommufd}, .root = below}));
    };
    process("713", "dpdk", "anon_inode:[vfio-device]");
    EXPECT_EQ(refuse_bind(root), std::to_string(EINVAL) +
                                     ": a device of some group is mapped by dpdk (pid 713), which "
                                     "has closed it");
    process("712", "spdk", "/dev/vfio/devices/vfio0");
    EXPECT_EQ(refuse_bind(root),
              std::to_string(EINVAL) + ": mapped by spdk (pid 712), which has closed it");
    drive.cdev.clear();
    drive.viable = false;
    const auto hint = [&](const std::string& below) {
        const auto opened =
            open_device(calls, nodes(drive), {.order = {Backend::kType1v2}, .root = below});
        return opened ? "opened" : opened.error().hint;
    };
    EXPECT_EQ(hint(root),
              "a device of some group is mapped by dpdk (pid 713), which has closed it");
    EXPECT_EQ(hint(root + "/proc"), "") << "nothing was found";
    std::filesystem::remove_all(root);
}

TEST_F(BackendSelection, ReportsThatAGroupAndACdevExcludeEachOther) {
    const auto first = open(Backend::kType1v2);
    const auto second = open_device(calls, nodes(drive), {.order = {Backend::kIommufd}});
    EXPECT_EQ(failure(second),
              std::to_string(EBUSY) +
                  ": the device's group is open, or the device itself; a group and a "
                  "cdev exclude each other");
    EXPECT_EQ(
        failure(open_device(calls, nodes(drive), {.order = {Backend::kType1v2}})),
        std::to_string(EBUSY) + ": a group can be open only once, and not while a cdev of it is");
}

TEST_F(BackendSelection, ExplainsWhyDmaCannotBeOwned) {
    drive.attach_errno = EPERM;
    EXPECT_EQ(
        failure(open_device(calls, nodes(drive), {.order = {Backend::kIommufd}})),
        std::to_string(EPERM) +
            ": another owner has the group's DMA, or the platform does not isolate interrupts "
            "(allow_unsafe_interrupts of vfio_iommu_type1 or iommufd)");
}

TEST_F(BackendSelection, LeavesTheGroupOutsideEveryContainerAfterARefusal) {
    calls.type1 = false;
    ASSERT_FALSE(open_device(calls, nodes(drive), {.order = {Backend::kType1v2}}));
    calls.type1 = true;
    EXPECT_TRUE(open_device(calls, nodes(drive), {.order = {Backend::kType1v2}}));
}

TEST_F(BackendSelection, RetriesADeviceWhoseResetIsContended) {
    calls.open_errno["/dev/vfio/devices/vfio0"] = EAGAIN;
    const auto opened = open_device(calls, nodes(drive), {.order = {Backend::kIommufd}});
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().errnum, EAGAIN);
    EXPECT_EQ(calls.pauses, 9U) << "1 to 256 ms, then it is an error";
}

TEST_F(BackendSelection, KeepsNoiommuForDevicesWithoutIommu) {
    drive.group = "noiommu-0";
    drive.cdev.clear();
    const auto opened = open_any();
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->space->backend(), Backend::kNoiommu);
    EXPECT_EQ(opened->rejected.size(), 6U);
    EXPECT_EQ(opened->rejected.front().why, "open through iommufd: the device has no IOMMU");
}

}  // namespace
}  // namespace vfio
