// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/device_info.hpp"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include "tests/unit/vfio/fixture/device_calls.hpp"
#include "vfio/irq.hpp"
#include "vfio/region.hpp"
#include "vfio/src/abi/s390.hpp"

namespace {

namespace uapi = vfio::abi;

struct Device : testing::Test {
    DeviceCalls calls;
    FakeDevice& model = calls.device_model;
    vfio::DeviceFd fd;

    vfio::Region region(std::uint32_t index) {
        auto read = vfio::read_region(calls, fd, index, "0000:01:00.0");
        EXPECT_TRUE(read) << read.error().text();
        return read ? *read : vfio::Region{};
    }
};

struct DeviceInfo : Device {};

TEST_F(DeviceInfo, WithoutCapabilitiesTakesOneCall) {
    model.irqs[4] = {.argsz = 0, .flags = uapi::kIrqEventfd, .index = 4, .count = 1};
    const auto info = vfio::read_device_info(calls, fd, "0000:01:00.0");
    ASSERT_TRUE(info);
    EXPECT_TRUE(info->is_pci());
    EXPECT_TRUE(info->can_reset());
    EXPECT_EQ(info->regions, uapi::kPciNumRegions);
    EXPECT_EQ(info->irqs, 5U);
    EXPECT_EQ(model.calls, 1U);
}

TEST_F(DeviceInfo, ReadsZpciCapabilitiesOfBothVersions) {
    uapi::DeviceCapZpciBase base{};
    base.start_dma = 0x1000;
    base.end_dma = 0x1fff;
    base.pchid = 7;
    base.fh = 0x80001234;
    uapi::DeviceCapZpciGroup group{};
    group.dasm = 0xffff;
    group.noi = 12;
    group.imaxstbl = 64;
    model.caps = {FakeCap::make(uapi::kDeviceCapZpciBase, base, 2),
                  FakeCap::make(uapi::kDeviceCapZpciGroup, group, 1)};
    const auto info = vfio::read_device_info(calls, fd, "0001:00:00.0");
    ASSERT_TRUE(info);
    ASSERT_TRUE(info->zpci_base);
    EXPECT_EQ(info->zpci_base->start_dma, 0x1000U);
    EXPECT_EQ(info->zpci_base->fh, 0x80001234U);
    ASSERT_TRUE(info->zpci_group);
    EXPECT_EQ(info->zpci_group->noi, 12U);
    EXPECT_EQ(info->zpci_group->imaxstbl, std::nullopt) << "version 1 does not have it";
    EXPECT_EQ(model.calls, 2U) << "one to learn the size, one to read";
}

TEST_F(DeviceInfo, DecodesTheUtilityStringAndBoundsItsLength) {
    uapi::DeviceCapZpciBytes util{};
    util.size = 1000;  // the kernel's word against the bytes there
    FakeCap cap = FakeCap::make(uapi::kDeviceCapZpciUtil, util);
    for (const int c : {0xc8, 0x85, 0x93, 0x93, 0x96, 0x40, 0xf4, 0xf2, 0x40, 0x40, 0x40, 0x40})
        cap.body.push_back(static_cast<std::byte>(c));
    model.caps = {cap};
    const auto info = vfio::read_device_info(calls, fd, "0001:00:00.0");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->zpci_util, "Hello 42");
}

TEST_F(DeviceInfo, KeepsCapabilitiesThatItDoesNotKnow) {
    model.caps = {{.id = 4711, .version = 3, .body = {std::byte{1}, std::byte{2}}},
                  FakeCap::make(uapi::kDeviceCapPciAtomicComp,
                                uapi::DeviceCapPciAtomicComp{
                                    .header = {}, .flags = uapi::kAtomicComp64, .reserved = 0})};
    const auto info = vfio::read_device_info(calls, fd, "0000:01:00.0");
    ASSERT_TRUE(info);
    ASSERT_NE(info->caps.find(4711), nullptr);
    EXPECT_EQ(info->caps.find(4711)->version, 3U);
    EXPECT_EQ(info->caps.find(4711)->bytes.at(9), std::byte{2});
    EXPECT_EQ(vfio::device_cap_name(4711), "id 4711");
    ASSERT_TRUE(info->atomics);
    EXPECT_TRUE(info->atomics->bits64);
    EXPECT_FALSE(info->atomics->bits32);
}

TEST_F(DeviceInfo, NamesEveryFlagAndShowsUnknownOnes) {
    EXPECT_EQ(vfio::device_flag_names(uapi::kDevicePci | uapi::kDeviceCaps | 1U << 20),
              (std::vector<std::string>{"pci", "caps", "0x100000"}));
}

