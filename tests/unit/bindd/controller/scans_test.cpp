// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/scans.hpp"

#include <algorithm>

#include "tests/unit/bindd/controller/step_fixture.hpp"

/// Hints that come faster than the host is scanned.
namespace bindd {
namespace {

class ScansTest : public StepTest {
  protected:
    /// As `vfioctl reload` asks for it; `keys` are more lines of the rule.
    Lines reload(const std::string& keys = {}) {
        PoliciesRead input;
        input.policies.sources = {{"test.yaml",
                                   "version: 1\nrules:\n  - name: nics\n    match: { class: "
                                   "network }\n    driver: auto\n" +
                                       keys}};
        input.policies.parsed = policy::parse_set(input.policies.sources);
        Lines lines = feed(std::move(input));
        std::erase_if(lines, [](const std::string& line) {
            return line.starts_with("log info") || line.starts_with("policies read");
        });
        return lines;
    }
    static bool contains(const Lines& lines, const std::string& line) {
        return std::find(lines.begin(), lines.end(), line) != lines.end();
    }
};

/// Each reload once began a scan of its own, beside which the results of earlier ones did not
/// count: reloads that came faster than a scan took kept the daemon from ever acting.
TEST_F(ScansTest, UsesAScanThoughReloadsComeWhileItRuns) {
    (void)start();
    (void)recovered();
    EXPECT_EQ(reload(), Lines{});
    EXPECT_EQ(scanned(1), (Lines{"write udev rules", "#2 query usage of 0000:01:00.0"}));
    EXPECT_EQ(reload(), Lines{});
    const Lines acts = unused(2);
    EXPECT_TRUE(contains(
        acts, "#3 apply by bindd (start): group 11: load_module set_override unbind bind"));
    EXPECT_EQ(acts.back(), "#4 scan the host");
    EXPECT_EQ(reload(), Lines{});
}

TEST_F(ScansTest, ScansOnceMoreForWhateverHappenedMeanwhile) {
    start_ready();
    EXPECT_EQ(reload(), (Lines{"#5 scan the host"}));
    for (int each = 0; each < 3; ++each)
        EXPECT_EQ(reload(), Lines{});
    EXPECT_TRUE(contains(scanned(5), "#6 scan the host"));
    EXPECT_FALSE(contains(scanned(6), "#7 scan the host"));
}

TEST_F(ScansTest, DoesNotUseAScanWithoutTheFactsOfTheNewPolicies) {
    start_ready();
    EXPECT_EQ(reload(), (Lines{"#5 scan the host"}));
    EXPECT_EQ(reload("  - { name: x, match: { serial: '1' }, driver: auto }\n"),
              (Lines{"#6 scan the host"}));
    EXPECT_FALSE(contains(scanned(5), "#7 scan the host"));
    EXPECT_FALSE(contains(scanned(6), "#7 scan the host"));
}

/// The device that was being bound was pulled out, and its failure counted for the next one: what
/// is removed and rescanned a moment after it has been bound was sometimes left alone for good.
TEST_F(ScansTest, DoesNotBlameADeviceForTheFailureOfTheOneBeforeIt) {
    (void)start();
    (void)recovered();
    (void)scanned(1);
    (void)unused(2);
    const sysfs::DeviceId nic = fake::pci_id("0000:01:00.0");
    (void)feed(HostEvent{.kind = HostEvent::EventKind::kRemoved, .device = nic});
    (void)feed(HostEvent{.kind = HostEvent::EventKind::kAdded, .device = nic});
    transactions_.at(3).error_code = base::Code::kGone;
    (void)executed(3, policy::StepResult::kRolledBack, "is gone");
    (void)fire(TimerId::kScan);
    EXPECT_EQ(scanned(4), (Lines{"#5 query usage of 0000:01:00.0"}));
    EXPECT_TRUE(contains(
        unused(5), "#6 apply by bindd (start): group 11: load_module set_override unbind bind"));
}

TEST_F(ScansTest, ScansOnceMoreAfterAScanThatFailed) {
    start_ready();
    EXPECT_EQ(reload(), (Lines{"#5 scan the host"}));
    EXPECT_EQ(reload(), Lines{});
    EXPECT_TRUE(contains(end(5, base::fail(base::Code::kFailed, "scan", "the host", "broken")),
                         "#6 scan the host"));
}

}  // namespace
}  // namespace bindd
