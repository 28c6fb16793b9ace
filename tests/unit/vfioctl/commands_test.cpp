// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tests/unit/vfioctl/seat.hpp"

/// Commands that write, against the model of the kernel: what they print, how they end, and what they leave.
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

fake::World two_nics() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("e1000e");
    host.pci("0000:02:00.0").nic().group(16).driver("e1000e").override_("e1000e");
    host.pci("0000:03:00.0").gpu().group(17).driver("nouveau");
    host.pci("0000:03:00.1").audio().group(17).driver("snd_hda_intel");
    return fake::World::of(host);
}

TEST(Apply, BindsAndSaysSoAndTheSecondTimeDoesNothing) {
    Seat seat(two_nics(), kPort);
    const Said first = seat.type("apply");
    EXPECT_EQ(first.status, 0) << first.err;
    EXPECT_NE(first.out.find("group 15: done\n"), std::string::npos) << first.out;
    EXPECT_NE(first.out.find("\n2 done\n"), std::string::npos) << first.out;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(seat.stands("0000:02:00.0"), "vfio-pci (vfio-pci)");
    const unsigned writes = seat.kernel().look().writes;
    const Said second = seat.type("apply");
    EXPECT_EQ(second.status, 0);
    EXPECT_NE(second.out.find("Nothing to do: 2 as wanted.\n"), std::string::npos) << second.out;
    EXPECT_EQ(seat.kernel().look().writes, writes);
}

TEST(Release, RestoresDriverAndTheForeignOverride) {
    Seat seat(two_nics(), kPort);
    ASSERT_EQ(seat.type("apply").status, 0);
    const Said released = seat.type("release 0000:02:00.0 01:00.0");
    EXPECT_EQ(released.status, 0) << released.err;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "e1000e");
    EXPECT_EQ(seat.stands("0000:02:00.0"), "e1000e (e1000e)");
    EXPECT_EQ(seat.type("release 0000:01:00.0").status, 1);
}

TEST(Apply, ReportsWhatFailedAndExitsPartly) {
    fake::World world = two_nics();
    world.refuse(fake::pci_id("0000:02:00.0"), "vfio-pci", 22);
    Seat seat(world, kPort);
    const Said said = seat.type("apply --json");
    EXPECT_EQ(said.status, 4);
    const Json json = Json::parse(said.out);
    EXPECT_EQ(json["schema"], "vfioctl/1");
    EXPECT_EQ(json["transactions"][0]["result"], "done");
    EXPECT_NE(json["transactions"][1]["result"], "done");
    EXPECT_EQ(json["summary"]["failed"], 1);
    EXPECT_EQ(seat.stands("0000:02:00.0"), "e1000e (e1000e)");
    const Json listed = Json::parse(seat.type("list --json 0000:02:00.0").out);
    EXPECT_EQ(listed["devices"][0]["state"], "failed");
}

TEST(Apply, AloneRefusedIsThreeAndFailedIsOne) {
    fake::World world = two_nics();
    world.uses[fake::pci_id("0000:01:00.0")] = {
        {sysfs::UseKind::kDefaultRoute, "a default route leaves through it", "default via 10.0.0.1"}};
    world.devices.erase(fake::pci_id("0000:02:00.0"));
    Seat seat(world, kPort);
    const Said refused = seat.type("apply");
    EXPECT_EQ(refused.status, 3) << refused.out;
    EXPECT_NE(refused.out.find("[--force default-route]"), std::string::npos) << refused.out;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "e1000e");
}

// Before modules: the override alone; the apply that follows binds, and a release gives the device to the
// native driver that it never had.
TEST(Apply, EarlyWritesOverridesOfDevicesThatNoDriverHas) {
    fake::World world = two_nics();
    world.devices.at(fake::pci_id("0000:01:00.0")).driver.reset();
    Seat seat(world, kPort);
    const Said early = seat.type("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "none (vfio-pci)");
    EXPECT_EQ(seat.stands("0000:02:00.0"), "e1000e (e1000e)");
    EXPECT_EQ(seat.kernel().look().writes, 1U);
    EXPECT_EQ(seat.type("apply --early").status, 0);
    EXPECT_EQ(seat.kernel().look().writes, 1U);
    const Said later = seat.type("apply");
    ASSERT_EQ(later.status, 0) << later.out << later.err;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "vfio-pci (vfio-pci)");
    ASSERT_EQ(seat.type("release 01:00.0").status, 0);
    EXPECT_EQ(seat.stands("0000:01:00.0"), "e1000e");
}

