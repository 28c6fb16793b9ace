// SPDX-License-Identifier: LGPL-2.1-or-later
// One program with SPAPR's operations, on a SPAPR container and on an iommufd: both must give the
// same results.
#include "vfio/spapr_space.hpp"

#include <cerrno>

#include "tests/unit/vfio/fixture/vfio_test.hpp"
#include "vfio/spapr_container.hpp"
#include "vfio/src/backend/spapr_emulation.hpp"

namespace vfio {
namespace {

enum class Platform { kContainer, kModel };

class Spapr : public VfioTest, public testing::WithParamInterface<Platform> {
  protected:
    static constexpr std::uint64_t kBig = 0x10000;  ///< ppc64's page, a multiple of every host's

    void SetUp() override {
        if (GetParam() == Platform::kContainer) {
            calls.spapr = true;
            calls.type1 = false;
            space = std::make_unique<SpaprSpace>(std::make_unique<SpaprContainer>(
                calls, *open_node<ContainerFd>(calls, "/dev/vfio/vfio")));
            group = *open_node<GroupFd>(calls, "/dev/vfio/15");
            ASSERT_TRUE(space->attach_group(group, "/dev/vfio/15"));
        } else {
            space = std::make_unique<SpaprSpace>(*make_spapr_emulation(*open_iommu(calls)));
            device = *open_node<DeviceFd>(calls, "/dev/vfio/devices/vfio0");
            ASSERT_TRUE(space->attach_device({.fd = device, .name = "0000:01:00.0"}));
        }
    }
    template <typename T>
    static int error(const Result<T>& result) {
        return result ? 0 : result.error().errnum;
    }

