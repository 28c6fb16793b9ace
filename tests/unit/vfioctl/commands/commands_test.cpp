// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tests/unit/vfioctl/harness/cli_harness.hpp"

/// Commands that write, against the model of the kernel: what they print, how they end, and what
/// they leave.
namespace tests {
namespace {

using Json = nlohmann::json;

constexpr const char* kNoRules = "version: 1\nrules: []\n";
constexpr const char* kPort =
    "version: 1\n"
    "rules:\n"
    "  - name: nic\n"
    "    match: { vendor: \"8086\", device: \"10d3\" }\n"
    "    driver: auto\n";

fake::KernelState two_nics() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("e1000e");
    host.pci("0000:02:00.0").nic().group(16).driver("e1000e").override_("e1000e");
    host.pci("0000:03:00.0").gpu().group(17).driver("nouveau");
    host.pci("0000:03:00.1").audio().group(17).driver("snd_hda_intel");
    return fake::KernelState::from(host);
}

TEST(Apply, BindsAndSaysSoAndTheSecondTimeDoesNothing) {
    CliHarness cli(two_nics(), kPort);
    const CommandOutput first = cli.run("apply");
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_NE(first.out.find("group 15: done\n"), std::string::npos) << first.out;
    EXPECT_NE(first.out.find("\n2 done\n"), std::string::npos) << first.out;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "vfio-pci (vfio-pci)");
    const unsigned writes = cli.kernel().state().writes;
    const CommandOutput second = cli.run("apply");
    EXPECT_EQ(second.status, 0);
    EXPECT_NE(second.out.find("Nothing to do: 2 as wanted.\n"), std::string::npos) << second.out;
    EXPECT_EQ(cli.kernel().state().writes, writes);
}

TEST(Release, RestoresDriverAndTheForeignOverride) {
    CliHarness cli(two_nics(), kPort);
    ASSERT_EQ(cli.run("apply").status, 0);
    const CommandOutput released = cli.run("release 0000:02:00.0 01:00.0");
    EXPECT_EQ(released.status, 0) << released.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e (e1000e)");
    EXPECT_EQ(cli.run("release 0000:01:00.0").status, 0) << "nothing to do";
}

TEST(Apply, ReportsWhatFailedAndExitsPartly) {
    fake::KernelState world = two_nics();
    world.refuse(fake::pci_id("0000:02:00.0"), "vfio-pci", 22);
    CliHarness cli(world, kPort);
    const CommandOutput output = cli.run("apply --json");
    EXPECT_EQ(output.status, 4);
    const Json json = Json::parse(output.out);
    EXPECT_EQ(json["schema"], "vfioctl/1");
    EXPECT_EQ(json["transactions"][0]["result"], "done");
    EXPECT_NE(json["transactions"][1]["result"], "done");
    EXPECT_EQ(json["summary"]["failed"], 1);
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e (e1000e)");
    const Json listed = Json::parse(cli.run("list --json 0000:02:00.0").out);
    EXPECT_EQ(listed["devices"][0]["state"], "failed");
}

TEST(Apply, AloneRefusedIsThreeAndFailedIsOne) {
    fake::KernelState world = two_nics();
    world.uses[fake::pci_id("0000:01:00.0")] = {{sysfs::UseKind::kDefaultRoute,
                                                 "a default route leaves through it",
                                                 "default via 10.0.0.1"}};
    world.devices.erase(fake::pci_id("0000:02:00.0"));
    CliHarness cli(world, kPort);
    const CommandOutput refused = cli.run("apply");
    EXPECT_EQ(refused.status, 3) << refused.out;
    EXPECT_NE(refused.out.find(" [in_use: { allow: [default-route] }]\n"), std::string::npos)
        << refused.out;
    const CommandOutput forceable = cli.run("bind 01:00.0");
    EXPECT_EQ(forceable.status, 3) << forceable.out;
    EXPECT_NE(forceable.out.find(" [--force default-route]\n"), std::string::npos) << forceable.out;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
}

