// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfio/fixture/fake_calls.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/fd_passing.hpp"
#include "vfio/system_calls.hpp"

namespace vfio {
namespace {

/// A drive in group 15 with a second device, in sysfs and in the model of VFIO.
struct OpenDevice : testing::Test {
    OpenDevice() : drive(calls.add("0000:01:00.0", "15", "vfio0")) {
        host.pci("0000:01:00.0").nvme().group(15).vfio("vfio-pci", "vfio0");
        host.pci("0000:01:00.1").audio().group(15).unbound();
        drive.hardware.usable = {{0, 0xfedfffff}};
        calls.add("0000:01:00.1", "15", "vfio1").hardware = drive.hardware;
        drive.model.regions[0] = bar(4096);
        drive.model.regions[7] = bar(256);
        drive.model.irqs[2] = {.argsz = 0, .flags = abi::kIrqEventfd, .index = 2, .count = 8};
    }
    static FakeRegion bar(std::size_t size) {
        return {.flags = abi::kRegionRead | abi::kRegionWrite | abi::kRegionMmap,
                .bytes = std::vector<std::byte>(size),
                .caps = {}};
    }
    OpenOptions options(Backend backend) {
        fake::write_tree(dir.path(), host.inventory(), host.drivers());
        return {.order = {backend}, .root = {dir.path()}};
    }
    Result<VfioDevice> open(const std::string& name, Backend backend = Backend::kIommufd) {
        return VfioDevice::open(calls, name, options(backend));
    }
    template <typename T>
    static std::string failure(const Result<T>& result) {
        return result ? "no failure" : result.error().text() + " [" + result.error().hint + "]";
    }

