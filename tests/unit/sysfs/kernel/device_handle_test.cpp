// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/kernel/device_handle.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

constexpr const char* kDevice = "/sys/devices/pci0000:00/0000:00:11.0";
constexpr const char* kLink = "/sys/bus/pci/devices/0000:00:11.0";
const sysfs::DeviceId kId{"pci", "0000:00:11.0"};

class DeviceHandle : public ::testing::Test {
  protected:
    void plug(const std::string& ids) {
        const std::string device = kDevice;
        tree_.file(device + "/uevent",
                   "PCI_CLASS=20000\nPCI_ID=" + ids + "\nMODALIAS=pci:" + ids + "\n");
        tree_.file(device + "/revision", "0x03\n").file(device + "/driver_override", "(null)\n");
        tree_.file("/sys/kernel/iommu_groups/5/type", "DMA\n");
        tree_.link(device + "/iommu_group", "../../../kernel/iommu_groups/5");
        tree_.link(kLink, "../../../devices/pci0000:00/0000:00:11.0");
    }
    void bind(const std::string& driver) {
        tree_.file("/sys/bus/pci/drivers/" + driver + "/bind", "");
        tree_.link(std::string(kDevice) + "/driver", "../../../bus/pci/drivers/" + driver);
        tree_.file(std::string(kDevice) + "/vfio-dev/vfio3/dev", "511:3\n");
        tree_.file("/sys/class/vfio/5/dev", "509:0\n");
    }
    void pull() {
        std::filesystem::remove(tree_.path(kLink));
        std::filesystem::remove_all(tree_.path(kDevice));
    }

    UsageTree tree_;
    sysfs::DeviceHandle handle_{tree_.root()};
};

TEST_F(DeviceHandle, ReadsWhatHasChanged) {
    plug("8086:10D3");
    const auto before = handle_.binding_state(kId);
    ASSERT_TRUE(before);
    EXPECT_EQ(kDevice, before->syspath);  // by which whoever holds it is found
    EXPECT_EQ(std::nullopt, before->driver);
    EXPECT_EQ(std::nullopt, before->vfio);
    EXPECT_EQ(std::nullopt, before->driver_override);
    bind("vfio-pci");
    tree_.file(std::string(kDevice) + "/driver_override", "vfio-pci\n");
    const auto after = handle_.binding_state(kId);
    ASSERT_TRUE(after);
    EXPECT_EQ("vfio-pci", after->driver);
    EXPECT_EQ("vfio-pci", after->driver_override);
    ASSERT_TRUE(after->vfio);
    EXPECT_EQ("5", after->vfio->group);
    EXPECT_EQ("vfio3", after->vfio->cdev);
    EXPECT_EQ(before->identity(), after->identity());
    EXPECT_EQ(kDevice, after->syspath);
    std::filesystem::remove_all(tree_.path(std::string(kDevice) + "/vfio-dev"));
    std::filesystem::remove(tree_.path(std::string(kDevice) + "/driver"));
    tree_.file(std::string(kDevice) + "/driver_override", "(null)\n");
    EXPECT_EQ(*before, handle_.binding_state(kId));
}

TEST_F(DeviceHandle, DetectsAnotherDeviceAtItsAddress) {
    plug("8086:10D3");
    const auto first = handle_.binding_state(kId);
    ASSERT_TRUE(first);
    pull();
    plug("1AF4:1041");
    const auto second = handle_.binding_state(kId);
    ASSERT_TRUE(second);
    EXPECT_EQ(0x1af4U, second->ids.vendor);
    EXPECT_EQ("pci:1AF4:1041", second->modalias);
    // open_target() looks at this machine, which has no such address.
    EXPECT_FALSE(handle_.directory({kId, first->identity()}, "bind to vfio-pci"));
}

TEST_F(DeviceHandle, FailsWhenTheDeviceIsUnplugged) {
    plug("8086:10D3");
    const auto first = handle_.binding_state(kId);
    ASSERT_TRUE(first);
    pull();
    EXPECT_FALSE(handle_.directory({kId, first->identity()}, "bind to vfio-pci"));
    const auto gone = handle_.binding_state(kId);
    ASSERT_FALSE(gone);
    EXPECT_EQ(base::Code::kNotFound, gone.error().code);
}

TEST_F(DeviceHandle, WritesThroughTheCheckedDirectory) {
    plug("8086:10D3");
    const auto device = handle_.binding_state(kId);
    ASSERT_TRUE(device);
    const auto directory = handle_.directory({kId, device->identity()}, "set driver_override");
    ASSERT_TRUE(directory);
    ASSERT_TRUE((*directory)->write("driver_override", "vfio-pci"));
    EXPECT_EQ("vfio-pci", handle_.binding_state(kId)->driver_override);
    sysfs::Identity other = device->identity();
    other.ids.revision = 4;
    EXPECT_FALSE(handle_.directory({kId, other}, "set driver_override"));
}

}  // namespace
