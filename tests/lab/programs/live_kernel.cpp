// SPDX-License-Identifier: LGPL-2.1-or-later
//
// LiveKernel against a real kernel. Runs as root in the lab's guest only: it checks the guest's
// mark before it writes anything, so that it cannot change the devices of a developer's machine.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <string>

#include "sysfs/kernel/live_kernel.hpp"

namespace {

using base::Code;
using base::Result;
using sysfs::DeviceTarget;

constexpr auto kEdu = "0000:00:10.0";     // no native driver, a group of its own
constexpr auto kNic = "0000:00:11.0";     // e1000e
constexpr auto kBridge = "0000:00:04.0";  // a root port
constexpr auto kPf = "0000:01:00.0";      // nvme with 16 VFs
constexpr auto kUuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

class LiveKernelTest : public ::testing::Test {
  protected:
    DeviceTarget target(const std::string& address) {
        const auto device = kernel_.device({"pci", address});
        EXPECT_TRUE(device) << address;
        return device ? DeviceTarget{device->id, device->identity()} : DeviceTarget{};
    }
    std::optional<std::string> driver(const std::string& address) {
        return kernel_.device({"pci", address})->driver;
    }
    std::optional<std::string> override_of(const std::string& address) {
        return kernel_.device({"pci", address})->driver_override;
    }
    void bind_edu() {
        ASSERT_TRUE(kernel_.load_module("vfio-pci"));
        ASSERT_TRUE(kernel_.set_override(target(kEdu), "vfio-pci"));
        if (driver(kEdu) != "vfio-pci") {
            ASSERT_TRUE(kernel_.bind(target(kEdu), "vfio-pci"));
        }
    }
    void release_edu() {
        if (const auto bound = driver(kEdu)) {
            EXPECT_TRUE(kernel_.unbind(target(kEdu), *bound));
        }
        EXPECT_TRUE(kernel_.set_override(target(kEdu), ""));
    }

