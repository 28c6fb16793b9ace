// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"

namespace vfio {
namespace {

class Files : public VfioTest {
  protected:
    static constexpr int kFile = 77;
    static FileRequest file(std::uint64_t iova, MappingSource source = MappingSource::kFile) {
        return {.file = {.fd = kFile, .offset = 0},
                .where = {.length = 2 * kPage, .iova = iova},
                .source = source};
    }
};

TEST_F(Files, PinsAFileWithoutMappingItHere) {
    auto opened = open(Backend::kIommufd);
    iommufd(opened).files = {kFile};
    const auto mapped = opened.space->map_file(file(0x100000));
    ASSERT_TRUE(mapped) << mapped.error().text();
    EXPECT_EQ(*mapped, (MappedRange{.iova = {0x100000, 0x101fff},
                                    .address = 0,
                                    .access = DmaAccess::kReadWrite,
                                    .source = MappingSource::kFile}));
    EXPECT_EQ(opened.space->to_address(0x100000, 1), std::nullopt);
    EXPECT_EQ(opened.space->unmap(0x100000, 2 * kPage), 2 * kPage);
}

TEST_F(Files, MapsTheMemoryOfAFileWhereTheKernelCannotPinIt) {
    for (const Backend backend : {Backend::kIommufd, Backend::kType1v2}) {
        calls.newest_iommu_call = 0x8e;  // Linux 6.12
        auto opened = open(backend);
        const auto mapped = opened.space->map_file(file(0x100000));
        ASSERT_TRUE(mapped) << mapped.error().text();
        EXPECT_NE(mapped->address, 0U);
        EXPECT_EQ(mapped->source, MappingSource::kMemory);
        EXPECT_EQ(opened.space->to_address(0x101000, kPage), mapped->address + kPage);
        EXPECT_EQ(opened.space->unmap_all(), 2 * kPage);
    }
}

TEST_F(Files, TakesADevicesMemoryOnIommufdOnly) {
    {
        auto opened = open(Backend::kIommufd);
        iommufd(opened).files = {kFile};
        const auto mapped = opened.space->map_file(file(0x100000, MappingSource::kBar));
        ASSERT_TRUE(mapped);
        EXPECT_TRUE(mapped->revocable());
    }
    auto opened = open(Backend::kType1v2);
    const auto mapped = opened.space->map_file(file(0x100000, MappingSource::kBar));
    ASSERT_FALSE(mapped);
    EXPECT_EQ(mapped.error().text(),
              "type1v2: map a device's memory: only iommufd takes a dma-buf");
}

TEST_F(Files, ReportsThatAFileIsNotMemory) {
    auto opened = open(Backend::kIommufd);
    const auto mapped = opened.space->map_file(file(0x100000));
    ASSERT_FALSE(mapped);
    EXPECT_EQ(mapped.error().errnum, EOPNOTSUPP);
    EXPECT_TRUE(opened.space->mappings().empty());
}

TEST_F(Files, SharesPinsWithinOneIommufd) {
    auto first = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(*Ioas::allocate(*open_iommu(calls)),
                                                PageTable::kAutomatic));
    // Two spaces of one iommufd share; a third of another one maps again.
    const auto context = *open_iommu(calls);
    auto a = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(*Ioas::allocate(context), PageTable::kAutomatic));
    auto b = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(*Ioas::allocate(context), PageTable::kAutomatic));
    ASSERT_TRUE(a->map(at(0x100000, 4 * kPage)));
    const std::uint64_t locked = calls.memory.locked;
    const auto shared = b->share(*a, {0x100000, 0x103fff}, 0x500000);
    ASSERT_TRUE(shared) << shared.error().text();
    EXPECT_EQ(calls.memory.locked, locked) << "pinned once";
    EXPECT_EQ(calls.find_iommufd(context->fd.get())->pins, 1U);
    EXPECT_EQ(b->to_iova(kMemory, 4 * kPage), 0x500000U);
    const auto again = first->share(*a, {0x100000, 0x103fff}, 0x500000);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(calls.memory.locked, locked + 4 * kPage) << "pinned again";
}

TEST_F(Files, SharesByMappingAgainElsewhere) {
    auto from = open(Backend::kType1v2);
    ASSERT_TRUE(from.space->map(at(0x100000, 4 * kPage)));
    FakeCalls::Device& other = calls.add("0000:02:00.0", "16", "vfio1");
    auto to = open_device(calls, nodes(other), {.order = {Backend::kType1v2}});
    ASSERT_TRUE(to);
    const auto shared = to->space->share(*from.space, {0x100000, 0x103fff});
    ASSERT_TRUE(shared);
    EXPECT_EQ(shared->address, kMemory);
    EXPECT_EQ(failure(to->space->share(*from.space, {0x100000, 0x100fff})),
              std::to_string(ENOENT) + ": not exactly one mapping there");
    EXPECT_EQ(to->space->share(*to->space, {0x100000, 0x103fff}).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace vfio
