// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "fake_calls.hpp"
#include "vfio/select.hpp"

namespace vfio {

/// A host with one NVMe drive in group 15, and a device opened through the backend of one's choice.
class World : public testing::Test {
  protected:
    static constexpr std::uint64_t kPage = 0x1000;
    static constexpr std::uint64_t kMemory = 0x7f0000000000;  ///< memory of this process

    World() : drive(calls.add("0000:01:00.0", "15", "vfio0")) {
        drive.hardware.usable = {{0, 0xfedfffff}, {0xfef00000, (1ULL << 39) - 1}};
    }

    static Target target(const FakeCalls::Device& device) {
        return {.name = device.name,
                .group = device.group,
                .cdev = device.cdev.empty() ? std::nullopt : std::optional(device.cdev)};
    }
    /// Fails the test where it does not open.
    Opened open(Backend backend, PageTable table = PageTable::kAutomatic) {
        if (backend == Backend::kSpaprV2 || backend == Backend::kSpaprV1) {
            calls.spapr = true;
            calls.type1 = false;
        }
        auto opened = open_device(calls, target(drive), {.order = {backend}, .page_table = table});
        EXPECT_TRUE(opened) << opened.error().text() << " " << opened.error().hint;
        return opened ? std::move(*opened) : Opened{};
    }
    FakeType1& type1(const Opened& opened) { return *calls.type1_of(opened.group.get()); }
    FakeIommufd& iommufd(const Opened& opened) {
        return *calls.iommufd_of(opened.space->iommufd()->get());
    }
    static MapRequest at(std::uint64_t iova, std::uint64_t length = kPage,
                         std::uint64_t address = kMemory) {
        return {.address = address, .length = length, .iova = iova};
    }
    /// "errno: hint" of a failure, to compare whole.
    template <typename T>
    static std::string failure(const Result<T>& result) {
        if (result)
            return "no failure";
        return std::to_string(result.error().errnum) + ": " + result.error().hint;
    }

    FakeCalls calls;
    FakeCalls::Device& drive;
};

class EveryBackend : public World, public testing::WithParamInterface<Backend> {
  protected:
    Opened open() { return World::open(GetParam()); }
};

inline std::string backend_name(const testing::TestParamInfo<Backend>& info) {
    std::string out(name(info.param));
    std::erase(out, '-');
    return out;
}

}  // namespace vfio
