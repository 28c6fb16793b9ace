// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

using Process = VfioTest;

TEST_F(Process, TracksDirtyPagesOnBothFamilies) {
    for (const Backend backend : {Backend::kType1v2, Backend::kIommufd}) {
        auto opened = open(backend, PageTable::kDirty);
        ASSERT_TRUE(opened.space->map(at(0x100000, 128 * kPage)));
        ASSERT_TRUE(opened.space->start_dirty_tracking());
        if (backend == Backend::kType1v2)
            type1(opened).dirty(0x141000);
        else
            iommufd(opened).dirty(0x141000);
        std::array<std::uint64_t, 2> bits{};
        const IovaRange range{0x100000, 0x17ffff};
        ASSERT_TRUE(opened.space->read_dirty(range, kPage, bits));
        EXPECT_EQ(bits, (std::array<std::uint64_t, 2>{0, 2})) << name(backend);
        bits = {};
        ASSERT_TRUE(opened.space->read_dirty(range, kPage, bits));
        EXPECT_EQ(bits, (std::array<std::uint64_t, 2>{0, 0})) << "reading takes them back";
        EXPECT_TRUE(opened.space->stop_dirty_tracking());
        EXPECT_FALSE(opened.space->read_dirty(range, kPage, bits));
    }
}

TEST_F(Process, ExplainsWhyDirtyPagesAreNotTracked) {
    {
        auto opened = open(Backend::kType1);
        EXPECT_EQ(failure(opened.space->start_dirty_tracking()),
                  std::to_string(EACCES) + ": only type1v2 tracks dirty pages");
    }
    {
        auto opened = open(Backend::kIommufdCompat);
        EXPECT_EQ(opened.space->start_dirty_tracking().error().reason,
                  "the compatibility layer has no dirty tracking");
    }
    {
        auto opened = open(Backend::kIommufd);
        EXPECT_EQ(opened.space->start_dirty_tracking().error().reason,
                  "its page tables were not made for it (PageTable::kDirty)");
    }
    drive.hardware.capabilities = 0;
    const auto opened = open_device(
        calls, nodes(drive), {.order = {Backend::kIommufd}, .page_table = PageTable::kDirty});
    EXPECT_EQ(failure(opened),
              std::to_string(EOPNOTSUPP) + ": this IOMMU does not track dirty pages");
}

TEST_F(Process, RefusesABitmapThatIsTooSmall) {
    auto opened = open(Backend::kType1v2);
    std::array<std::uint64_t, 1> bits{};
    EXPECT_EQ(failure(opened.space->read_dirty({0, 65 * kPage - 1}, kPage, bits)),
              std::to_string(EINVAL) + ": the bitmap needs 65 bits");
    EXPECT_EQ(failure(opened.space->read_dirty({0, kPage - 1}, 3000, bits)),
              std::to_string(EINVAL) + ": the page size is a power of two");
}

TEST_F(Process, GivesMemoryNewAddressesOnType1) {
    auto opened = open(Backend::kType1v2);
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    ASSERT_TRUE(opened.space->map(at(0x200000, kPage, kMemory + 0x10000)));
    const std::vector<Relocation> relocations{{.iova = 0x100000, .address = 0x600000000000}};
    ASSERT_TRUE(opened.space->adopt_process({}, relocations));
    EXPECT_EQ(type1(opened).maps.at(0x100000).address, 0x600000000000U);
    EXPECT_EQ(opened.space->to_iova(0x600000000000, kPage), 0x100000U);
    EXPECT_EQ(opened.space->to_iova(kMemory, kPage), std::nullopt);
    EXPECT_EQ(opened.space->to_iova(kMemory + 0x10000, kPage), 0x200000U);
    EXPECT_EQ(failure(opened.space->adopt_process({}, std::vector<Relocation>{{.iova = 1}})),
              std::to_string(ENOENT) + ": no mapping starts there");
}

TEST_F(Process, MovesTheAccountingOfFilesOnIommufd) {
    auto opened = open(Backend::kIommufd);
    iommufd(opened).files = {77};
    ASSERT_TRUE(opened.space->map_file({.file = {.fd = 77}, .where = at(0x100000, kPage, 0)}));
    EXPECT_TRUE(opened.space->adopt_process({}, {}));
    ASSERT_TRUE(opened.space->map(at(0x200000)));
    const auto adopted = opened.space->adopt_process({}, {});
    ASSERT_FALSE(adopted);
    EXPECT_EQ(adopted.error().text(),
              "iommufd: adopt mappings: 0x200000-0x200fff is not of a file; only files' pins move "
              "between processes");
}

TEST_F(Process, AdoptsTheTableOfAnotherProcess) {
    auto opened = open(Backend::kType1v2);
    ASSERT_TRUE(opened.space->map(at(0x100000)));
    const auto list = opened.space->mappings();
    const std::vector<MappedRange> twice{list[0], list[0]};
    EXPECT_EQ(failure(opened.space->adopt_process(twice, {})),
              std::to_string(EINVAL) + ": it overlaps 0x100000-0x100fff");
    EXPECT_TRUE(opened.space->adopt_process(list, {}));
    EXPECT_EQ(opened.space->mappings(), list);
}

TEST_F(Process, ReportsThatTheCompatibilityLayerKeepsItsAddresses) {
    auto opened = open(Backend::kIommufdCompat);
    EXPECT_EQ(opened.space->adopt_process({}, {}).error().code, Code::kUnsupported);
}

TEST_F(Process, SelectsTheAccounting) {
    {
        auto opened = open(Backend::kType1v2);
        EXPECT_TRUE(opened.space->set_accounting(Accounting::kProcess));
        EXPECT_EQ(opened.space->set_accounting(Accounting::kUser).error().reason,
                  "accounts to the process that maps");
    }
    auto opened = open(Backend::kIommufd);
    EXPECT_EQ(failure(opened.space->set_accounting(Accounting::kProcess)),
              std::to_string(EBUSY) + ": only before anything is made in this iommufd");
    iommufd(opened).capable = false;
    EXPECT_EQ(failure(opened.space->set_accounting(Accounting::kProcess)),
              std::to_string(EPERM) + ": needs CAP_SYS_RESOURCE");
}

}  // namespace
}  // namespace vfio