TEST(Attributes, AreInShowExplainAndHistory) {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("e1000e").attr("msi_bus", "1");
    host.pci("0000:01:00.0").attr("d3cold_allowed", "0");
    CliHarness cli(fake::KernelState::from(host),
                   kPort + std::string("    attrs: { msi_bus: 0, d3cold_allowed: 0 }\n"));
    const Json before =
        Json::array({{{"name", "msi_bus"}, {"wanted", "0"}, {"actual", "1"}},
                     {{"name", "d3cold_allowed"}, {"wanted", "0"}, {"actual", "0"}}});
    EXPECT_EQ(Json::parse(cli.run("show --json 01:00.0").out)["devices"][0]["attrs"], before);
    EXPECT_EQ(Json::parse(cli.run("explain --json 01:00.0").out)["attrs"], before);
    EXPECT_NE(cli.run("show 01:00.0").out.find("msi_bus=0, now 1\n"), std::string::npos);
    const std::string explained = cli.run("explain 01:00.0").out;
    EXPECT_NE(explained.find("attributes of the rule:\n  msi_bus=0, now 1\n  d3cold_allowed=0\n"),
              std::string::npos)
        << explained;
    ASSERT_EQ(cli.run("apply").status, 0);
    const Json done = Json::parse(cli.run("history --json").out)["history"];
    EXPECT_EQ(done.at(0)["attrs"], Json::array({"msi_bus=0"})) << done;
    EXPECT_NE(cli.run("history").out.find(" msi_bus=0 done "), std::string::npos)
        << cli.run("history").out;
}

// The override of driverctl names the host's own driver: the plan and the result say that it is
// back, or stays.
TEST(Bind, ToTheHostNamesTheForeignOverride) {
    CliHarness cli(two_nics(), kNoRules);
    const CommandOutput kept = cli.run("bind 02:00.0 --driver host");
    EXPECT_NE(
        kept.out.find("note: 0000:02:00.0 keeps the override e1000e, which bindd has not set"),
        std::string::npos)
        << kept.out;
    ASSERT_EQ(cli.run("bind 02:00.0").status, 0);
    const std::string line = "    set_override  0000:02:00.0  e1000e";
    const std::string note =
        "note: 0000:02:00.0 gets back the override e1000e, which bindd has not set";
    for (const char* command :
         {"bind 02:00.0 --driver host --dry-run", "bind 02:00.0 --driver host"}) {
        const CommandOutput shown = cli.run(command);
        EXPECT_EQ(shown.status, 0) << shown.out;
        EXPECT_NE(shown.out.find(line), std::string::npos) << shown.out;
        EXPECT_NE(shown.out.find(note), std::string::npos) << shown.out;
        EXPECT_EQ(shown.out.find("clear_override"), std::string::npos) << shown.out;
    }
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e (e1000e)");
}

TEST(Apply, NamesTheFileThatIsNoSavedPlan) {
    CliHarness cli(two_nics(), kPort);
    for (const std::string file : {"/nonexistent/plan", "./nonexistent.json"}) {
        const CommandOutput missing = cli.run("apply " + file);
        EXPECT_EQ(missing.status, 5) << missing.out;
        EXPECT_EQ(missing.err, "vfioctl: " + file +
                                   ": No such file or directory\nhint: `vfioctl plan --out FILE` "
                                   "saves a plan\n");
    }
    const std::string other = cli.path() + "/policy.yaml";
    EXPECT_EQ(cli.run("apply " + other).err, "vfioctl: " + other +
                                                 ": is no saved plan\nhint: `vfioctl plan --out "
                                                 "FILE` saves a plan\n");
}

// Before modules: the override alone; the apply that follows binds, and a release gives the device
// to the native driver that it never had.
TEST(Apply, EarlyWritesOverridesOfDevicesThatNoDriverHas) {
    fake::KernelState world = two_nics();
    world.devices.at(fake::pci_id("0000:01:00.0")).driver.reset();
    CliHarness cli(world, kPort);
    const CommandOutput early = cli.run("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "none (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "e1000e (e1000e)");
    EXPECT_EQ(cli.kernel().state().writes, 1U);
    EXPECT_EQ(cli.run("apply --early").status, 0);
    EXPECT_EQ(cli.kernel().state().writes, 1U);
    const CommandOutput later = cli.run("apply");
    ASSERT_EQ(later.status, 0) << later.out << later.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "vfio-pci (vfio-pci)");
    ASSERT_EQ(cli.run("release 01:00.0").status, 0);
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
}

