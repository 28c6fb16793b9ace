// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/manual_state.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"

namespace bindd {
namespace {

using ManualAction = ManualState::ManualAction;

class ManualStateTest : public testing::Test {
  protected:
    ManualStateTest() {
        host_.pci("0000:01:00.0").nic();
        host_.pci("0000:02:00.0").gpu();
    }
    [[nodiscard]] const sysfs::Device& device(const std::string& address) {
        inventory_ = host_.inventory();
        return *inventory_.find(fake::pci_id(address));
    }
    [[nodiscard]] std::string path() const { return dir_.path() + "/by-hand"; }

    fake::TempDir dir_;
    fake::Host host_;
    sysfs::Inventory inventory_;
};

TEST_F(ManualStateTest, OutliveTheDaemon) {
    ManualState marks = ManualState::read(path());
    marks.set(device("0000:01:00.0"), ManualAction::kReleased);
    marks.set(device("0000:02:00.0"), ManualAction::kBound);
    ASSERT_TRUE(marks.save());
    const ManualState again = ManualState::read(path());
    EXPECT_EQ(again.find(fake::pci_id("0000:01:00.0")), ManualAction::kReleased);
    EXPECT_EQ(again.find(fake::pci_id("0000:02:00.0")), ManualAction::kBound);
    EXPECT_EQ(again.find(fake::pci_id("0000:03:00.0")), std::nullopt);
}

TEST_F(ManualStateTest, AreNotThoseOfAnotherDeviceAtTheAddress) {
    ManualState marks = ManualState::read(path());
    marks.set(device("0000:01:00.0"), ManualAction::kReleased);
    host_.pci("0000:01:00.0").nvme();
    marks.prune(host_.inventory());
    EXPECT_EQ(marks.find(fake::pci_id("0000:01:00.0")), std::nullopt);
}

TEST_F(ManualStateTest, SurviveAFileThatIsNotTheirs) {
    std::ofstream(path()) << "nonsense\n\tx\ty\npci/0000:01:00.0\treleased\tmodalias\n\n";
    const ManualState marks = ManualState::read(path());
    EXPECT_EQ(marks.find(fake::pci_id("0000:01:00.0")), ManualAction::kReleased);
}

}  // namespace
}  // namespace bindd
