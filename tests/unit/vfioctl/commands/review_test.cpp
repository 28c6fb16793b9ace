// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/unit/vfioctl/harness/cli_harness.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// Looking before doing: plans of a part, of other policies, saved ones, and the editor.
namespace tests {
namespace {

using Json = nlohmann::json;

constexpr const char* kTwoRules =
    "version: 1\n"
    "rules:\n"
    "  - { name: first, match: { address: \"0000:01:00.0\" }, driver: auto }\n"
    "  - { name: others, match: { class: network, not: { address: \"0000:01:00.0\" } }, driver: "
    "auto }\n";

fake::KernelState three_nics() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(11).driver("e1000e");
    host.pci("0000:02:00.0").nic().group(12).driver("e1000e").netdev("eth2");
    host.pci("0000:03:00.0").nic().group(13).driver("e1000e");
    return fake::KernelState::from(host);
}

std::string planned(CliHarness& cli, const std::string& words) {
    const CommandOutput output = cli.run("plan --json " + words);
    if (output.status != 0)
        return std::to_string(output.status) + ": " + output.err;
    std::string out;
    const Json document = Json::parse(output.out);
    for (const Json& transaction : document["transactions"])
        out += (out.empty() ? "" : " ") + transaction["devices"][0].get<std::string>();
    return out;
}

TEST(LimitedPlan, HasOnlyWhatWasNamed) {
    CliHarness cli(three_nics(), kTwoRules);
    EXPECT_EQ(planned(cli, ""), "0000:01:00.0 0000:02:00.0 0000:03:00.0");
    EXPECT_EQ(planned(cli, "03:00.0"), "0000:03:00.0");
    EXPECT_EQ(planned(cli, "eth2 01:00.0"), "0000:01:00.0 0000:02:00.0");
    EXPECT_EQ(planned(cli, "--rule others"), "0000:02:00.0 0000:03:00.0");
    EXPECT_EQ(planned(cli, "--rule others 03:00.0"), "0000:03:00.0");
    EXPECT_EQ(planned(cli, "--rule first,others"), "0000:01:00.0 0000:02:00.0 0000:03:00.0");
    EXPECT_EQ(planned(cli, "--rule first 03:00.0"), "");
    EXPECT_EQ(planned(cli, "--rule frist"),
              "2: vfioctl: --rule frist: no such rule\nhint: did you mean first?\n");
    EXPECT_EQ(cli.run("plan 0000:09:00.0").status, 5);
}

TEST(LimitedApply, ChangesOnlyWhatWasNamed) {
    CliHarness cli(three_nics(), kTwoRules);
    ASSERT_EQ(cli.run("apply 03:00.0").status, 0);
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e");
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "vfio-pci (vfio-pci)");
    ASSERT_EQ(cli.run("apply --rule first").status, 0);
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e");
    EXPECT_EQ(cli.run("apply --rule nobody").status, 2);
    EXPECT_EQ(cli.run("apply --early 01:00.0").status, 2);
}

TEST(PlanWith, ShowsTheDifferenceAndInstallsNothing) {
    CliHarness cli(three_nics(), kTwoRules);
    const std::string candidate = cli.path() + "/candidate.yaml";
    std::ofstream(candidate) << "version: 1\n"
                                "rules: [{ name: never, match: { address: \"0000:02:00.0\" }, "
                                "protect: true }]\n";
    EXPECT_EQ(planned(cli, "--with " + candidate), "0000:01:00.0 0000:03:00.0");
    const CommandOutput text = cli.run("plan --with " + candidate);
    EXPECT_TRUE(
        text.out.starts_with("policies:\n  added rule never (" + candidate + ":2)\ngroup 11"))
        << text.out;
    EXPECT_EQ(planned(cli, ""), "0000:01:00.0 0000:02:00.0 0000:03:00.0");
    EXPECT_EQ(cli.kernel().state().writes, 0U);

    const std::filesystem::path replacing =
        std::filesystem::path(cli.path()) / "new" / "policy.yaml";
    std::filesystem::create_directory(replacing.parent_path());
    std::ofstream(replacing) << "version: 1\n"
                                "rules: [{ name: first, priority: 1, match: { address: "
                                "\"0000:01:00.0\" }, driver: auto }]\n";
    const Json json = Json::parse(cli.run("plan --json --with " + replacing.string()).out);
    EXPECT_EQ(json["policy_changes"].size(), 2U) << json["policy_changes"];
    EXPECT_EQ(json["policy_changes"][0]["change"], "changed");
    EXPECT_EQ(json["policy_changes"][0]["name"], "first");
    EXPECT_EQ(json["policy_changes"][1]["change"], "removed");
    EXPECT_EQ(json["policy_changes"][1]["name"], "others");
    EXPECT_EQ(json["transactions"].size(), 1U);

    std::ofstream(candidate) << "version: 1\nruls: []\n";
    const CommandOutput broken = cli.run("plan --with " + candidate);
    EXPECT_EQ(broken.status, 1);
    EXPECT_NE(broken.err.find("candidate.yaml:2:1: error: "), std::string::npos) << broken.err;
    EXPECT_EQ(cli.run("plan --with " + cli.path() + "/absent.yaml").status, 1);
}