    std::unique_ptr<SpaprSpace> space;
    GroupFd group;
    DeviceFd device;
};

INSTANTIATE_TEST_SUITE_P(Both, Spapr, testing::Values(Platform::kContainer, Platform::kModel),
                         [](const auto& param) {
                             return param.param == Platform::kContainer ? "container" : "model";
                         });

TEST_P(Spapr, ReportsTheSamePlatform) {
    const auto details = space->details();
    ASSERT_TRUE(details);
    EXPECT_EQ(*details, (SpaprDetails{.default_window = {{0, 0x7fffffff}, 0x1000},
                                      .page_sizes = 0x40211000,
                                      .max_windows = 2,
                                      .levels = 5}));
    EXPECT_EQ(space->windows(), (std::vector<Window>{{{0, 0x7fffffff}, 0x1000}}));
}

TEST_P(Spapr, MapsOnlyWhatIsRegistered) {
    EXPECT_EQ(error(space->map(kBig, kMemory, kBig, DmaAccess::kReadWrite)), EPERM);
    ASSERT_TRUE(space->register_memory(kMemory, 16 * kBig));
    EXPECT_EQ(error(space->map(kBig, kMemory + 16 * kBig, kBig, DmaAccess::kReadWrite)), EINVAL);
    EXPECT_EQ(error(space->map(kBig, kMemory, 17 * kBig, DmaAccess::kReadWrite)), EINVAL);
    EXPECT_TRUE(space->map(kBig, kMemory + kBig, kBig, DmaAccess::kReadWrite));
}

TEST_P(Spapr, RegistersEachPieceOnce) {
    EXPECT_EQ(error(space->unregister_memory(kMemory, kBig)), EPERM) << "before the first";
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    EXPECT_EQ(error(space->register_memory(kMemory, 4 * kBig)), EBUSY);
    EXPECT_EQ(error(space->register_memory(kMemory + kBig, kBig)), EINVAL) << "overlap";
    EXPECT_EQ(error(space->register_memory(kMemory + 1, kBig)), EINVAL);
    EXPECT_EQ(error(space->unregister_memory(kMemory, kBig)), ENOENT) << "not exactly it";
    EXPECT_TRUE(space->unregister_memory(kMemory, 4 * kBig));
    EXPECT_EQ(calls.memory.locked, 0U);
}

TEST_P(Spapr, KeepsRegisteredWhatIsMapped) {
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    ASSERT_TRUE(space->map(kBig, kMemory, 2 * kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(error(space->unregister_memory(kMemory, 4 * kBig)), EBUSY);
    EXPECT_EQ(space->unmap(kBig, 2 * kBig), 2 * kBig);
    EXPECT_TRUE(space->unregister_memory(kMemory, 4 * kBig));
}

TEST_P(Spapr, CountsMemoryOnceForManyMappings) {
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    for (std::uint64_t i = 1; i < 8; ++i)
        ASSERT_TRUE(space->map(i * 16 * kBig, kMemory, 4 * kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(calls.memory.locked, 4 * kBig);
}

TEST_P(Spapr, ReportsTheMemoryLock) {
    calls.memory.limit = kBig;
    const auto registered = space->register_memory(kMemory, 2 * kBig);
    EXPECT_EQ(
        failure(registered),
        std::to_string(ENOMEM) +
            ": locked memory: 0 KiB mapped and 128 KiB more need 128 KiB, RLIMIT_MEMLOCK is 64 "
            "KiB; raise it (ulimit -l, LimitMEMLOCK=) or give CAP_IPC_LOCK");
}

TEST_P(Spapr, MakesAndRemovesWindows) {
    const auto window = space->create_window(12, 0x40000000);
    ASSERT_TRUE(window) << window.error().text();
    EXPECT_EQ(window->range.length(), 0x40000000U);
    EXPECT_EQ(window->page_size, 0x1000U);
    EXPECT_EQ(failure(space->create_window(16, 0x40000000)),
              std::to_string(ENOSPC) + ": all 2 windows are in use");
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    const std::uint64_t start = window->range.first;
    EXPECT_TRUE(space->map(start, kMemory, kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(error(space->map(start + kBig, kMemory + 0x800, kBig, DmaAccess::kReadWrite)), EINVAL)
        << "not aligned to the window's pages";
    EXPECT_TRUE(space->remove_window(start));
    EXPECT_EQ(space->windows().size(), 1U);
    EXPECT_EQ(error(space->map(start, kMemory, kBig, DmaAccess::kReadWrite)), ENXIO);
    EXPECT_EQ(error(space->remove_window(start)), EINVAL);
    EXPECT_TRUE(space->unregister_memory(kMemory, 4 * kBig)) << "its mappings went with the window";
}

TEST_P(Spapr, RefusesWindowsThePlatformDoesNotHave) {
    EXPECT_EQ(error(space->create_window(17, 0x40000000)), EINVAL);
    EXPECT_EQ(error(space->create_window(16, 0x30000000)), EINVAL);
}

TEST_P(Spapr, RemovesTheDefaultWindowToo) {
    EXPECT_TRUE(space->remove_window(0));
    EXPECT_TRUE(space->windows().empty());
    ASSERT_TRUE(space->register_memory(kMemory, kBig));
    EXPECT_EQ(error(space->map(kBig, kMemory, kBig, DmaAccess::kReadWrite)), ENXIO);
    EXPECT_TRUE(space->create_window(16, 0x40000000));
    EXPECT_EQ(space->windows().front().range.first, 0U);
}

TEST_P(Spapr, TakesPagesOutOfTheMiddle) {
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    ASSERT_TRUE(space->map(kBig, kMemory, 4 * kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(space->unmap(2 * kBig, kBig), kBig);
    EXPECT_EQ(space->mappings(),
              (std::vector<MappedRange>{
                  {.iova = {kBig, 2 * kBig - 1}, .address = kMemory},
                  {.iova = {3 * kBig, 5 * kBig - 1}, .address = kMemory + 2 * kBig}}));
    EXPECT_TRUE(space->map(2 * kBig, kMemory, kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(space->unmap(kBig, 4 * kBig), 4 * kBig);
    EXPECT_EQ(space->unmap(kBig, 4 * kBig), 0U);
    EXPECT_TRUE(space->unregister_memory(kMemory, 4 * kBig));
}

TEST_P(Spapr, DoesNotReplaceAMapping) {
    ASSERT_TRUE(space->register_memory(kMemory, 4 * kBig));
    ASSERT_TRUE(space->map(kBig, kMemory, kBig, DmaAccess::kReadWrite));
    EXPECT_EQ(failure(space->map(kBig, kMemory + kBig, kBig, DmaAccess::kReadWrite)),
              std::to_string(EEXIST) + ": in the way: 0x10000-0x1ffff");
}

using SpaprBackends = VfioTest;

TEST_F(SpaprBackends, TriesMoreLevelsUntilTheTableFits) {
    auto opened = open(Backend::kSpaprV2);
    calls.find_spapr(opened.group.get())->least_levels = 3;
    calls.find_spapr(opened.group.get())->default_pending = false;
    const auto window = opened.space->iommu_backend().add_window(0x100000);
    ASSERT_TRUE(window) << window.error().text();
    EXPECT_EQ(window->range.first, 0U);
}

TEST_F(SpaprBackends, MakesAWindowWhenTheFirstIsFull) {
    auto opened = open(Backend::kSpaprV2);
    const auto mapped = opened.space->map({.address = kMemory, .length = 3ULL << 30});
    ASSERT_TRUE(mapped) << mapped.error().text() << mapped.error().hint;
    EXPECT_EQ(mapped->iova.first, 0x800000000000000U);
    EXPECT_EQ(opened.space->ranges().size(), 2U);
}

TEST_F(SpaprBackends, RegistersSharedPagesOnce) {
    auto opened = open(Backend::kSpaprV2);
    const std::uint64_t page = 4096;
    ASSERT_TRUE(opened.space->map(at(0x100000, 4 * page)));
    ASSERT_TRUE(opened.space->map(at(0x200000, 4 * page, kMemory + 2 * page)));
    EXPECT_EQ(calls.memory.locked, 6 * page);
    EXPECT_EQ(opened.space->unmap(0x100000, 4 * page), 4 * page);
    EXPECT_EQ(opened.space->to_iova(kMemory + 2 * page, 4 * page), 0x200000U);
    EXPECT_EQ(opened.space->unmap_all(), 4 * page);
    EXPECT_EQ(calls.memory.locked, 0U);
}

TEST_F(SpaprBackends, CountsTheWholeWindowOnV1) {
    calls.memory.limit = 1 << 20;
    calls.spapr = true;
    calls.type1 = false;
    const auto opened = open_device(calls, nodes(drive), {.order = {Backend::kSpaprV1}});
    EXPECT_EQ(
        failure(opened),
        std::to_string(ENOMEM) +
            ": the whole window is counted at once; locked memory: 0 KiB mapped and 2097152 KiB "
            "more need 2097152 KiB, RLIMIT_MEMLOCK is 1024 KiB; raise it (ulimit -l, "
            "LimitMEMLOCK=) or give CAP_IPC_LOCK");
    calls.memory.limit = 1ULL << 32;
    EXPECT_TRUE(open_device(calls, nodes(drive), {.order = {Backend::kSpaprV1}}));
}

TEST_F(SpaprBackends, TakesOneGroupPerContainer) {
    auto opened = open(Backend::kSpaprV1);
    FakeCalls::Device& other = calls.add("0000:02:00.0", "16", "");
    EXPECT_EQ(open_device_in(calls, nodes(other), opened.space).error().errnum, EBUSY);
}

}  // namespace
}  // namespace vfio