// The driver's name is not known before its module is there. Armed with vfio-pci, the device would be bound by
// whoever loads that one first.
TEST(Apply, EarlyArmsADeviceForItsVariantWithTheModulesName) {
    fake::World world = two_nics();
    const auto nic = fake::pci_id("0000:01:00.0");
    world.devices.at(nic).driver.reset();
    world.drivers.aliases.insert(world.drivers.aliases.begin(),
                                 {"vfio_" + world.devices.at(nic).modalias, "special_vfio_pci"});
    world.drivers.modules["special_vfio_pci"] = sysfs::ModuleState::kAvailable;
    Seat seat(world, kPort);
    const Said early = seat.type("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "none (special_vfio_pci)") << early.out;
    EXPECT_NE(early.out.find("set_override  0000:01:00.0  special_vfio_pci"), early.out.npos) << early.out;
    EXPECT_EQ(seat.type("apply --early").status, 0);
    EXPECT_EQ(seat.kernel().look().writes, 1U);
}

TEST(Apply, EarlyLeavesADeviceThatARuleMayProtectOnceItHasItsName) {
    fake::World world = two_nics();
    world.devices.at(fake::pci_id("0000:01:00.0")).driver.reset();
    Seat seat(world, std::string(kPort) + "  - { name: lan, match: { netdev: lan0 }, protect: true }\n");
    const Said early = seat.type("apply --early");
    EXPECT_EQ(early.status, 0) << early.err;
    EXPECT_EQ(seat.stands("0000:01:00.0"), "none");
    EXPECT_NE(early.err.find("0000:01:00.0: rule lan"), early.err.npos) << early.err;
}

TEST(Apply, EarlyMakesUdevsRulesThoseOfThePolicies) {
    Seat seat(two_nics(), kPort);
    const std::string path = seat.path() + "/rules.d/79-bindd.rules";
    const auto rules = [&] {
        std::ifstream file(path);
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    ASSERT_EQ(seat.type("apply --early").status, 0);
    const std::string written = rules();
    EXPECT_NE(written.find("ATTR{vendor}==\"0x8086\", ATTR{device}==\"0x10d3\""), written.npos) << written;
    struct stat before {};
    ASSERT_EQ(stat(path.c_str(), &before), 0);
    ASSERT_EQ(seat.type("apply --early").status, 0);
    struct stat after {};
    ASSERT_EQ(stat(path.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino) << "written anew without need";
    std::ofstream(seat.path() + "/policy.yaml") << kNoRules;
    ASSERT_EQ(seat.type("apply --early").status, 0);
    EXPECT_NE(stat(path.c_str(), &after), 0) << rules();
}

TEST(Apply, SaysStuckWhenAnUnbindDoesNotReturn) {
    fake::World world = two_nics();
    world.script.hang_on = {"unbind 0000:01:00.0"};
    Seat seat(world, kPort);
    const Said said = seat.type("apply --timeout 0.3");
    EXPECT_EQ(said.status, 6) << said.out;
    EXPECT_EQ(seat.stands("0000:02:00.0"), "vfio-pci (vfio-pci)");
}

TEST(Bind, TakesWhatNoRuleWantsAndRollbackGivesItBack) {
    Seat seat(two_nics(), kNoRules);
    EXPECT_EQ(seat.type("bind 03:00.0").status, 3);
    EXPECT_EQ(seat.stands("0000:03:00.0"), "nouveau");
    const Said bound = seat.type("bind 03:00.0 --group whole");
    EXPECT_EQ(bound.status, 0) << bound.out << bound.err;
    EXPECT_EQ(seat.stands("0000:03:00.0"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(seat.stands("0000:03:00.1"), "vfio-pci (vfio-pci)");
    EXPECT_EQ(seat.stands("0000:01:00.0"), "e1000e");
    const Said history = seat.type("history --json");
    const Json json = Json::parse(history.out);
    EXPECT_EQ(json["history"].back()["action"], "bind");
    const std::string txn = json["history"].back()["txn"];
    EXPECT_EQ(seat.type("rollback " + txn).status, 0);
    EXPECT_EQ(seat.stands("0000:03:00.0"), "nouveau");
    EXPECT_EQ(seat.stands("0000:03:00.1"), "snd_hda_intel");
}

TEST(Bind, IsForcedReasonByReason) {
    fake::World world = two_nics();
    world.uses[fake::pci_id("0000:01:00.0")] = {
        {sysfs::UseKind::kDefaultRoute, "a default route leaves through it", "default via 10.0.0.1"},
        {sysfs::UseKind::kAddressed, "it has an address", "10.0.0.2/24"}};
    Seat seat(world, kNoRules);
    EXPECT_EQ(seat.type("bind 01:00.0").status, 3);
    EXPECT_EQ(seat.type("bind 01:00.0 --force addressed").status, 3);
    EXPECT_EQ(seat.stands("0000:01:00.0"), "e1000e");
    EXPECT_EQ(seat.type("bind 01:00.0 --force addressed --force default-route").status, 0);
    EXPECT_EQ(seat.stands("0000:01:00.0"), "vfio-pci (vfio-pci)");
}

TEST(Bind, ADryRunWritesNothing) {
    Seat seat(two_nics(), kNoRules);
    const Said said = seat.type("bind 01:00.0 --dry-run");
    EXPECT_EQ(said.status, 0);
    EXPECT_NE(said.out.find("bind          0000:01:00.0  vfio-pci"), std::string::npos) << said.out;
    EXPECT_EQ(seat.kernel().look().writes, 0U);
}

TEST(Writing, NeedsRootAndSaysWhatElseThereIs) {
    Seat seat(two_nics(), kPort);
    seat.not_root();
    for (const char* line : {"apply", "bind 01:00.0", "release 01:00.0", "rollback"}) {
        const Said said = seat.type(line);
        EXPECT_EQ(said.status, 1) << line;
        EXPECT_NE(said.err.find("needs root\nhint: with `sudo`; "), std::string::npos) << said.err;
    }
    EXPECT_EQ(seat.type("plan --detailed-exitcode").status, 10);
    EXPECT_EQ(seat.kernel().look().writes, 0U);
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

fake::World a_pf() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("igb").pf(8, 0);
    fake::World world = fake::World::of(host);
    world.script.late_vfs = 1;
    return world;
}

std::map<std::uint32_t, std::string> drivers_of_vfs(Seat& seat) {
    std::map<std::uint32_t, std::string> drivers;
    const fake::World world = seat.kernel().look();
    for (const auto& [index, name] : world.devices.at(fake::pci_id("0000:01:00.0")).sriov->vfs)
        drivers[index] = world.devices.at(fake::pci_id(name)).driver.value_or("none");
    return drivers;
}

TEST(Apply, MakesVfsAndBindsThoseThatRulesWantInOneRun) {
    Seat seat(a_pf(), kVfs);
    const Said said = seat.type("apply --json");
    ASSERT_EQ(said.status, 0) << said.out << said.err;
    EXPECT_EQ(drivers_of_vfs(seat), (std::map<std::uint32_t, std::string>{
                                        {0, "none"}, {1, "vfio-pci"}, {2, "vfio-pci"}, {3, "none"}}));
    const Json json = Json::parse(said.out);
    EXPECT_EQ(json["transactions"].size(), 3U);
    EXPECT_EQ(json["summary"]["change"], 3);
    EXPECT_EQ(seat.type("plan --detailed-exitcode").status, 0);
    EXPECT_EQ(seat.type("release 01:00.0").status, 0);
    EXPECT_EQ(drivers_of_vfs(seat).size(), 0U);
    EXPECT_EQ(seat.type("release 01:00.0").status, 1);
}

TEST(Sriov, SetsTheNumberByHandAndRefusesWhatIsInUse) {
    Seat seat(a_pf(), kNoRules);
    EXPECT_EQ(seat.type("sriov 01:00.0 2 --dry-run").status, 0);
    EXPECT_EQ(drivers_of_vfs(seat).size(), 0U);
    EXPECT_EQ(seat.type("sriov 01:00.0 2").status, 0);
    EXPECT_EQ(drivers_of_vfs(seat), (std::map<std::uint32_t, std::string>{{0, "none"}, {1, "none"}}));
    EXPECT_NE(seat.type("sriov 01:00.0 2").out.find("Nothing to do"), std::string::npos);
    const std::string vf =
        seat.kernel().look().devices.at(fake::pci_id("0000:01:00.0")).sriov->vfs.at(1);
    seat.kernel().change([&](fake::World& world) {
        world.uses[fake::pci_id(vf)] = {{sysfs::UseKind::kOpenFd, "a process has it open", "dpdk (pid 7)"}};
    });
    const Said refused = seat.type("sriov 01:00.0 4");
    EXPECT_EQ(refused.status, 3);
    EXPECT_NE(refused.out.find(vf + ": vfs-in-use: a VF that would go is in use: a process has it open (dpdk (pid 7))"),
              std::string::npos)
        << refused.out;
    EXPECT_EQ(seat.type("release 01:00.0").status, 3);
    EXPECT_EQ(seat.type("sriov 01:00.0 9").status, 3);
    EXPECT_EQ(drivers_of_vfs(seat).size(), 2U);
}

// A vmbus device's name is a UUID, with dashes; others have colons and dots. They stay what they are in rules,
// in files and in the journal.
TEST(Names, WithDashesAndColonsSurvive) {
    fake::Host host;
    const std::string vmbus = "58f75a6d-d949-4320-99e1-a2a2576d581c";
    host.on_bus("vmbus", vmbus).modalias("vmbus:635161f83edfc546913ff2d2f965ed0e").driver("hv_netvsc");
    host.on_bus("cdx", "cdx-00:00").modalias("cdx:v000010EEd00008084").driver("cdx_example");
    fake::World world = fake::World::of(host);
    world.specs.push_back({"vmbus", "uio_hv_generic", "uio_hv_generic", {"vmbus:*"}, true});
    world.drivers.modules["uio_hv_generic"] = sysfs::ModuleState::kLoaded;
    world.drivers.registered["vmbus"]["uio_hv_generic"] = "uio_hv_generic";
    Seat seat(world, kNoRules);
    const Said bound = seat.type("bind vmbus/" + vmbus + " --driver uio_hv_generic");
    ASSERT_EQ(bound.status, 0) << bound.out << bound.err;
    EXPECT_EQ(seat.kernel().look().devices.at({"vmbus", vmbus}).driver, "uio_hv_generic");
    EXPECT_EQ(seat.type("release vmbus/" + vmbus).status, 0);
    EXPECT_EQ(seat.kernel().look().devices.at({"vmbus", vmbus}).driver, "hv_netvsc");
    EXPECT_NE(seat.type("list -a -o BUS,ADDRESS cdx/cdx-00:00").out.find("cdx-00:00"), std::string::npos);
}

TEST(Progress, IsForTerminalsOnly) {
    Seat quiet(two_nics(), kPort);
    EXPECT_EQ(quiet.type("apply").err, "");
    Seat seat(two_nics(), kPort);
    seat.at_terminal();
    const std::string line = seat.type("apply").err;
    EXPECT_NE(line.find("\r\033[K["), std::string::npos);
    EXPECT_EQ(line.substr(line.size() - 4), "\r\033[K");
    EXPECT_EQ(seat.type("release 01:00.0 --json").err, "");
}

}  // namespace
}  // namespace tests