TEST_F(DeviceInfo, BeforeTheBindEveryCallIsInvalid) {
    model.next_errno = EINVAL;
    const auto info = vfio::read_device_info(calls, fd, "0000:01:00.0");
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().text(), "0000:01:00.0: device info: Invalid argument");
}

struct Region : Device {};

TEST_F(Region, AnAbsentBarHasSizeZeroAndIsNoError) {
    EXPECT_EQ(region(2).size, 0U);
    EXPECT_TRUE(region(2).mappable().empty());
}

TEST_F(Region, VgaOfADeviceWithoutVgaIsUnsupported) {
    const auto vga = vfio::read_region(calls, fd, 8, "0000:01:00.0");
    ASSERT_FALSE(vga);
    EXPECT_EQ(vga.error().code, base::Code::kUnsupported);
    const auto beyond = vfio::read_region(calls, fd, 99, "0000:01:00.0");
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, base::Code::kUnsupported);
}

TEST_F(Region, TheOffsetIsTheOneThatTheKernelReports) {
    model.regions[1] = {
        .flags = uapi::kRegionRead, .bytes = std::vector<std::byte>(4096), .caps = {}};
    EXPECT_EQ(region(1).offset, 1ULL << 40);
    model.region_shift = 48;  // ism-vfio-pci
    EXPECT_EQ(region(1).offset, 1ULL << 48);
}

FakeCap sparse(std::vector<uapi::SparseMmapArea> areas, std::uint32_t claimed) {
    FakeCap cap{.id = uapi::kRegionCapSparseMmap, .version = 1, .body = std::vector<std::byte>(8)};
    std::memcpy(cap.body.data(), &claimed, sizeof claimed);
    const auto raw = std::as_bytes(std::span(areas));
    cap.body.insert(cap.body.end(), raw.begin(), raw.end());
    return cap;
}

TEST_F(Region, SparseAreasAreWhatMapsAndAreClippedToTheRegion) {
    model.regions[0] = {.flags = uapi::kRegionRead | uapi::kRegionWrite | uapi::kRegionMmap,
                        .bytes = std::vector<std::byte>(0x4000),
                        .caps = {sparse({{0, 0x1000}, {0x3000, 0x9000}, {0x8000, 0x1000}}, 3)}};
    EXPECT_EQ(region(0).mappable(), (std::vector<vfio::RegionArea>{{0, 0x1000}, {0x3000, 0x1000}}));
}

TEST_F(Region, ASparseCountBeyondTheBytesIsBoundedByThem) {
    model.regions[0] = {.flags = uapi::kRegionMmap,
                        .bytes = std::vector<std::byte>(0x4000),
                        .caps = {sparse({{0, 0x1000}}, 0xffffffff)}};
    EXPECT_EQ(region(0).mappable(), (std::vector<vfio::RegionArea>{{0, 0x1000}}));
}

TEST_F(Region, IsIdentifiedByTypeAndSubtype) {
    uapi::RegionCapType type{};
    type.type = uapi::kRegionTypePciVendor | 0x8086;
    type.subtype = uapi::kSubtypeIgdOpregion;
    model.regions[9] = {.flags = uapi::kRegionRead,
                        .bytes = std::vector<std::byte>(0x2000),
                        .caps = {FakeCap::make(uapi::kRegionCapType, type)}};
    const vfio::Region opregion = region(9);
    ASSERT_TRUE(opregion.type);
    EXPECT_EQ(opregion.type->pci_vendor(), 0x8086);
    EXPECT_EQ(vfio::region_name(opregion, true), "Intel OpRegion");
    EXPECT_EQ(vfio::region_name(region(0), true), "BAR 0");
    EXPECT_EQ(vfio::region_name(region(7), true), "config");
    EXPECT_EQ(vfio::region_name(region(0), false), "region 0");
}

TEST_F(Region, RetiredNvlinkCapabilitiesAreReadWhereOldKernelsHaveThem) {
    uapi::RegionCapNvlink2Ssatgt target{};
    target.tgt = 0x1234567890;
    uapi::RegionCapNvlink2Lnkspd speed{};
    speed.link_speed = 9;
    model.regions[9] = {.flags = uapi::kRegionRead,
                        .bytes = std::vector<std::byte>(64),
                        .caps = {FakeCap::make(uapi::kRegionCapNvlink2Ssatgt, target),
                                 FakeCap::make(uapi::kRegionCapNvlink2Lnkspd, speed),
                                 {.id = uapi::kRegionCapMsixMappable, .version = 1, .body = {}}}};
    const vfio::Region read = region(9);
    EXPECT_EQ(read.nvlink2_target, 0x1234567890U);
    EXPECT_EQ(read.nvlink2_link_speed, 9U);
    EXPECT_TRUE(read.msix_mappable);
}