// The driver's name is not known before its module is loaded. With an override of vfio-pci the
// device would be bound when that module is loaded first.
TEST(Apply, EarlyArmsADeviceForItsVariantWithTheModulesName) {
    fake::KernelState world = two_nics();
    const auto nic = fake::pci_id("0000:01:00.0");
    world.devices.at(nic).driver.reset();
    world.drivers.aliases.insert(world.drivers.aliases.begin(),
                                 {"vfio_" + world.devices.at(nic).modalias, "special_vfio_pci"});
    world.drivers.modules["special_vfio_pci"] = sysfs::ModuleState::kAvailable;
    CliHarness cli(world, kPort);
    const CommandOutput early = cli.run("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "none (special_vfio_pci)") << early.out;
    EXPECT_NE(early.out.find("set_override  0000:01:00.0  special_vfio_pci"), early.out.npos)
        << early.out;
    EXPECT_EQ(cli.run("apply --early").status, 0);
    EXPECT_EQ(cli.kernel().state().writes, 1U);
}

TEST(Apply, EarlyLeavesADeviceThatARuleMayProtectOnceItHasItsName) {
    fake::KernelState world = two_nics();
    world.devices.at(fake::pci_id("0000:01:00.0")).driver.reset();
    CliHarness cli(
        world, std::string(kPort) + "  - { name: lan, match: { netdev: lan0 }, protect: true }\n");
    const CommandOutput early = cli.run("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "none");
    EXPECT_NE(early.err.find("0000:01:00.0: rule lan"), early.err.npos) << early.err;
}

TEST(Apply, EarlyMakesUdevsRulesThoseOfThePolicies) {
    CliHarness cli(two_nics(), kPort);
    const std::string path = cli.path() + "/rules.d/79-bindd.rules";
    const auto rules = [&] {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    ASSERT_EQ(cli.run("apply --early").status, 0);
    const std::string written = rules();
    EXPECT_NE(written.find("ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\""), written.npos)
        << written;
    struct stat before {};
    ASSERT_EQ(stat(path.c_str(), &before), 0);
    ASSERT_EQ(cli.run("apply --early").status, 0);
    struct stat after {};
    ASSERT_EQ(stat(path.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino) << "written anew without need";
    std::ofstream(cli.path() + "/policy.yaml") << kNoRules;
    ASSERT_EQ(cli.run("apply --early").status, 0);
    EXPECT_NE(stat(path.c_str(), &after), 0) << rules();
}

TEST(Apply, SaysStuckWhenAnUnbindDoesNotReturn) {
    fake::KernelState world = two_nics();
    world.faults.hang_on = {"unbind 0000:01:00.0"};
    CliHarness cli(world, kPort);
    const CommandOutput output = cli.run("apply --timeout 0.3");
    EXPECT_EQ(output.status, 6) << output.out;
    EXPECT_EQ(cli.driver_state("0000:02:00.0"), "vfio-pci (vfio-pci)");
}

TEST(Bind, TakesWhatNoRuleWantsAndRollbackGivesItBack) {
    CliHarness cli(two_nics(), kNoRules);
    EXPECT_EQ(cli.run("bind 03:00.0").status, 3);
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "nouveau");
    const CommandOutput bound = cli.run("bind 03:00.0 --group whole");
    EXPECT_EQ(bound.status, 0) << bound.out << bound.err;
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:03:00.1"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
    const CommandOutput history = cli.run("history --json");
    const Json json = Json::parse(history.out);
    EXPECT_EQ(json["history"].back()["action"], "bind");
    const std::string txn = json["history"].back()["txn"];
    EXPECT_EQ(cli.run("rollback " + txn).status, 0);
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "nouveau");
    EXPECT_EQ(cli.driver_state("0000:03:00.1"), "snd_hda_intel");
}

TEST(Release, ReturnsThePeerThatALaterApplyTookAlong) {
    fake::KernelState world = two_nics();
    const sysfs::Device audio = world.devices.at(fake::pci_id("0000:03:00.1"));
    world.devices.erase(audio.id);  // appears later
    CliHarness cli(world,
                   "version: 1\nrules:\n  - name: gpu\n    match: { class: display }\n"
                   "    driver: auto\n    group: whole\n");
    ASSERT_EQ(cli.run("apply").status, 0);
    cli.kernel().change([&](fake::KernelState& now) { now.devices[audio.id] = audio; });
    ASSERT_EQ(cli.run("apply").status, 0);
    ASSERT_EQ(cli.driver_state("0000:03:00.1"), "vfio-pci (vfio-pci)");
    const CommandOutput released = cli.run("release 03:00.0");
    EXPECT_EQ(released.status, 0) << released.out << released.err;
    EXPECT_EQ(cli.driver_state("0000:03:00.0"), "nouveau");
    EXPECT_EQ(cli.driver_state("0000:03:00.1"), "snd_hda_intel");
}

TEST(Release, OfADeviceInUseIsRefusedInADryRunToo) {
    CliHarness cli(two_nics(), kPort);
    ASSERT_EQ(cli.run("apply").status, 0);
    EXPECT_EQ(cli.run("release --dry-run 01:00.0").status, 0);
    cli.kernel().change([](fake::KernelState& now) {
        now.uses[fake::pci_id("0000:01:00.0")] = {
            {sysfs::UseKind::kVfioOpen, "is open", "qemu (pid 7)"}};
        now.uses[fake::pci_id("0000:02:00.0")] = {
            {sysfs::UseKind::kVfioOpen, "is open", "qemu (pid 7)"}};
    });
    EXPECT_EQ(cli.run("release --dry-run 01:00.0").status, 3);
    EXPECT_EQ(cli.run("rollback --dry-run").status, 3);
    EXPECT_EQ(cli.run("release 01:00.0").status, 3);
}

TEST(Bind, IsForcedReasonByReason) {
    fake::KernelState world = two_nics();
    world.uses[fake::pci_id("0000:01:00.0")] = {
        {sysfs::UseKind::kDefaultRoute, "a default route leaves through it",
         "default via 10.0.0.1"},
        {sysfs::UseKind::kAddressed, "it has an address", "10.0.0.2/24"}};
    CliHarness cli(world, kNoRules);
    EXPECT_EQ(cli.run("bind 01:00.0").status, 3);
    EXPECT_EQ(cli.run("bind 01:00.0 --force addressed").status, 3);
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "e1000e");
    EXPECT_EQ(cli.run("bind 01:00.0 --force addressed --force default-route").status, 0);
    EXPECT_EQ(cli.driver_state("0000:01:00.0"), "vfio-pci (vfio-pci)");
}

TEST(Bind, ADryRunWritesNothing) {
    CliHarness cli(two_nics(), kNoRules);
    const CommandOutput output = cli.run("bind 01:00.0 --dry-run");
    EXPECT_EQ(output.status, 0);
    EXPECT_NE(output.out.find("bind          0000:01:00.0  vfio-pci"), std::string::npos)
        << output.out;
    EXPECT_EQ(cli.kernel().state().writes, 0U);
}

TEST(Writing, NeedsRootAndSaysWhatElseThereIs) {
    CliHarness cli(two_nics(), kPort);
    cli.not_root();
    for (const char* line : {"apply", "bind 01:00.0", "release 01:00.0", "rollback"}) {
        const CommandOutput output = cli.run(line);
        EXPECT_EQ(output.status, 1) << line;
        EXPECT_NE(output.err.find("needs root\nhint: with `sudo`; "), std::string::npos)
            << output.err;
    }
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 10);
    EXPECT_EQ(cli.kernel().state().writes, 0U);
}

