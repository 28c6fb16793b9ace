// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/audience.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host.hpp"

namespace bindd {
namespace {

/// Writes down what it is told.
class Listener final : public Observer {
  public:
    void device_appeared(const sysfs::DeviceId& id) override { told += "+" + id.name + " "; }
    void device_changed(const sysfs::DeviceId& id) override { told += "~" + id.name + " "; }
    void device_vanished(const sysfs::DeviceId& id) override { told += "-" + id.name + " "; }
    void group_appeared(int group) override { told += "+" + std::to_string(group) + " "; }
    void group_changed(int group) override { told += "~" + std::to_string(group) + " "; }
    void group_vanished(int group) override { told += "-" + std::to_string(group) + " "; }
    void counts_changed() override { told += "counts "; }
    void job_ended(const Job& job) override { told += "job " + std::to_string(job.id) + " "; }

    std::string told;
};

class Publishing : public testing::Test {
  protected:
    Publishing() {
        host_.pci("0000:01:00.0").gpu().group(15);
        host_.pci("0000:02:00.0").nic().group(16);
        audience_.join(listener_);
    }
    /// What is told of the host as it is now.
    std::string publish() {
        view_.inventory = host_.inventory();
        listener_.told.clear();
        audience_.publish(view_, [this](const sysfs::Device& device) {
            return binding::DeviceState{states_[device.id.name], std::nullopt};
        });
        return listener_.told;
    }

    fake::Host host_;
    View view_;
    std::map<std::string, std::string> states_;
    Audience audience_;
    Listener listener_;
};

TEST_F(Publishing, TellsOfEverythingOnce) {
    EXPECT_EQ(publish(), "+15 +16 +0000:01:00.0 +0000:02:00.0 counts ");
    EXPECT_EQ(publish(), "");
    EXPECT_TRUE(audience_.knows(fake::pci_id("0000:01:00.0")));
    EXPECT_FALSE(audience_.knows(fake::pci_id("0000:03:00.0")));
}

TEST_F(Publishing, TellsOfAnotherStateWithItsGroup) {
    (void)publish();
    states_["0000:02:00.0"] = "bound";
    EXPECT_EQ(publish(), "~0000:02:00.0 ~16 counts ");
    EXPECT_EQ(publish(), "");
}

TEST_F(Publishing, TellsOnceOfWhatItsStateDoesNotShow) {
    (void)publish();
    audience_.note(fake::pci_id("0000:01:00.0"));
    audience_.note(fake::pci_id("0000:09:00.0"));  // never seen
    EXPECT_EQ(publish(), "~0000:01:00.0 ~15 counts ");
    EXPECT_EQ(publish(), "");
}

TEST_F(Publishing, TellsOfDevicesThatWentBeforeTheirGroup) {
    (void)publish();
    host_.remove(fake::pci_id("0000:01:00.0"));
    host_.pci("0000:03:00.0").nvme().group(16);
    EXPECT_EQ(publish(), "-0000:01:00.0 +0000:03:00.0 -15 ~16 counts ");
    EXPECT_FALSE(audience_.knows(fake::pci_id("0000:01:00.0")));
}

TEST_F(Publishing, TellsAllWhoJoinedAndNobodyWhoLeft) {
    Listener other;
    audience_.join(other);
    Job job;
    job.id = 7;
    audience_.tell(&Observer::job_ended, job);
    audience_.leave(listener_);
    audience_.tell(&Observer::job_ended, job);
    EXPECT_EQ(listener_.told, "job 7 ");
    EXPECT_EQ(other.told, "job 7 job 7 ");
}

}  // namespace
}  // namespace bindd
