// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"
#include "vfio/fault_queue.hpp"
#include "vfio/hw_info.hpp"
#include "vfio/pasid.hpp"
#include "vfio/viommu.hpp"

namespace vfio {
namespace {

class Iommufd : public VfioTest {
  protected:
    Iommufd() : opened(open(Backend::kIommufd)) {
        iommu = dynamic_cast<IommufdBackend&>(opened.space->iommu_backend()).context();
    }
    Result<Hwpt> hwpt(std::uint32_t flags) {
        return Hwpt::allocate(iommu, {.device_id = opened.bound.device_id,
                                      .parent_id = opened.space->ioas_id(),
                                      .flags = flags});
    }
    AttachedDevice opened;
    SharedIommu iommu;
};

TEST_F(Iommufd, ReportsTheHardware) {
    const auto info = hardware_info(*iommu, opened.bound.device_id);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->type, abi::HwInfoType::kIntelVtd);
    EXPECT_EQ(info->capabilities, abi::kHwCapDirtyTracking);
    EXPECT_EQ(info->as<abi::HwInfoVtd>()->cap_reg, 0x12U);
    EXPECT_EQ(info->as<abi::HwInfoArmSmmuv3>(), std::nullopt) << "shorter than that";
    EXPECT_EQ(hardware_info(*iommu, opened.bound.device_id, abi::HwInfoType::kAmd).error().errnum,
              EOPNOTSUPP);
    EXPECT_EQ(failure(hardware_info(*iommu, opened.space->ioas_id())),
              std::to_string(ENOENT) + ": the device has no IOMMU of its own (an mdev)");
}

TEST_F(Iommufd, NestsAGuestsPageTableInAnExplicitParent) {
    auto parent = hwpt(abi::kHwptNestParent);
    ASSERT_TRUE(parent);
    const abi::HwptVtdS1 guest{};
    const Hwpt::AllocOptions wanted{.device_id = opened.bound.device_id,
                                    .parent_id = parent->id(),
                                    .type = abi::HwptData::kVtdS1,
                                    .data = std::as_bytes(std::span(&guest, 1))};
    {
        const auto nested = Hwpt::allocate(iommu, wanted);
        ASSERT_TRUE(nested) << nested.error().text();
        EXPECT_EQ(failure(parent->destroy()),
                  std::to_string(EBUSY) + ": a device, or an object made from it, still uses it");
    }
    EXPECT_TRUE(parent->destroy());
    const auto plain = hwpt(0);
    auto wrong = wanted;
    wrong.parent_id = plain->id();
    EXPECT_EQ(failure(Hwpt::allocate(iommu, wrong)),
              std::to_string(EINVAL) +
                  ": the parent must be a NEST_PARENT page table allocated explicitly, and the "
                  "data of the "
                  "right length");
}

TEST_F(Iommufd, ReportsHowManyInvalidationsWereHandled) {
    const auto table = hwpt(abi::kHwptNestParent);
    std::vector<std::byte> entries(4 * 16);
    EXPECT_EQ(table->invalidate(abi::InvalidateData::kVtdS1, entries, 16), 4U);
    entries[32] = std::byte{0xff};
    EXPECT_EQ(failure(table->invalidate(abi::InvalidateData::kVtdS1, entries, 16)),
              std::to_string(EINVAL) + ": 2 of 4 were handled");
    EXPECT_EQ(failure(table->invalidate(abi::InvalidateData::kVtdS1, entries, 7)),
              std::to_string(EINVAL) + ": not a whole number of entries");
    EXPECT_EQ(failure(table->invalidate(abi::InvalidateData::kArmSmmuv3, {}, 0)),
              std::to_string(EOPNOTSUPP) + ": the type is not supported");
}

TEST_F(Iommufd, AnswersFaults) {
    auto queue = FaultQueue::allocate(iommu);
    ASSERT_TRUE(queue);
    EXPECT_TRUE(queue->read()->empty());
    abi::HwptPgfault fault{};
    fault.addr = 0x1000;
    fault.cookie = 5;
    ASSERT_EQ(::pwrite(queue->fd().get(), &fault, sizeof fault, 0), ssize_t{sizeof fault});
    const auto faults = queue->read();
    ASSERT_TRUE(faults);
    ASSERT_EQ(faults->size(), 1U);
    EXPECT_EQ(faults->front().addr, 0x1000U);
    EXPECT_TRUE(queue->respond(5, FaultQueue::PageResponse::kSuccess));
    EXPECT_EQ(Hwpt::allocate(iommu, {.device_id = opened.bound.device_id,
                                     .parent_id = opened.space->ioas_id(),
                                     .flags = abi::kHwptNestParent,
                                     .fault_id = queue->id()})
                  .error()
                  .errnum,
              EOPNOTSUPP);
}

TEST_F(Iommufd, NamesTheFirstKernelOfEachFeature) {
    iommufd(opened).newest = 0x8d;
    EXPECT_EQ(failure(FaultQueue::allocate(iommu)),
              std::to_string(ENOTTY) + ": fault queues came with Linux 6.11");
    EXPECT_EQ(
        failure(Viommu::allocate(iommu, abi::ViommuType::kArmSmmuv3, opened.bound.device_id, 1)),
        std::to_string(ENOTTY) + ": virtual IOMMUs came with Linux 6.13");
}

TEST_F(Iommufd, HasNoVirtualIommuOnVtd) {
    const auto parent = hwpt(abi::kHwptNestParent);
    EXPECT_EQ(failure(Viommu::allocate(iommu, abi::ViommuType::kArmSmmuv3, opened.bound.device_id,
                                       parent->id())),
              std::to_string(EOPNOTSUPP) + ": this IOMMU, or this kernel, has none of that type");
}

TEST(Vevents, AreReadUntilOneIsCutShort) {
    std::vector<std::uint32_t> words{0, 3, 11, 12, 1, 4, 0, 7, 21};
    const auto parsed = parse_vevents(std::as_bytes(std::span(words)), 8);
    ASSERT_EQ(parsed.events.size(), 2U);
    EXPECT_EQ(parsed.events[0].sequence, 3U);
    EXPECT_EQ(parsed.events[0].data.size(), 8U);
    EXPECT_TRUE(parsed.events[1].lost);
    EXPECT_EQ(parsed.defect, "half an event at the end");
    EXPECT_EQ(lost_events(3, 7), 3U);
    EXPECT_EQ(lost_events(0x7fffffff, 0), 0U);
    EXPECT_EQ(parse_vevents(std::as_bytes(std::span(words)).first(3), 8).defect,
              "half a header at the end");
}

class ArmIommufd : public VfioTest {
  protected:
    ArmIommufd() {
        drive.hardware.type = abi::HwInfoType::kArmSmmuv3;
        opened = open(Backend::kIommufd);
        iommu = dynamic_cast<IommufdBackend&>(opened.space->iommu_backend()).context();
        parent = std::move(*Hwpt::allocate(iommu, {.device_id = opened.bound.device_id,
                                                   .parent_id = opened.space->ioas_id(),
                                                   .flags = abi::kHwptNestParent}));
    }
    AttachedDevice opened;
    SharedIommu iommu;
    std::optional<Hwpt> parent;
};

TEST_F(ArmIommufd, GivesAGuestItsVirtualIommu) {
    auto viommu =
        Viommu::allocate(iommu, abi::ViommuType::kArmSmmuv3, opened.bound.device_id, parent->id());
    ASSERT_TRUE(viommu) << viommu.error().text();
    {
        const auto device = viommu->add_device(opened.bound.device_id, 8);
        ASSERT_TRUE(device);
        EXPECT_EQ(failure(viommu->add_device(opened.bound.device_id, 8)),
                  std::to_string(EEXIST) + ": the id, or the device, has one already");
        const auto events = viommu->add_event_queue(1, 16);
        ASSERT_TRUE(events);
        EXPECT_TRUE(events->fd.valid());
        EXPECT_EQ(failure(viommu->add_event_queue(1, 16)),
                  std::to_string(EEXIST) + ": it has one of this type");
        EXPECT_FALSE(viommu->destroy());
    }
    EXPECT_TRUE(viommu->destroy());
}

TEST_F(ArmIommufd, ReportsThatTheParentMustNest) {
    const auto plain = Hwpt::allocate(
        iommu, {.device_id = opened.bound.device_id, .parent_id = opened.space->ioas_id()});
    EXPECT_EQ(failure(Viommu::allocate(iommu, abi::ViommuType::kArmSmmuv3, opened.bound.device_id,
                                       plain->id())),
              std::to_string(EINVAL) + ": the page table must be a nest parent");
}

TEST_F(Iommufd, MovesADeviceToAGuestsPageTableAndBack) {
    const auto parent = hwpt(abi::kHwptNestParent);
    const abi::HwptVtdS1 guest{};
    const auto nested = Hwpt::allocate(iommu, {.device_id = opened.bound.device_id,
                                               .parent_id = parent->id(),
                                               .type = abi::HwptData::kVtdS1,
                                               .data = std::as_bytes(std::span(&guest, 1))});
    ASSERT_TRUE(nested) << nested.error().text();
    const auto move = [&](std::uint32_t id) {
        return attach_page_table(calls, opened.device, "0000:01:00.0", id);
    };
    EXPECT_EQ(move(nested->id()), nested->id());
    EXPECT_EQ(move(opened.space->ioas_id()), opened.bound.page_table_id);
    EXPECT_EQ(move(999).error().errnum, ENOENT);
}

TEST_F(Iommufd, AttachesPasidsBesideATableMadeForThem) {
    drive.takes_pasids = true;
    const auto table = hwpt(abi::kHwptPasid);
    ASSERT_TRUE(table);
    const auto attach = [&] {
        return attach_pasid(calls, opened.device, "0000:01:00.0", 5, table->id());
    };
    EXPECT_EQ(failure(attach()),
              std::to_string(EINVAL) +
                  ": the page table of the device must be made for PASIDs, and the kernel be 6.15 "
                  "or later");
    ASSERT_TRUE(attach_page_table(calls, opened.device, "0000:01:00.0", table->id()));
    EXPECT_EQ(attach(), table->id());
    EXPECT_EQ(drive.pasids.at(5), table->id());
    EXPECT_TRUE(detach_pasid(calls, opened.device, "0000:01:00.0", 5));
    EXPECT_TRUE(drive.pasids.empty());
}

TEST_F(Iommufd, ReportsThatTheDriverTakesNoPasids) {
    EXPECT_EQ(
        failure(attach_pasid(calls, opened.device, "0000:01:00.0", 5, opened.space->ioas_id())),
        std::to_string(EOPNOTSUPP) + ": the device's driver does not take PASIDs");
}

}  // namespace
}  // namespace vfio