    fake::TempDir dir;
    fake::Host host;
    FakeCalls calls;
    FakeCalls::Device& drive;
};

TEST_F(OpenDevice, ByEachFormOfItsName) {
    for (const char* name : {"0000:01:00.0", "01:00.0", "pci/0000:01:00.0"}) {
        const auto device = open(name);
        ASSERT_TRUE(device) << failure(device);
        EXPECT_EQ(device->name(), "0000:01:00.0");
        EXPECT_EQ(device->space()->backend(), Backend::kIommufd);
        EXPECT_FALSE(device->group().valid());
    }
}

TEST_F(OpenDevice, DeviceOnANativeDriverIsRefusedWithAdvice) {
    host.pci("0000:01:00.0").driver("nvme").device().vfio.reset();
    const auto device = open("01:00.0");
    EXPECT_EQ(failure(device),
              "0000:01:00.0: open: its driver is nvme, not a VFIO one "
              "[bind it first: vfioctl bind 0000:01:00.0]");
    EXPECT_EQ(device.error().code, Code::kRefused);
}

TEST_F(OpenDevice, RefusesNamesThatAreMalformedOrUnknown) {
    EXPECT_EQ(failure(open("eth0")), "eth0: open: neither an address, BUS/NAME nor a UUID []");
    const auto missing = open("0000:09:00.0");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::kNotFound);
}

TEST_F(OpenDevice, GroupThatIsNotViableNamesTheBlockers) {
    host.pci("0000:01:00.1").driver("snd_hda_intel");
    drive.viable = false;
    const auto device = open("01:00.0", Backend::kType1v2);
    ASSERT_FALSE(device);
    EXPECT_NE(device.error().hint.find("0000:01:00.1 (snd_hda_intel)"), std::string::npos)
        << failure(device);
}

TEST_F(OpenDevice, SiblingComesFromTheSameGroupAndKeepsIt) {
    auto first = open("01:00.0", Backend::kType1v2);
    ASSERT_TRUE(first) << failure(first);
    ASSERT_FALSE(open("01:00.0", Backend::kType1v2)) << "a group opens once";
    std::optional<VfioDevice> held(std::move(*first));
    const auto second = held->sibling("0000:01:00.1");
    ASSERT_TRUE(second) << failure(second);
    EXPECT_EQ(second->space(), held->space());
    held.reset();
    EXPECT_TRUE(second->group().valid());
    EXPECT_TRUE(second->space()->map({.address = 0x7f0000000000, .length = 4096}));
}

TEST_F(OpenDevice, SiblingOfAnotherGroupAndOnIommufd) {
    const auto by_group = open("01:00.0", Backend::kType1v2);
    ASSERT_TRUE(by_group) << failure(by_group);
    EXPECT_EQ(failure(by_group->sibling("0000:02:00.0")),
              "0000:02:00.0: open the device: No such device "
              "[it is not of 0000:01:00.0's group, or not VFIO's]");
}

TEST_F(OpenDevice, SiblingOnIommufdIsRefused) {
    const auto device = open("01:00.0");
    ASSERT_TRUE(device) << failure(device);
    EXPECT_EQ(failure(device->sibling("0000:01:00.1")),
              "0000:01:00.1: open: there is no group's fd on iommufd: open the device by its cdev "
              "[]");
}

TEST_F(OpenDevice, IsDetachedWhenDestroyedOnEachBackend) {
    for (const Backend backend : {Backend::kIommufd, Backend::kIommufdCompat, Backend::kType1v2})
        for (int again = 0; again < 2; ++again) {
            const auto device = open("01:00.0", backend);
            EXPECT_TRUE(device) << name(backend) << ": " << failure(device);
        }
}

TEST_F(OpenDevice, SecondDeviceJoinsTheAddressSpaceOfTheFirst) {
    host.pci("0000:02:00.0").nic().group(16).vfio("vfio-pci", "vfio2");
    calls.add("0000:02:00.0", "16", "vfio2").hardware.usable = {{0, 0xfffff}};
    const auto first = open("01:00.0");
    ASSERT_TRUE(first) << failure(first);
    const auto second = VfioDevice::open_in(calls, "02:00.0", first->space(), {dir.path()});
    ASSERT_TRUE(second) << failure(second);
    EXPECT_EQ(first->space()->ranges(), (std::vector<IovaRange>{{0, 0xfffff}}));
}

TEST_F(OpenDevice, VfOpensWithItsTokenOnly) {
    drive.token = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const VfToken token{0x83, 0xb8, 0xf4, 0xf2, 0x50, 0x9f, 0x38, 0x2f,
                        0x3c, 0x1e, 0xe6, 0xbf, 0xe0, 0xfa, 0x10, 0x01};
    EXPECT_EQ(failure(open("01:00.0", Backend::kType1v2)),
              "0000:01:00.0: open the device: Permission denied "
              "[the VF token is missing or wrong]");
    const auto device = VfioDevice::open(calls, "01:00.0", options(Backend::kType1v2), token);
    EXPECT_TRUE(device) << failure(device);
}

TEST_F(OpenDevice, TokenThatIsNotNeededIsRefused) {
    const auto device = VfioDevice::open(calls, "01:00.0", options(Backend::kType1v2), VfToken{});
    EXPECT_EQ(failure(device),
              "0000:01:00.0: open the device: Invalid argument "
              "[a VF token is given but not needed]");
}

TEST_F(OpenDevice, ListsOnlyWhatItHas) {
    const auto device = open("01:00.0");
    ASSERT_TRUE(device) << failure(device);
    std::vector<std::uint32_t> regions;
    for (const Region& region : device->regions())
        regions.push_back(region.index);
    EXPECT_EQ(regions, (std::vector<std::uint32_t>{0, 7}));
    ASSERT_EQ(device->irqs().size(), 1U);
    EXPECT_EQ(device->irqs()[0].count, 8U);
    EXPECT_EQ(device->read_config()->size(), 256U);
    const auto vendor = device->region(RegionType{.type = 1U << 31 | 0x8086, .subtype = 1});
    EXPECT_EQ(failure(vendor),
              "0000:01:00.0: find a region: the driver offers none of type 0x80008086, subtype 1 "
              "[]");
}

TEST_F(OpenDevice, BusMasteringGoesOnAndOffAndLeavesTheRest) {
    const auto device = open("01:00.0");
    ASSERT_TRUE(device) << failure(device);
    const auto config = device->config();
    ASSERT_TRUE(config->write16(4, 0x0400));
    ASSERT_TRUE(device->set_bus_mastering(BusMaster::kOn));
    EXPECT_EQ(config->read16(4).value(), 0x0406);
    ASSERT_TRUE(device->set_bus_mastering(BusMaster::kOff));
    EXPECT_EQ(config->read16(4).value(), 0x0402);
}

TEST_F(OpenDevice, NoConfigSpaceOffPci) {
    drive.model.flags = abi::kDevicePlatform;
    const auto device = open("01:00.0");
    ASSERT_TRUE(device) << failure(device);
    EXPECT_EQ(failure(device->config()), "0000:01:00.0: config space: not a PCI device []");
}

}  // namespace
TEST(PassedDevice, IsRefusedWhenAnFdIsMissingOrTheBackendCannotBePassed) {
    SystemCalls calls;
    const auto file = [] { return base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)); };
    const auto none = adopt_device(calls, {.name = "0000:01:00.0", .backend = Backend::kType1v2});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::kInvalid);
    const auto no_container = adopt_device(
        calls,
        {.name = "0000:01:00.0", .backend = Backend::kType1v2, .device = file(), .group = file()});
    ASSERT_FALSE(no_container);
    EXPECT_EQ(no_container.error().code, Code::kInvalid);
    const auto spapr = adopt_device(
        calls, {.name = "0000:01:00.0", .backend = Backend::kSpaprV2, .device = file()});
    ASSERT_FALSE(spapr);
    EXPECT_EQ(spapr.error().code, Code::kUnsupported);
}

}  // namespace vfio
