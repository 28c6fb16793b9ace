// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/rule_file.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "binding/policies/policy_files.hpp"
#include "policy/decide/decide.hpp"
#include "policy/plan/bind_rule.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"

/// What `bind --persist` keeps decides at the next boot, whatever the other files say.
namespace vfioctl {
namespace {

class RuleFileTest : public testing::Test {
  protected:
    RuleFileTest() {
        host_.pci("0000:01:00.0").nic().group(11).driver("e1000e");
        inventory_ = host_.inventory();
        std::filesystem::create_directories(policies());
    }

    [[nodiscard]] std::string policies() const { return dir_.path() + "/etc/bindd/policies.d"; }
    void write(const std::string& name, const std::string& rule) const {
        std::ofstream(policies() + "/" + name) << "version: 1\nrules:\n  - " << rule;
    }

    CliResult<void> keep() {
        auto file = RuleFile::read({dir_.path()});
        if (!file)
            return propagate(file);
        const sysfs::Device& nic = inventory_.devices.front();
        policy::BindOptions options;
        options.driver = {policy::DriverAction::ActionKind::kNone, {}};
        file->add_or_replace(policy::make_bind_rule(nic, options), nic, inventory_);
        return file->write(inventory_, host_.drivers());
    }

    /// The rule that decides, of all files; empty: there is none, or they are invalid.
    std::string winner() {
        const policy::Parsed parsed =
            binding::load_policies({policies()}, binding::MissingPath::kError);
        const policy::Decisions decisions = policy::decide(parsed.set, inventory_, host_.drivers());
        const policy::Decision* decision =
            policy::find_decision(decisions, inventory_.devices.front().id);
        return parsed.ok() && decision != nullptr && decision->rule != nullptr
                   ? decision->rule->name
                   : "";
    }

    fake::TempDir dir_;
    fake::Host host_;
    sysfs::Inventory inventory_;
};

TEST_F(RuleFileTest, KeepsARuleAboveThoseThatMatchTheDevice) {
    write("10-nics.yaml",
          "name: nics\n    priority: 70\n    match: { class: network }\n    driver: auto\n");
    ASSERT_TRUE(keep());
    EXPECT_EQ(winner(), "bind-0000-01-00-0");
    ASSERT_TRUE(keep()) << "again, in place of itself";
    EXPECT_EQ(winner(), "bind-0000-01-00-0");
}

TEST_F(RuleFileTest, KeepsARuleBesideAGeneratedOneOfItsName) {
    write("10-generated.yaml",
          "name: bind-0000-01-00-0\n    match: { address: \"0000:01:00.0\" }\n    driver: auto\n");
    ASSERT_TRUE(keep());
    EXPECT_EQ(winner(), "bind-0000-01-00-0-kept");
}

TEST_F(RuleFileTest, WritesNoRuleThatWouldNotDecide) {
    write("10-protect.yaml", "name: mine\n    match: { class: network }\n    protect: true\n");
    const auto kept = keep();
    ASSERT_FALSE(kept);
    EXPECT_NE(kept.error().why.find("would not decide"), std::string::npos) << kept.error().why;
    EXPECT_FALSE(std::filesystem::exists(policies() + "/90-vfioctl.yaml"));
}

TEST_F(RuleFileTest, ForgetsARuleAndItsFileWithTheLast) {
    ASSERT_TRUE(keep());
    auto file = RuleFile::read({dir_.path()});
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->remove(inventory_.devices.front()));
    EXPECT_FALSE(file->remove(inventory_.devices.front()));
    ASSERT_TRUE(file->write(inventory_, host_.drivers()));
    EXPECT_FALSE(std::filesystem::exists(policies() + "/90-vfioctl.yaml"));
}

}  // namespace
}  // namespace vfioctl
