// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/publication.hpp"

#include <gtest/gtest.h>

#include "bindd/controller/step_context.hpp"
#include "tests/fake/host.hpp"
#include "tests/unit/bindd/controller/effect_text.hpp"

namespace bindd {
namespace {

class PublicationTest : public testing::Test {
  protected:
    using Lines = std::vector<std::string>;

    PublicationTest() {
        host_.pci("0000:01:00.0").gpu().group(15);
        host_.pci("0000:02:00.0").nic().group(16);
    }
    /// What observers are notified of, for the host as it is now.
    Lines publish() {
        state_.view.inventory = host_.inventory();
        StepContext step{state_, {}};
        bindd::publish(step);
        return to_text(step.effects, {});
    }

    fake::Host host_;
    ControllerState state_;
};

TEST_F(PublicationTest, NotifiesOfEverythingOnce) {
    EXPECT_EQ(publish(), (Lines{"group 15 appeared", "group 16 appeared", "0000:01:00.0 appeared",
                                "0000:02:00.0 appeared", "counts changed"}));
    EXPECT_EQ(publish(), Lines{});
}

TEST_F(PublicationTest, NotifiesOfANewStateWithItsGroup) {
    (void)publish();
    state_.quarantine.add("txn", "does not return", {fake::pci_id("0000:02:00.0")});
    EXPECT_EQ(publish(), (Lines{"0000:02:00.0 changed", "group 16 changed", "counts changed"}));
    EXPECT_EQ(publish(), Lines{});
}

TEST_F(PublicationTest, NotifiesOnceOfAChangeThatTheStateDoesNotShow) {
    (void)publish();
    state_.published.changed = {fake::pci_id("0000:01:00.0"),
                                fake::pci_id("0000:09:00.0")};  // the second is not present
    EXPECT_EQ(publish(), (Lines{"0000:01:00.0 changed", "group 15 changed", "counts changed"}));
    EXPECT_EQ(publish(), Lines{});
}

TEST_F(PublicationTest, NotifiesOfVanishedDevicesBeforeTheirGroup) {
    (void)publish();
    host_.remove(fake::pci_id("0000:01:00.0"));
    host_.pci("0000:03:00.0").nvme().group(16);
    EXPECT_EQ(publish(), (Lines{"0000:01:00.0 vanished", "0000:03:00.0 appeared",
                                "group 15 vanished", "group 16 changed", "counts changed"}));
}

}  // namespace
}  // namespace bindd
