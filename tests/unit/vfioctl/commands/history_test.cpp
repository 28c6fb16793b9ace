// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/history.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "binding/journal/history.hpp"
#include "binding/report/history_report.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// `history` and the history in `show`, of the workstation with three transactions.
namespace tests {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNoon = 1'764'590'400;  // 2025-12-01T12:00:00Z

binding::HistoryEntry entry(const char* txn, std::int64_t seconds, const char* device,
                            const char* rule, const char* result) {
    return {.txn = txn,
            .time_us = seconds * kSecond,
            .actor = "vfioctl (uid 0)",
            .action = "apply",
            .group = 14,
            .devices = {{"pci", device}},
            .driver = "vfio-pci",
            .rule = rule,
            .where = "a.yaml:3",
            .result = result,
            .error = ""};
}

class HistoryOfWorkstation : public testing::Test {
  protected:
    HistoryOfWorkstation() {
        write_workstation(root_.path());
        const auto state = binding::StateDir::below({root_.path()});
        EXPECT_TRUE(binding::append_history(
            state, {entry("t1", kNoon, "0000:03:00.0", "guest-nic", "failed"),
                    entry("t2", kNoon + 60, "0000:09:00.0", "gone", "done"),
                    entry("t3", std::time(nullptr), "0000:03:00.0", "guest-nic", "done")}));
    }
    ProcessOutput run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--root", "."});
        return run_vfioctl(arguments, root_.path(), {"LC_ALL=C", "TZ=XST-2"});
    }
    /// The transactions that `history` lists.
    std::string listed(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "history");
        std::istringstream lines(run(arguments).out);
        std::string out;
        for (std::string line; std::getline(lines, line);)
            for (const char* txn : {"t1", "t2", "t3"})
                if (line.find(std::string(" ") + txn + " ") != std::string::npos)
                    out += (out.empty() ? "" : " ") + std::string(txn);
        return out;
    }
    fake::TempDir root_;
};

TEST_F(HistoryOfWorkstation, IsFilteredAndLimited) {
    EXPECT_EQ(listed({}), "t1 t2 t3");
    EXPECT_EQ(listed({"eth0"}), "t1 t3");
    EXPECT_EQ(listed({"09:00.0"}), "t2");  // a device that is gone
    EXPECT_EQ(listed({"--rule", "gone,other"}), "t2");
    EXPECT_EQ(listed({"--result", "done"}), "t2 t3");
    EXPECT_EQ(listed({"--limit", "2"}), "t2 t3");
    EXPECT_EQ(listed({"--since", "1h"}), "t3");
    EXPECT_EQ(listed({"--since", "2025-12-01T12:00:01Z"}), "t2 t3");
    EXPECT_EQ(listed({"--since", "2025-12-01 14:01"}), "t2 t3");  // two hours east
    EXPECT_EQ(listed({"--since", "2025-12-02", "--result", "done", "eth0"}), "t3");
    EXPECT_EQ(run({"history", "--rule", "none-such"}).err, "vfioctl: no transactions\n");
    EXPECT_EQ(run({"history", "05:00.0"}).status, 5);
    EXPECT_EQ(run({"history", "--since", "yesterday-ish"}).status, 2);
    EXPECT_EQ(run({"history", "--limit", "0"}).status, 2);
}

TEST_F(HistoryOfWorkstation, HasLocalTimesForPeople) {
    const auto first = [&](const std::vector<std::string>& arguments) {
        const std::string out = run(arguments).out;
        const std::size_t line = out.find('\n') + 1;
        return out.substr(line, 20);
    };
    EXPECT_EQ(first({"history"}), "2025-12-01 14:00:00 ");
    EXPECT_EQ(first({"history", "--utc"}), "2025-12-01T12:00:00Z");
    EXPECT_NE(run({"--json", "history"}).out.find("\"time\": \"2025-12-01T12:00:00Z\""),
              std::string::npos);
}

TEST_F(HistoryOfWorkstation, IsInShow) {
    const std::string text = run({"show", "eth0"}).out;
    const std::size_t at = text.find("last transactions:");
    ASSERT_NE(at, std::string::npos) << text;
    const std::string shown = text.substr(at);
    const std::size_t newest = shown.find("apply vfio-pci: done, rule guest-nic");
    const std::size_t oldest =
        shown.find("2025-12-01 14:00:00  apply vfio-pci: failed, rule guest-nic");
    EXPECT_LT(newest, oldest) << text;
    EXPECT_NE(oldest, std::string::npos) << text;
    EXPECT_EQ(shown.find("gone"), std::string::npos) << text;
}

}  // namespace
}  // namespace tests