TEST(SavedPlan, IsAppliedAsItWasReviewed) {
    CliHarness cli(three_nics(), kTwoRules);
    const std::string file = cli.path() + "/plan.json";
    ASSERT_EQ(cli.run("plan --rule others --out " + file).status, 0);
    const CommandOutput applied = cli.run("apply " + file);
    EXPECT_EQ(applied.status, 0) << applied.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "vfio-pci (vfio-pci)");
    const CommandOutput again = cli.run("apply " + file);
    EXPECT_EQ(again.status, 3) << "what it says has been done";
    EXPECT_NE(again.err.find("have changed since this plan was made: 0000:02:00.0, 0000:03:00.0; "
                             "nothing was done\nhint: `vfioctl plan --out FILE`"),
              std::string::npos)
        << again.err;
}

TEST(SavedPlan, IsRefusedWhenTheHostOrThePoliciesHaveChanged) {
    using Change = void (*)(CliHarness&);
    const std::vector<std::pair<const char*, Change>> changes = {
        {"another card at the address",
         [](CliHarness& cli) {
             cli.kernel().change([](fake::KernelState& state) {
                 state.devices.at(fake::pci_id("0000:02:00.0")).modalias = "pci:v00008086d00001533";
             });
         }},
        {"another driver",
         [](CliHarness& cli) {
             cli.kernel().change([](fake::KernelState& state) {
                 state.devices.at(fake::pci_id("0000:02:00.0")).driver.reset();
             });
         }},
        {"gone",
         [](CliHarness& cli) {
             cli.kernel().change([](fake::KernelState& state) {
                 state.devices.erase(fake::pci_id("0000:02:00.0"));
             });
         }},
        {"in use now",
         [](CliHarness& cli) {
             cli.kernel().change([](fake::KernelState& state) {
                 state.uses[fake::pci_id("0000:02:00.0")] = {
                     {sysfs::UseKind::kDefaultRoute, "a default route leaves through it", "x"}};
             });
         }},
        {"another policy",
         [](CliHarness& cli) {
             std::ofstream(cli.path() + "/policy.yaml")
                 << "version: 1\nrules: [{ name: first, match: { class: network }, driver: none "
                    "}]\n";
         }},
    };
    for (const auto& [what, change] : changes) {
        CliHarness cli(three_nics(), kTwoRules);
        const std::string file = cli.path() + "/plan.json";
        ASSERT_EQ(cli.run("plan --out " + file).status, 0);
        change(cli);
        const CommandOutput applied = cli.run("apply " + file);
        EXPECT_EQ(applied.status, 3) << what << applied.err;
        EXPECT_NE(applied.err.find("0000:02:00.0"), std::string::npos) << what << applied.err;
        EXPECT_EQ(cli.kernel().state().writes, 0U) << what;
    }
}

TEST(SavedPlan, IsNoDeviceAndADeviceIsNoPlan) {
    CliHarness cli(three_nics(), kTwoRules);
    const std::string file = cli.path() + "/other.json";
    for (const char* text : {"", "{}", "[1, 2", "{\"schema\": 1}", "{\"schema\": \"vfioctl/1\"}"}) {
        std::ofstream(file) << text;
        EXPECT_EQ(cli.run("apply " + file).status, 5) << text;
    }
    std::ofstream(file) << "{\"schema\": \"vfioctl-plan/1\", \"scope\": \"rubbish\"}";
    EXPECT_EQ(cli.run("apply " + file).status, 1);
    std::ofstream(file) << "{\"schema\": \"vfioctl-plan/1\", \"devices\": [3, {}, null]}";
    EXPECT_EQ(cli.run("apply " + file).status, 3);
    EXPECT_EQ(cli.kernel().state().writes, 0U);
}

class PolicyEdit : public testing::Test {
  protected:
    void SetUp() override { write_workstation(root.path()); }