constexpr const char* kVfs =
    "version: 1\n"
    "rules:\n"
    "  - name: pf\n"
    "    match: { is_pf: true }\n"
    "    sriov: { vfs: 4 }\n"
    "  - name: vfs\n"
    "    match: { pf: { address: \"0000:01:00.0\" }, vf: \"1-2\" }\n"
    "    driver: auto\n";

fake::KernelState a_pf() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("igb").pf(8, 0);
    fake::KernelState world = fake::KernelState::from(host);
    world.faults.late_vfs = 1;
    return world;
}

std::map<std::uint32_t, std::string> drivers_of_vfs(CliHarness& cli) {
    std::map<std::uint32_t, std::string> drivers;
    const fake::KernelState world = cli.kernel().state();
    for (const auto& [index, name] : world.devices.at(fake::pci_id("0000:01:00.0")).sriov->vfs)
        drivers[index] = world.devices.at(fake::pci_id(name)).driver.value_or("none");
    return drivers;
}

TEST(Apply, MakesVfsAndBindsThoseThatRulesWantInOneRun) {
    CliHarness cli(a_pf(), kVfs);
    const CommandOutput output = cli.run("apply --json");
    ASSERT_EQ(output.status, 0) << output.out << output.err;
    EXPECT_EQ(drivers_of_vfs(cli),
              (std::map<std::uint32_t, std::string>{
                  {0, "none"}, {1, "vfio-pci"}, {2, "vfio-pci"}, {3, "none"}}));
    const Json json = Json::parse(output.out);
    EXPECT_EQ(json["transactions"].size(), 3U);
    EXPECT_EQ(json["summary"]["change"], 3);
    EXPECT_EQ(cli.run("plan --detailed-exitcode").status, 0);
    EXPECT_EQ(cli.run("release 01:00.0").status, 0);
    EXPECT_EQ(drivers_of_vfs(cli).size(), 0U);
    EXPECT_EQ(cli.run("release 01:00.0").status, 0) << "nothing to do";
}