struct Interrupt : Device {
    Interrupt() {
        model.irqs[0] = {.argsz = 0, .flags = 7, .index = 0, .count = 1};
        model.irqs[1] = {.argsz = 0, .flags = 9, .index = 1, .count = 4};
        model.irqs[2] = {.argsz = 0, .flags = 1, .index = 2, .count = 16};
        model.irqs[3] = {.argsz = 0, .flags = 1, .index = 3, .count = 0};
    }
};

TEST_F(Interrupt, InfoReportsCountAndFlags) {
    const auto intx = vfio::read_irq(calls, fd, 0, "d");
    ASSERT_TRUE(intx);
    EXPECT_TRUE(intx->automasked());
    EXPECT_TRUE(intx->maskable());
    EXPECT_EQ(vfio::irq_flag_names(intx->flags),
              (std::vector<std::string>{"eventfd", "maskable", "automasked"}));
    const auto unknown = vfio::read_irq(calls, fd, 7, "d");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, base::Code::kUnsupported);
}

TEST_F(Interrupt, NamesFollowTheKindOfDevice) {
    EXPECT_EQ(vfio::irq_name(2, uapi::kDevicePci), "MSI-X");
    EXPECT_EQ(vfio::irq_name(1, uapi::kDeviceCcw), "CRW");
    EXPECT_EQ(vfio::irq_name(1, uapi::kDeviceAp), "config-change");
    EXPECT_EQ(vfio::irq_name(7, uapi::kDevicePci), "irq 7");
}

TEST_F(Interrupt, APositiveAnswerIsTheNumberAvailableWithNoneEnabled) {
    model.vectors_left = 3;
    const std::vector<int> fds = {10, 11, 12, 13, 14};
    const auto enabled = vfio::set_eventfds(calls, fd, 2, 0, fds, "d");
    ASSERT_TRUE(enabled);
    EXPECT_EQ(enabled->vectors, 0U);
    EXPECT_EQ(enabled->available, 3U);
    const auto again = vfio::set_eventfds(calls, fd, 2, 0, std::span(fds).first(3), "d");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->vectors, 3U);
    EXPECT_EQ(model.eventfds[2], (std::vector<std::int32_t>{10, 11, 12}));
}

TEST_F(Interrupt, KindsExcludeEachOtherUntilDisabled) {
    const int one = 10;
    ASSERT_TRUE(vfio::set_eventfds(calls, fd, 1, 0, std::span(&one, 1), "d"));
    const auto both = vfio::set_eventfds(calls, fd, 2, 0, std::span(&one, 1), "d");
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().errnum, EINVAL);
    EXPECT_NE(both.error().hint.find("exclude each other"), std::string::npos);
    ASSERT_TRUE(vfio::disable_irq(calls, fd, {.index = 1, .count = 4, .flags = 9}, "d"));
    EXPECT_TRUE(vfio::set_eventfds(calls, fd, 2, 0, std::span(&one, 1), "d"));
}

TEST_F(Interrupt, DisablingAnIndexWithoutInterruptsSucceeds) {
    EXPECT_TRUE(vfio::disable_irq(calls, fd, {.index = 3, .count = 0, .flags = 1}, "d"));
    EXPECT_EQ(model.calls, 0U) << "the kernel would say EINVAL";
}

TEST_F(Interrupt, ATriggerNeedsItToBeEnabled) {
    EXPECT_FALSE(vfio::trigger_irq(calls, fd, 2, 0, 1, "d"));
    const base::UniqueFd event(::eventfd(0, EFD_CLOEXEC));
    const int one = event.get();
    ASSERT_TRUE(vfio::set_eventfds(calls, fd, 2, 0, std::span(&one, 1), "d"));
    EXPECT_TRUE(vfio::trigger_irq(calls, fd, 2, 0, 1, "d"));
    EXPECT_TRUE(vfio::mask_irq(calls, fd, 0, vfio::Masking::kMask, "d"));
    EXPECT_TRUE(vfio::set_unmask_eventfd(calls, fd, 0, 10, "d"));
}

}  // namespace