    /// The editor is a script that gets the copy's path as $1.
    ProcessOutput edit(const std::string& script,
                       const std::vector<std::string>& words = {"--yes"}) {
        const std::string editor = tools.path() + "/editor";
        std::ofstream(editor) << "#!/bin/sh\n" << script << "\n";
        ::chmod(editor.c_str(), 0755);
        std::vector<std::string> line = {"--root", root.path(), "policy", "edit"};
        line.insert(line.end(), words.begin(), words.end());
        return run_vfioctl(line, root.path(), {"EDITOR=" + editor, "TMPDIR=" + tools.path()});
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        std::ifstream stream(root.path() + "/etc/bindd/policies.d/" + name);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    const fake::TempDir root;
    const fake::TempDir tools;
};

constexpr const char* kOneRule =
    "printf 'version: 1\\nrules: [{ name: mine, match: { class: network }, driver: host }]\\n' > "
    "\"$1\"";

TEST_F(PolicyEdit, InstallsWhatTheEditorLeavesAndShowsItsPlan) {
    const ProcessOutput output = edit(kOneRule);
    EXPECT_EQ(output.status, 0) << output.err;
    EXPECT_NE(output.out.find("policies:\n  added rule mine ("), std::string::npos) << output.out;
    EXPECT_NE(output.out.find("50-local.yaml: installed\n"), std::string::npos) << output.out;
    EXPECT_EQ(file("50-local.yaml"),
              "version: 1\nrules: [{ name: mine, match: { class: network }, driver: host }]\n");
    EXPECT_EQ(
        std::filesystem::status(root.path() + "/etc/bindd/policies.d/50-local.yaml").permissions(),
        std::filesystem::perms(0644));
    for (const auto& left : std::filesystem::directory_iterator(tools.path()))
        EXPECT_EQ(left.path().filename(), "editor") << "the copy is gone";
}

TEST_F(PolicyEdit, ChangesNothingUnlessTheUserAgrees) {
    const ProcessOutput output = edit(kOneRule, {});
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("Install it? [y]es, [e]dit again, [n]o: "), std::string::npos);
    EXPECT_NE(output.out.find("50-local.yaml: not installed\n"), std::string::npos) << output.out;
    EXPECT_EQ(file("50-local.yaml"), "");
}

TEST_F(PolicyEdit, ChangesNothingWhenTheEditorDoesNot) {
    const std::string before = file("10-guest.yaml");
    EXPECT_EQ(edit("true").status, 0);
    EXPECT_EQ(file("50-local.yaml"), "") << "the template is no file";
    const ProcessOutput output = edit("touch \"$1\"", {"10-guest.yaml", "--json"});
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(Json::parse(output.out)["result"], "unchanged");
    EXPECT_EQ(file("10-guest.yaml"), before);
}

TEST_F(PolicyEdit, ChangesNothingWhenTheEditorFails) {
    for (const char* script : {"echo 'version: 1' > \"$1\"; exit 1", "kill -9 $$"}) {
        const ProcessOutput output = edit(script);
        EXPECT_EQ(output.status, 1);
        EXPECT_NE(output.err.find("the editor failed, so nothing was changed"), std::string::npos);
    }
    EXPECT_EQ(file("50-local.yaml"), "");
    EXPECT_EQ(run_vfioctl({"--root", root.path(), "policy", "edit"}, root.path(),
                          {"VISUAL=/no/such/editor"})
                  .status,
              1);
}

TEST_F(PolicyEdit, InstallsNoFileThatMakesTheSetInvalid) {
    const ProcessOutput output = edit("echo 'version: 2' > \"$1\"");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("50-local.yaml:1:10: error: "), std::string::npos)
        << "by the name that it would have: " << output.err;
    const ProcessOutput twice = edit(
        "sed -i 's/rules:.*/rules: [{ name: guest-gpu, match: { class: "
        "display }, driver: auto }]/' \"$1\"");
    EXPECT_EQ(twice.status, 1) << "a name that another file has";
    EXPECT_EQ(file("50-local.yaml"), "");
    EXPECT_EQ(edit(kOneRule, {"mine.yml"}).status, 2);
}

TEST_F(PolicyEdit, OverwritesNothingThatWasWrittenMeanwhile) {
    const std::string path = root.path() + "/etc/bindd/policies.d/10-guest.yaml";
    const ProcessOutput output =
        edit(std::string(kOneRule) + "; echo '# mine' >> " + path, {"--yes", path});
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.err.find("was changed by someone else meanwhile"), std::string::npos);
    EXPECT_TRUE(file("10-guest.yaml").ends_with("# mine\n"));
}

}  // namespace
}  // namespace tests