TEST(Sriov, SetsTheNumberAndRefusesWhatIsInUse) {
    CliHarness cli(a_pf(), kNoRules);
    EXPECT_EQ(cli.run("sriov 01:00.0 2 --dry-run").status, 0);
    EXPECT_EQ(drivers_of_vfs(cli).size(), 0U);
    EXPECT_EQ(cli.run("sriov 01:00.0 2").status, 0);
    EXPECT_EQ(drivers_of_vfs(cli),
              (std::map<std::uint32_t, std::string>{{0, "none"}, {1, "none"}}));
    EXPECT_NE(cli.run("sriov 01:00.0 2").out.find("Nothing to do"), std::string::npos);
    const std::string vf =
        cli.kernel().state().devices.at(fake::pci_id("0000:01:00.0")).sriov->vfs.at(1);
    cli.kernel().change([&](fake::KernelState& world) {
        world.uses[fake::pci_id(vf)] = {
            {sysfs::UseKind::kOpenFd, "a process has it open", "dpdk (pid 7)"}};
    });
    const CommandOutput refused = cli.run("sriov 01:00.0 4");
    EXPECT_EQ(refused.status, 3);
    EXPECT_NE(
        refused.out.find(
            vf +
            ": vfs-in-use: a VF that would go is in use: a process has it open (dpdk (pid 7))"),
        std::string::npos)
        << refused.out;
    EXPECT_EQ(cli.run("release 01:00.0").status, 3);
    EXPECT_EQ(cli.run("sriov 01:00.0 9").status, 3);
    EXPECT_EQ(drivers_of_vfs(cli).size(), 2U);
}

// A vmbus device's name is a UUID, with dashes; others have colons and dots. They stay what they
// are in rules, in files and in the journal.
TEST(Names, WithDashesAndColonsSurvive) {
    fake::Host host;
    const std::string vmbus = "58f75a6d-d949-4320-99e1-a2a2576d581c";
    host.on_bus("vmbus", vmbus)
        .modalias("vmbus:635161f83edfc546913ff2d2f965ed0e")
        .driver("hv_netvsc");
    host.on_bus("cdx", "cdx-00:00").modalias("cdx:v000010EEd00008084").driver("cdx_example");
    fake::KernelState world = fake::KernelState::from(host);
    world.specs.push_back({"vmbus", "uio_hv_generic", "uio_hv_generic", {"vmbus:*"}, true});
    world.drivers.modules["uio_hv_generic"] = sysfs::ModuleState::kLoaded;
    world.drivers.registered["vmbus"]["uio_hv_generic"] = "uio_hv_generic";
    CliHarness cli(world, kNoRules);
    const CommandOutput bound = cli.run("bind vmbus/" + vmbus + " --driver uio_hv_generic");
    ASSERT_EQ(bound.status, 0) << bound.out << bound.err;
    EXPECT_EQ(cli.kernel().state().devices.at({"vmbus", vmbus}).driver, "uio_hv_generic");
    EXPECT_EQ(cli.run("release vmbus/" + vmbus).status, 0);
    EXPECT_EQ(cli.kernel().state().devices.at({"vmbus", vmbus}).driver, "hv_netvsc");
    EXPECT_NE(cli.run("list -a -o BUS,ADDRESS cdx/cdx-00:00").out.find("cdx-00:00"),
              std::string::npos);
}

TEST(Progress, IsForTerminalsOnly) {
    CliHarness quiet(two_nics(), kPort);
    EXPECT_EQ(quiet.run("apply").err, "");
    CliHarness cli(two_nics(), kPort);
    cli.at_terminal();
    const std::string line = cli.run("apply").err;
    EXPECT_NE(line.find("\r\033[K["), std::string::npos);
    EXPECT_EQ(line.substr(line.size() - 4), "\r\033[K");
    EXPECT_EQ(cli.run("release 01:00.0 --json").err, "");
}

}  // namespace
}  // namespace tests