    sysfs::LiveKernel kernel_;
};

template <typename T>
std::string text(const Result<T>& result) {
    return result ? "done" : result.error().text() + " | " + result.error().hint;
}

void write_file(const std::string& path, const std::string& content) {
    std::ofstream(path) << content;
}

TEST_F(LiveKernelTest, DeniesABlacklistedModuleWithTheLine) {
    const std::string path = "/etc/modprobe.d/zz-lab.conf";
    write_file(path, "blacklist igb\n");
    EXPECT_EQ("igb: load the module: denied by modprobe's configuration: " + path +
                  ":1: blacklist igb | take that line out, or name another driver in the policy",
              text(kernel_.load_module("igb")));
    EXPECT_EQ(Code::kDenied, kernel_.load_module("igb").error().code);
    write_file(path, "install igb /bin/touch /tmp/ran\n");
    EXPECT_EQ(
        "igb: load the module: modprobe's configuration runs a command in place of igb: " + path +
            ":1: install igb /bin/touch /tmp/ran | such commands are not run: load the module "
            "manually, or remove that line",
        text(kernel_.load_module("igb")));
    EXPECT_NE(0, ::access("/tmp/ran", F_OK));
    EXPECT_NE(0, ::access("/sys/module/igb", F_OK));
    ::unlink(path.c_str());
    EXPECT_EQ("done", text(kernel_.load_module("igb")));
    EXPECT_EQ(0, ::access("/sys/module/igb", F_OK));
}

TEST_F(LiveKernelTest, LoadsAModuleWithItsDependenciesOnceAndAgain) {
    EXPECT_EQ("done", text(kernel_.load_module("vfio-pci")));
    EXPECT_EQ(0, ::access("/sys/module/vfio_pci_core", F_OK));
    EXPECT_EQ("done", text(kernel_.load_module("vfio_pci")));
    EXPECT_EQ(
        "vfio_no_such: load the module: this kernel has no such module | it may come with another "
        "kernel or a package of the vendor",
        text(kernel_.load_module("vfio_no_such")));
    EXPECT_EQ("vfio-pci", kernel_.driver_for("pci", "vfio-pci")->value_or("none"));
}

TEST_F(LiveKernelTest, ResolvesAModaliasAsModprobeDoes) {
    const auto native = kernel_.modules_for(target(kNic).identity.modalias);
    ASSERT_TRUE(native);
    EXPECT_EQ(std::vector<std::string>{"e1000e"}, *native);
    EXPECT_EQ(std::vector<std::string>{}, *kernel_.modules_for("pci:v0000FFFFd0000FFFF"));
}

TEST_F(LiveKernelTest, SetsAndClearsAnOverride) {
    EXPECT_EQ("done", text(kernel_.set_override(target(kEdu), "no-such-driver")));
    EXPECT_EQ("no-such-driver", override_of(kEdu));
    EXPECT_EQ("done", text(kernel_.set_override(target(kEdu), "")));
    EXPECT_EQ(std::nullopt, override_of(kEdu));
}

TEST_F(LiveKernelTest, BindsAndUnbinds) {
    bind_edu();
    EXPECT_EQ("vfio-pci", driver(kEdu));
    EXPECT_EQ(
        "0000:00:10.0: bind to vfio-pci: Device or resource busy | it is bound to vfio-pci: unbind "
        "it from there first",
        text(kernel_.bind(target(kEdu), "vfio-pci")));
    EXPECT_EQ("0000:00:10.0: unbind from e1000e: it is bound to vfio-pci | ",
              text(kernel_.unbind(target(kEdu), "e1000e")));
    release_edu();
    EXPECT_EQ(std::nullopt, driver(kEdu));
    EXPECT_EQ("0000:00:10.0: unbind from vfio-pci: it is bound to no driver | ",
              text(kernel_.unbind(target(kEdu), "vfio-pci")));
}

TEST_F(LiveKernelTest, DistinguishesARefusalFromAnAbsence) {
    ASSERT_TRUE(kernel_.load_module("vfio-pci"));
    const auto refused = kernel_.bind(target(kEdu), "vfio-pci");
    EXPECT_EQ(
        "0000:00:10.0: bind to vfio-pci: No such device | no id of vfio-pci matches it, and its "
        "driver_override does not name vfio-pci",
        text(refused));
    EXPECT_EQ(Code::kRefused, refused.error().code);
    EXPECT_EQ(ENODEV, refused.error().errnum);
    const auto unknown = kernel_.bind(target(kEdu), "mlx5_vfio_pci");
    EXPECT_EQ(Code::kNotFound, unknown.error().code);
    EXPECT_EQ(
        "0000:00:10.0: bind to mlx5_vfio_pci: no driver mlx5_vfio_pci is registered on the bus pci "
        "| load its module first",
        text(unknown));
}

TEST_F(LiveKernelTest, ExplainsWhyABridgeIsRefused) {
    ASSERT_TRUE(kernel_.load_module("vfio-pci"));
    ASSERT_TRUE(kernel_.set_override(target(kBridge), "vfio-pci"));
    ASSERT_TRUE(kernel_.unbind(target(kBridge), "pcieport"));
    const auto refused = kernel_.bind(target(kBridge), "vfio-pci");
    EXPECT_EQ(
        "0000:00:04.0: bind to vfio-pci: Invalid argument | it is a bridge, which VFIO does not "
        "take: leave it with its driver",
        text(refused));
    EXPECT_EQ(Code::kRefused, refused.error().code);
    EXPECT_TRUE(kernel_.set_override(target(kBridge), ""));
    EXPECT_EQ("done", text(kernel_.bind(target(kBridge), "pcieport")));
}

TEST_F(LiveKernelTest, RefusesToWriteToAnotherDeviceAtTheSameAddress) {
    DeviceTarget wrong = target(kNic);
    wrong.id.name = kEdu;
    for (const auto& outcome :
         {kernel_.set_override(wrong, "vfio-pci"), kernel_.bind(wrong, "vfio-pci"),
          kernel_.unbind(wrong, "e1000e"), kernel_.write_attr(wrong, "broken_parity_status", "1"),
          kernel_.set_vfs(wrong, 0)}) {
        ASSERT_FALSE(outcome);
        EXPECT_EQ(Code::kGone, outcome.error().code);
        EXPECT_EQ("is another device now: 1234:11e8, was 8086:10d3", outcome.error().reason);
    }
    EXPECT_EQ(std::nullopt, override_of(kEdu));
}

TEST_F(LiveKernelTest, ReportsADeviceThatWasRemoved) {
    const DeviceTarget edu = target(kEdu);
    write_file(std::string("/sys/bus/pci/devices/") + kEdu + "/remove", "1");
    const auto gone = kernel_.set_override(edu, "vfio-pci");
    EXPECT_EQ("0000:00:10.0: set driver_override to vfio-pci: there is no such device any more | ",
              text(gone));
    EXPECT_EQ(Code::kGone, gone.error().code);
    write_file("/sys/bus/pci/rescan", "1");
    const auto later = kernel_.set_override(edu, "");  // equal but for the directory's inode
    EXPECT_EQ(
        "0000:00:10.0: clear driver_override: was removed, and another of its kind has its address "
        "now "
        "| ",
        text(later));
    EXPECT_EQ(Code::kGone, later.error().code);
    EXPECT_EQ("done", text(kernel_.set_override(target(kEdu), "")));
}

TEST_F(LiveKernelTest, WritesOneAttribute) {
    EXPECT_EQ("done", text(kernel_.write_attr(target(kNic), "broken_parity_status", "1")));
    std::string value;
    std::ifstream(std::string("/sys/bus/pci/devices/") + kNic + "/broken_parity_status") >> value;
    EXPECT_EQ("1", value);
    EXPECT_EQ("0000:00:11.0: write x to broken_parity_status: Invalid argument | ",
              text(kernel_.write_attr(target(kNic), "broken_parity_status", "x")));
    EXPECT_EQ("0000:00:11.0: write 1 to no_such: No such file or directory | ",
              text(kernel_.write_attr(target(kNic), "no_such", "1")));
}

TEST_F(LiveKernelTest, SetsVfsAndExplainsRefusals) {
    EXPECT_EQ("done", text(kernel_.set_vfs(target(kPf), 2)));
    EXPECT_EQ(2U, kernel_.device({"pci", kPf})->sriov->enabled);
    EXPECT_EQ(
        "0000:01:00.0: set VFs to 4: Device or resource busy | 2 VFs are enabled: 0 has to come "
        "first",
        text(kernel_.set_vfs(target(kPf), 4)));
    EXPECT_EQ("0000:01:00.0: set VFs to 99: Numerical result out of range | it has at most 16 VFs",
              text(kernel_.set_vfs(target(kPf), 99)));
    EXPECT_EQ("0000:00:11.0: set VFs to 1: it is no SR-IOV physical function | ",
              text(kernel_.set_vfs(target(kNic), 1)));
    EXPECT_EQ("done", text(kernel_.set_vfs(target(kPf), 0)));
}

TEST_F(LiveKernelTest, CreatesAndRemovesMediatedDevices) {
    ASSERT_EQ("done", text(kernel_.load_module("mtty")));
    EXPECT_EQ("done", text(kernel_.create_mdev("mtty", "mtty-2", kUuid)));
    const auto mdev = kernel_.device({"mdev", kUuid});
    ASSERT_TRUE(mdev);
    EXPECT_EQ((sysfs::MdevState{.parent = "mtty", .type = "mtty-2"}), mdev->mdev);
    const auto again = kernel_.create_mdev("mtty", "mtty-2", kUuid);
    EXPECT_EQ(Code::kBusy, again.error().code);
    EXPECT_EQ("a mediated device with this UUID exists already", again.error().hint);
    EXPECT_EQ(std::string(kUuid) +
                  ": create a mediated device of type mtty-9: the parent mtty offers no "
                  "type mtty-9 | ",
              text(kernel_.create_mdev("mtty", "mtty-9", kUuid)));
    EXPECT_EQ("done", text(kernel_.remove_mdev(kUuid)));
    EXPECT_EQ(
        std::string(kUuid) + ": remove the mediated device: there is no such mediated device | ",
        text(kernel_.remove_mdev(kUuid)));
}

TEST_F(LiveKernelTest, ChangesTheAccessOfRealNodesAndBack) {
    bind_edu();
    const auto device = kernel_.device({"pci", kEdu});
    ASSERT_TRUE(device && device->vfio && device->vfio->group && device->vfio->cdev);
    for (const std::string& node : {*device->vfio->group, "devices/" + *device->vfio->cdev}) {
        const auto before = kernel_.set_access(node, {.uid = 0, .gid = 44, .mode = 0660});
        ASSERT_EQ("done", text(before));
        struct stat status {};
        ASSERT_EQ(0, ::stat(("/dev/vfio/" + node).c_str(), &status));
        EXPECT_EQ(44U, status.st_gid);
        EXPECT_EQ(0660U, status.st_mode & 07777U);
        EXPECT_EQ("done", text(kernel_.set_access(node, *before)));
    }
    release_edu();
}

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (::access("/run/lab/job", F_OK) != 0) {
        std::fputs("live_kernel: this is no guest of the lab\n", stderr);
        return 2;
    }
    return RUN_ALL_TESTS();
}
