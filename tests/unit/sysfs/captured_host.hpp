// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gtest/gtest.h>

#include "sysfs/device/inventory.hpp"
#include "sysfs/module/drivers.hpp"
#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"

namespace sysfs {

/// A made-up host on disk, read back as a captured one.
class CapturedHostTest : public testing::Test {
  protected:
    fake::Tree& write() {
        tree_ = fake::write_tree(temp_.path(), host.inventory(), host.drivers());
        return tree_;
    }
    /// So that a whole device can be compared with the host's.
    static ScanOptions slots_and_resets() {
        ScanOptions wanted;
        wanted.slots = wanted.resets = true;
        return wanted;
    }
    [[nodiscard]] Inventory read(const ScanOptions& wanted = slots_and_resets()) const {
        auto inventory = read_inventory(tree_.root(), wanted);
        EXPECT_TRUE(inventory) << inventory.error().text();
        return inventory ? *inventory : Inventory{};
    }
    [[nodiscard]] Device device(const DeviceId& id,
                                const ScanOptions& wanted = slots_and_resets()) const {
        const auto found = read_device(tree_.root(), id, wanted);
        EXPECT_TRUE(found) << found.error().text();
        return found ? *found : Device{};
    }
    [[nodiscard]] Drivers drivers(const ScanOptions& wanted = {}) const {
        auto found = read_drivers(tree_.root(), wanted);
        EXPECT_TRUE(found) << found.error().text();
        return found ? *found : Drivers{};
    }

    fake::Host host;
    fake::TempDir temp_;
    fake::Tree tree_{temp_.path()};
};

}  // namespace sysfs
