// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <cerrno>
#include <iterator>

#include "tests/unit/bindd/controller/step_fixture.hpp"

namespace bindd {
namespace {

constexpr const char* kKeptAddress = "0000:01:00.0";

/// Devices that the host used in an earlier boot, after which nothing is mounted and no interface
/// is up yet.
class KeptDevicesTest : public StepTest {
  protected:
    /// What `lines` have of udev's rules and of transactions.
    static Lines changes_in(const Lines& lines) {
        Lines found;
        std::copy_if(lines.begin(), lines.end(), std::back_inserter(found), [](const auto& line) {
            return line.starts_with("write udev") || line.find("apply by") != std::string::npos;
        });
        return found;
    }
    /// Until the first scan has been answered.
    void start_with(binding::InUseFound found) {
        (void)start();
        (void)notice(std::move(found));
        (void)recovered();
        (void)scanned(1);
    }
    void start_kept() {
        start_with({{{fake::pci_id(kKeptAddress), device(kKeptAddress).ids,
                      policy::ReasonCode::kDefaultRoute, "default via eth0",
                      policy::UseSeen::kEarlierBoot}},
                    {}});
    }
    [[nodiscard]] std::string state_line() {
        return binding::state_line(device_state(kKeptAddress));
    }
    Lines used(RequestId query) {
        (void)reply(query,
                    binding::UsageFound{
                        {{fake::pci_id(kKeptAddress),
                          {{sysfs::UseKind::kAddressed, "has an address", "10.0.0.2/24"}}}}});
        return end(query);
    }
    void expect_taken_by_an_apply() {
        (void)submit(JobKind::kApply, "");
        (void)fire(TimerId::kJobs);
        (void)scanned(3);
        EXPECT_EQ(changes_in(unused(4)),
                  (Lines{"write udev rules",
                         "#5 apply by bindd (uid 1000, test): group 11: load_module set_override "
                         "unbind bind"}));
    }
    void scan_again(RequestId scan) {
        (void)feed(HostEvent{.kind = HostEvent::EventKind::kChanged,
                             .device = fake::pci_id(kKeptAddress)});
        (void)fire(TimerId::kScan, std::chrono::milliseconds(4));
        (void)scanned(scan);
    }
};

TEST_F(KeptDevicesTest, AreInUseForTheNextBootUntilTheyAreUsedNoMore) {
    start_with({});
    EXPECT_EQ(changes_in(used(2)), Lines{"write udev rules without 0000:01:00.0"});
    scan_again(3);
    EXPECT_EQ(changes_in(end(4, base::fail(base::Code::kTimeout, "look", "", "hangs"))), Lines{})
        << "not known";
    scan_again(5);
    EXPECT_EQ(changes_in(unused(6)).front(), "write udev rules");
}

TEST_F(KeptDevicesTest, AreNotTakenByTheFirstReconciliation) {
    start_kept();
    EXPECT_EQ(changes_in(unused(2)), Lines{}) << "and stays in the list";
    EXPECT_EQ(
        state_line(),
        "pending, kept: the host used 0000:01:00.0 before this boot (default-route: default via "
        "eth0) and may use it again; `vfioctl apply` takes it if it is not in use");
    scan_again(3);
    EXPECT_EQ(changes_in(unused(4)), Lines{}) << "nor by a later one";
}

TEST_F(KeptDevicesTest, AreTakenOnceAUseOfThisBootHasEnded) {
    start_kept();
    EXPECT_EQ(changes_in(used(2)), Lines{"write udev rules without 0000:01:00.0"});
    scan_again(3);
    EXPECT_EQ(changes_in(unused(4)),
              (Lines{"write udev rules",
                     "#5 apply by bindd (event): group 11: load_module set_override unbind bind"}));
}

TEST_F(KeptDevicesTest, AreTakenByAnApply) {
    start_kept();
    (void)unused(2);
    expect_taken_by_an_apply();
}

TEST_F(KeptDevicesTest, AreTakenWhereAnotherDeviceHasTheAddress) {
    sysfs::HardwareIds other = device(kKeptAddress).ids;
    other.device = 0x1234;
    start_with({{{fake::pci_id(kKeptAddress), other, policy::ReasonCode::kMounted, "sda1 on /",
                  policy::UseSeen::kEarlierBoot}},
                {}});
    EXPECT_EQ(changes_in(unused(2)).back(),
              "#3 apply by bindd (start): group 11: load_module set_override unbind bind");
}

TEST_F(KeptDevicesTest, AreAllWhileTheListIsNotKnown) {
    start_with({{}, "devices-in-use: is damaged"});
    EXPECT_EQ(changes_in(unused(2)), Lines{}) << "the damaged list stays";
    EXPECT_EQ(state_line(), "pending, kept: devices-in-use: is damaged");
    expect_taken_by_an_apply();
}

TEST_F(KeptDevicesTest, AreWrittenAgainWhereTheListCouldNotBe) {
    start_with({});
    EXPECT_EQ(changes_in(used(2)), Lines{"write udev rules without 0000:01:00.0"});
    const base::Error full =
        base::fail_errno(ENOSPC, "write", "/var/lib/bindd/devices-in-use").value();
    EXPECT_EQ(feed(UdevRulesNotWritten{full}), (Lines{"log warning: " + full.text()}));
    scan_again(3);
    EXPECT_EQ(changes_in(used(4)), Lines{"write udev rules without 0000:01:00.0"});
    scan_again(5);
    EXPECT_EQ(changes_in(used(6)), Lines{});
}

}  // namespace
}  // namespace bindd
