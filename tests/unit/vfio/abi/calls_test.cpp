// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/calls.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>

#include "tests/unit/vfio/fixture/vfio_test.hpp"
#include "vfio/src/backend/blockers.hpp"
#include "vfio/system_calls.hpp"

namespace vfio {
namespace {

static_assert(!std::is_convertible_v<GroupFd, DeviceFd> &&
              !std::is_constructible_v<GroupFd, DeviceFd>);
static_assert(!std::is_invocable_v<decltype(&Calls::container), Calls&, const DeviceFd&,
                                   abi::ContainerCall, Argument>);
static_assert(!std::is_invocable_v<decltype(&Calls::device), Calls&, const DeviceFd&,
                                   abi::ContainerCall, Argument>,
              "117 of a container is not 117 of a device");

TEST(Adopt, TakesOnlyTheKindOfFileItIs) {
    SystemCalls calls;
    EXPECT_TRUE(adopt<GroupFd>(calls, base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))));
    EXPECT_TRUE(adopt<DeviceFd>(calls, base::UniqueFd(::eventfd(0, EFD_CLOEXEC))));
    EXPECT_TRUE(adopt<MigrationFd>(calls, base::UniqueFd(::eventfd(0, EFD_CLOEXEC))));
    const auto migration =
        adopt<MigrationFd>(calls, base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
    ASSERT_FALSE(migration);
    EXPECT_EQ(migration.error().reason, "it is another kind of file");
    EXPECT_FALSE(adopt<IommuFd>(calls, base::UniqueFd(::open("/", O_RDONLY | O_CLOEXEC))));
    EXPECT_FALSE(adopt<ContainerFd>(calls, base::UniqueFd()));
}

TEST(Retry, EndsAfterManyInterruptionsAndALongContention) {
    FakeCalls calls;
    int made = 0;
    EXPECT_EQ(retry(calls, [&] { return ++made, -EINTR; }), -EINTR);
    EXPECT_EQ(made, 101);
    made = 0;
    EXPECT_EQ(retry(calls, [&] { return ++made < 4 ? -EAGAIN : 7; }), 7);
    EXPECT_EQ(calls.pauses, 3U);
    EXPECT_EQ(retry(calls, [&] { return -EBUSY; }), -EBUSY);
}

TEST(SystemCalls, ReportTheMemoryLock) {
    SystemCalls calls;
    EXPECT_GT(calls.memlock_limit().bytes, 0U);
    EXPECT_EQ(calls.file_kind(-1), FileKind::kOther);
    EXPECT_NE(calls.device_number(base::UniqueFd(::open("/dev/null", O_RDWR)).get()), 0U);
    EXPECT_EQ(calls.read_text("/nowhere").error().errnum, ENOENT);
    EXPECT_EQ(calls.open("/nowhere"), -ENOENT);
}

TEST(Holders, NamesTheProcessThatHasANode) {
    const base::UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
    bool found = false;
    for (const Holder& holder : find_node_holders({}, "/dev/null"))
        found = found || (holder.pid == ::getpid() && holder.command == "unit_vfio");
    EXPECT_TRUE(found);
    EXPECT_TRUE(find_node_holders({}, "/dev/vfio/none").empty());
    EXPECT_EQ(text(std::vector<Holder>{{712, "qemu"}, {9, "x"}}),
              "held by qemu (pid 712), x (pid 9)");
}

/// A mapping keeps the file open: a device is not free when its descriptors are closed.
TEST(Holders, NamesTheProcessThatOnlyMapsANode) {
    const std::string path = testing::TempDir() + "bindd-holders-" + std::to_string(::getpid());
    base::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(fd.get(), 4096), 0);
    void* mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    fd = base::UniqueFd();
    const auto holders = find_node_holders({}, path);
    ::munmap(mapped, 4096);
    ::unlink(path.c_str());
    ASSERT_EQ(holders.size(), 1U);
    EXPECT_EQ(text(holders),
              "mapped by unit_vfio (pid " + std::to_string(::getpid()) + "), which has closed it");
    EXPECT_TRUE(find_node_holders({}, path).empty());
}

TEST(Backends, AreFoundByTheirNames) {
    for (const Backend backend : kBackends)
        EXPECT_EQ(parse_backend(name(backend)), backend);
    EXPECT_EQ(parse_backend("nesting"), std::nullopt);
}

}  // namespace
}  // namespace vfio
