// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/device_target.hpp"

#include <gtest/gtest.h>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

using sysfs::Noiommu;

/// The e1000e of 0000:00:11.0 in group 5, and who it is.
class TargetIdentity : public ::testing::Test {
  protected:
    TargetIdentity() {
        tree_.file("/d/uevent", "").file("/d/vendor", "0x8086\n").file("/d/device", "0x10d3\n");
        tree_.file("/d/subsystem_vendor", "0x8086\n").file("/d/subsystem_device", "0x0000\n");
        tree_.file("/d/class", "0x020000\n").file("/d/revision", "0x00\n");
        tree_.file("/d/modalias", "pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00\n");
        tree_.file("/groups/5/name", "");
        tree_.link("/d/iommu_group", "../groups/5");
    }

    [[nodiscard]] std::string mismatch(const sysfs::Identity& expected,
                                       Noiommu noiommu = Noiommu::kOff) const {
        const auto device = base::Dir::open(tree_.path("/d"));
        EXPECT_TRUE(device);
        return sysfs::identity_mismatch(*device, expected, noiommu);
    }

    UsageTree tree_;
    sysfs::Identity identity_{.ids = {.vendor = 0x8086,
                                      .device = 0x10d3,
                                      .subsystem_vendor = 0x8086,
                                      .subsystem_device = 0,
                                      .class_code = 0x020000,
                                      .revision = 0},
                              .modalias = "pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00",
                              .iommu_group = 5};
};

TEST_F(TargetIdentity, AcceptsTheSameDevice) {
    EXPECT_EQ("", mismatch(identity_));
}

TEST_F(TargetIdentity, RefusesAnotherDeviceAtTheAddress) {
    identity_.ids.vendor = 0x1af4;
    identity_.ids.device = 0x1041;
    identity_.modalias = "pci:v00001AF4d00001041sv00008086sd00000000bc02sc00i00";
    EXPECT_EQ("is another device now: 8086:10d3, was 1af4:1041", mismatch(identity_));
}

TEST_F(TargetIdentity, RefusesAnotherBoardOfTheSameChip) {
    identity_.ids.subsystem_device = 0xa01f;
    identity_.modalias = "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00";
    EXPECT_EQ("is another device now: subsystem_device is 0000, was a01f", mismatch(identity_));
}

TEST_F(TargetIdentity, RefusesAnotherModalias) {
    identity_.modalias = "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00";
    EXPECT_EQ(
        "is another device now: pci:v00008086d000010D3sv00008086sd00000000bc02sc00i00, was "
        "pci:v00008086d000010D3sv00008086sd0000A01Fbc02sc00i00",
        mismatch(identity_));
}

TEST_F(TargetIdentity, RefusesAnotherGroup) {
    identity_.iommu_group = 7;
    EXPECT_EQ("is in IOMMU group 5 now, was in 7", mismatch(identity_));
    identity_.iommu_group.reset();
    EXPECT_EQ("is in IOMMU group 5 now, was in none", mismatch(identity_));
}

TEST_F(TargetIdentity, AcceptsAGroupOfNoiommu) {
    tree_.file("/groups/5/name", "vfio-noiommu\n");
    identity_.iommu_group.reset();
    EXPECT_EQ("", mismatch(identity_, Noiommu::kOn));
}

TEST_F(TargetIdentity, AcceptsTheLossOfAGroupUnderNoiommuOnly) {
    UsageTree bare;
    bare.file("/d/uevent", "").file("/d/modalias", "of:Nuart\n");
    const auto device = base::Dir::open(bare.path("/d"));
    ASSERT_TRUE(device);
    const sysfs::Identity was{.ids = {}, .modalias = "of:Nuart", .iommu_group = 3};
    EXPECT_EQ("", sysfs::identity_mismatch(*device, was, Noiommu::kOn));
    EXPECT_EQ("is in no IOMMU group now, was in 3",
              sysfs::identity_mismatch(*device, was, Noiommu::kOff));
}

TEST(DeviceTarget, ReportsThatADeviceIsGone) {
    const auto opened =
        sysfs::open_target({.id = {"pci", "ffff:1f:1f.7"}, .identity = {}}, "bind to vfio-pci");
    ASSERT_FALSE(opened);
    EXPECT_EQ(base::Code::kGone, opened.error().code);
    EXPECT_EQ("ffff:1f:1f.7: bind to vfio-pci: there is no such device any more",
              opened.error().text());
}

TEST(DeviceTarget, RefusesPathsAsNames) {
    const auto opened =
        sysfs::open_target({.id = {"pci", "../../etc"}, .identity = {}}, "bind to vfio-pci");
    ASSERT_FALSE(opened);
    EXPECT_EQ(base::Code::kInvalid, opened.error().code);
}

}  // namespace
