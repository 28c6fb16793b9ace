// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/manual_state.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host.hpp"

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

    fake::Host host_;
    sysfs::Inventory inventory_;
};

TEST_F(ManualStateTest, SurvivesARestart) {
    ManualState state;
    state.set(device("0000:01:00.0"), ManualAction::kReleased);
    state.set(device("0000:02:00.0"), ManualAction::kBound);
    const auto text = state.take_unsaved();
    ASSERT_TRUE(text);
    const ManualState again = ManualState::parse(*text);
    EXPECT_EQ(again.find(fake::pci_id("0000:01:00.0")), ManualAction::kReleased);
    EXPECT_EQ(again.find(fake::pci_id("0000:02:00.0")), ManualAction::kBound);
    EXPECT_EQ(again.find(fake::pci_id("0000:03:00.0")), std::nullopt);
}

TEST_F(ManualStateTest, IsSavedWhenItChangedOrSavingFailed) {
    ManualState state;
    EXPECT_FALSE(state.take_unsaved());
    state.set(device("0000:01:00.0"), ManualAction::kReleased);
    const auto text = state.take_unsaved();
    ASSERT_TRUE(text);
    EXPECT_FALSE(state.take_unsaved());
    state.mark_unsaved();
    EXPECT_EQ(state.take_unsaved(), text);
    EXPECT_FALSE(state.take_unsaved());
    EXPECT_FALSE(ManualState::parse(*text).take_unsaved());
}

TEST_F(ManualStateTest, DoesNotApplyToAnotherDeviceAtTheAddress) {
    ManualState state;
    state.set(device("0000:01:00.0"), ManualAction::kReleased);
    host_.pci("0000:01:00.0").nvme();
    state.prune(host_.inventory());
    EXPECT_EQ(state.find(fake::pci_id("0000:01:00.0")), std::nullopt);
}

TEST_F(ManualStateTest, SkipsMalformedLines) {
    const ManualState state =
        ManualState::parse("nonsense\n\tx\ty\npci/0000:01:00.0\treleased\tmodalias\n\n");
    EXPECT_EQ(state.find(fake::pci_id("0000:01:00.0")), ManualAction::kReleased);
}

}  // namespace
}  // namespace bindd
