// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/change_notifier.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host.hpp"

namespace bindd {
namespace {

/// Writes down what it is told.
class Listener final : public Observer {
  public:
    void device_appeared(const sysfs::DeviceId& id) override { received += "+" + id.name + " "; }
    void device_changed(const sysfs::DeviceId& id) override { received += "~" + id.name + " "; }
    void device_vanished(const sysfs::DeviceId& id) override { received += "-" + id.name + " "; }
    void group_appeared(int group) override { received += "+" + std::to_string(group) + " "; }
    void group_changed(int group) override { received += "~" + std::to_string(group) + " "; }
    void group_vanished(int group) override { received += "-" + std::to_string(group) + " "; }
    void counts_changed() override { received += "counts "; }
    void job_ended(const Job& job) override { received += "job " + std::to_string(job.id) + " "; }

    std::string received;
};

class ChangeNotifierTest : public testing::Test {
  protected:
    ChangeNotifierTest() {
        host_.pci("0000:01:00.0").gpu().group(15);
        host_.pci("0000:02:00.0").nic().group(16);
        notifier_.subscribe(listener_);
    }
    /// What is told of the host as it is now.
    std::string publish() {
        view_.inventory = host_.inventory();
        listener_.received.clear();
        notifier_.notify_changes(view_, [this](const sysfs::Device& device) {
            return binding::DeviceState{states_[device.id.name], std::nullopt};
        });
        return listener_.received;
    }

    fake::Host host_;
    View view_;
    std::map<std::string, std::string> states_;
    ChangeNotifier notifier_;
    Listener listener_;
};

TEST_F(ChangeNotifierTest, TellsOfEverythingOnce) {
    EXPECT_EQ(publish(), "+15 +16 +0000:01:00.0 +0000:02:00.0 counts ");
    EXPECT_EQ(publish(), "");
    EXPECT_TRUE(notifier_.is_published(fake::pci_id("0000:01:00.0")));
    EXPECT_FALSE(notifier_.is_published(fake::pci_id("0000:03:00.0")));
}

TEST_F(ChangeNotifierTest, TellsOfAnotherStateWithItsGroup) {
    (void)publish();
    states_["0000:02:00.0"] = "bound";
    EXPECT_EQ(publish(), "~0000:02:00.0 ~16 counts ");
    EXPECT_EQ(publish(), "");
}

TEST_F(ChangeNotifierTest, TellsOnceOfWhatItsStateDoesNotShow) {
    (void)publish();
    notifier_.mark_changed(fake::pci_id("0000:01:00.0"));
    notifier_.mark_changed(fake::pci_id("0000:09:00.0"));  // never seen
    EXPECT_EQ(publish(), "~0000:01:00.0 ~15 counts ");
    EXPECT_EQ(publish(), "");
}

TEST_F(ChangeNotifierTest, TellsOfDevicesThatWentBeforeTheirGroup) {
    (void)publish();
    host_.remove(fake::pci_id("0000:01:00.0"));
    host_.pci("0000:03:00.0").nvme().group(16);
    EXPECT_EQ(publish(), "-0000:01:00.0 +0000:03:00.0 -15 ~16 counts ");
    EXPECT_FALSE(notifier_.is_published(fake::pci_id("0000:01:00.0")));
}

TEST_F(ChangeNotifierTest, TellsAllWhoJoinedAndNobodyWhoLeft) {
    Listener other;
    notifier_.subscribe(other);
    Job job;
    job.id = 7;
    notifier_.notify(&Observer::job_ended, job);
    notifier_.unsubscribe(listener_);
    notifier_.notify(&Observer::job_ended, job);
    EXPECT_EQ(listener_.received, "job 7 ");
    EXPECT_EQ(other.received, "job 7 job 7 ");
}

}  // namespace
}  // namespace bindd
