// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// The healthy host with one defect at a time: only that result changes.
namespace tests {
namespace {

using Json = nlohmann::json;

struct InjectedFault {
    const char* name;
    const char* id;
    const char* verdict;
    const char* evidence;
    int status;
    std::function<void(fake::Tree&)> make;
};

const char* const kType1 = "/sys/module/vfio_iommu_type1/parameters/";
const char* const kCard = "/sys/devices/pci0000:03/0000:03:00.0/";

const std::vector<InjectedFault>& faults() {
    static const std::vector<InjectedFault> kFaults = {
        {"WrongModeOfTheContainer", "vfio-node", "fail",
         "/dev/vfio/vfio is 0600: only root can use VFIO's groups", 1,
         [](fake::Tree& t) { t.file("/dev/vfio/vfio", "", 0600); }},
        {"GroupNodeForEveryone", "group-nodes", "warn",
         "accessible to all users: /dev/vfio/14 is 0666", 0,
         [](fake::Tree& t) { t.file("/dev/vfio/14", "", 0666); }},
        {"NoInterruptRemapping", "interrupt-remapping", "fail",
         "not in use: VFIO refuses to attach a device", 1,
         [](fake::Tree& t) { t.file("/proc/interrupts", "  0:  33  IO-APIC  2-edge  timer\n"); }},
        {"UnsafeInterruptsAllowed", "interrupt-remapping", "warn",
         "in use, but vfio_iommu_type1 does not require it (allow_unsafe_interrupts)", 0,
         [](fake::Tree& t) { t.file(std::string(kType1) + "allow_unsafe_interrupts", "Y\n"); }},
        {"FewDmaEntries", "dma-entry-limit", "warn", "1024 mappings for each container", 0,
         [](fake::Tree& t) { t.file(std::string(kType1) + "dma_entry_limit", "1024\n"); }},
        {"LittleLockedMemory", "memlock", "warn",
         "8 MiB in this session: limit for DMA mappings of unprivileged programs", 0,
         [](fake::Tree& t) {
             t.file("/proc/self/limits", "Max locked memory   8388608   8388608   bytes\n");
         }},
        {"Identity", "iommu-mode", "warn", "1 of type DMA-FQ; 1 of type identity", 0,
         [](fake::Tree& t) { t.file("/sys/kernel/iommu_groups/1/type", "identity\n"); }},
        {"Lockdown", "lockdown", "warn",
         "none [integrity] confidentiality: unsigned modules do not load, and PCI config space "
         "cannot be "
         "written through sysfs",
         0,
         [](fake::Tree& t) {
             t.file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
         }},
        {"FirmwareRegions", "reserved-regions", "fail",
         "the firmware reserves DMA regions (RMRR): group 14: 0x000000007b800000 "
         "0x000000007fffffff direct",
         1,
         [](fake::Tree& t) {
             t.file("/sys/kernel/iommu_groups/14/reserved_regions",
                    "0x000000007b800000 0x000000007fffffff direct\n"
                    "0x00000000e0000000 0x00000000e0ffffff direct-relaxable\n");
         }},
        {"NoReset", "reset", "warn", "cannot be reset: 0000:03:00.0", 0,
         [](fake::Tree& t) { t.file(std::string(kCard) + "reset_method", "\n"); }},
        {"LostInD3", "power", "fail", "does not respond: 0000:03:00.0 (its power_state is error)",
         1, [](fake::Tree& t) { t.file(std::string(kCard) + "power_state", "error\n"); }},
        {"BootDisplay", "console", "warn",
         "0000:03:00.0 is the boot display; frame buffers: 0 simpledrmdrmfb", 0,
         [](fake::Tree& t) {
             t.file(std::string(kCard) + "boot_vga", "1\n").file("/proc/fb", "0 simpledrmdrmfb\n");
         }},
        {"AcsOverride", "acs", "warn",
         "pcie_acs_override=downstream makes the kernel assume ACS isolation that the bridges do "
         "not "
         "have: devices in different groups may reach each other",
         0, [](fake::Tree& t) { t.file("/proc/cmdline", "quiet pcie_acs_override=downstream\n"); }},
        {"DriverctlConflict", "driverctl", "warn",
         "0000:03:00.0: driverctl binds e1000e, rule nic wants vfio-pci", 0,
         [](fake::Tree& t) { t.file("/etc/driverctl.d/pci-0000:03:00.0", "e1000e\n"); }},
        {"StrayIds", "modprobe-ids", "warn",
         "ids= takes 0000:00:01.0 for vfio-pci, no rule wants it", 0,
         [](fake::Tree& t) {
             t.file("/etc/modprobe.d/v.conf", "options vfio-pci ids=8086:1901,8086:10d3\n");
         }},
        {"LibvirtBindsToo", "libvirt", "warn",
         "both libvirt and a rule bind: 0000:03:00.0: assigned to domain vm, managed='yes': "
         "libvirt "
         "binds and rebinds it",
         0,
         [](fake::Tree& t) {
             t.file("/etc/libvirt/qemu/vm.xml",
                    "<hostdev mode='subsystem' type='pci' managed='yes'><source><address "
                    "domain='0x0000' "
                    "bus='0x03' slot='0x00' function='0x0'/></source></hostdev>");
         }},
        {"ForeignOverride", "overrides", "warn",
         "set by no rule and no known tool: 0000:00:01.0 has vfio-pci, is on pcieport", 0,
         [](fake::Tree& t) {
             t.file("/sys/devices/pci0000:00/0000:00:01.0/driver_override", "vfio-pci\n");
         }},
        {"BrokenPolicy", "policies", "fail", "1 error; no policy is loaded", 1,
         [](fake::Tree& t) {
             t.file("/etc/bindd/policies.d/20-bad.yaml", "version: 1\nruls: []\n");
         }},
        {"SecureBootOff", "secure-boot", "ok", "off", 0,
         [](fake::Tree& t) {
             t.file("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
                    std::string("\x06\0\0\0\0", 5));
         }},
    };
    return kFaults;
}

std::map<std::string, Json> doctor_results(const std::string& root, int status) {
    const ProcessOutput output = run_vfioctl({"--root", root, "doctor", "--json"}, root);
    EXPECT_EQ(output.status, status) << output.out << output.err;
    std::map<std::string, Json> out;
    const Json json = Json::parse(output.out);
    for (const Json& check : json["checks"])
        out[check["id"]] = check;
    return out;
}

TEST(Doctor, FindsEachFaultAndNoOther) {
    const fake::TempDir healthy;
    write_healthy(healthy.path());
    const auto before = doctor_results(healthy.path(), 0);
    for (const InjectedFault& fault : faults()) {
        SCOPED_TRACE(fault.name);
        const fake::TempDir root;
        write_healthy(root.path());
        fake::Tree tree(root.path());
        fault.make(tree);
        const auto after = doctor_results(root.path(), fault.status);
        EXPECT_EQ(after.at(fault.id)["verdict"], fault.verdict);
        EXPECT_EQ(after.at(fault.id)["evidence"], fault.evidence);
        const bool is_healthy = std::string(fault.verdict) == "ok";
        EXPECT_EQ(after.at(fault.id)["remedy"].is_null(), is_healthy);
        for (const auto& [id, check] : after) {
            // Without policies nothing is wanted; the device is still VFIO's, so most of it stays.
            const bool of_policies =
                std::string(fault.id) == "policies" && (id == "devices" || id == "overrides");
            if (id != fault.id && !of_policies) {
                EXPECT_EQ(check, before.at(id));
            }
        }
    }
}

TEST(Doctor, NamesMdevDefinitionsThatArePassedOver) {
    const fake::TempDir root;
    write_healthy(root.path());
    fake::Tree tree(root.path());
    tree.file("/etc/mdevctl.d/mtty/83B8F4F2-509F-382F-3C1E-E6BFE0FA1001",
              "{\"mdev_type\": \"mtty-2\", \"start\": \"auto\"}");
    const auto results = doctor_results(root.path(), 0);
    const std::string evidence = results.at("mdevctl")["evidence"];
    EXPECT_EQ(results.at("mdevctl")["verdict"], "warn");
    EXPECT_NE(evidence.find("passed over, since their names are not in lower case: "),
              std::string::npos)
        << evidence;
    EXPECT_TRUE(evidence.ends_with("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001")) << evidence;
}

TEST(Doctor, HasEveryFindingOnEveryHost) {
    const fake::TempDir healthy;
    const fake::TempDir bare;
    write_healthy(healthy.path());
    write_host_without_iommu(bare.path());
    const auto good = doctor_results(healthy.path(), 0);
    const auto bad = doctor_results(bare.path(), 1);
    ASSERT_GE(good.size(), 25U);
    for (const auto& [id, check] : good)
        EXPECT_TRUE(bad.contains(id)) << id;
    EXPECT_EQ(good.size(), bad.size());
}

TEST(Doctor, TellsAGroupThatCannotBeOpened) {
    const fake::TempDir root;
    write_workstation(root.path());
    fake::Tree(root.path())
        .link("/sys/devices/pci0000:02/0000:02:00.0/driver", "/sys/bus/pci/drivers/vfio-pci")
        .dir("/sys/devices/pci0000:02/0000:02:00.0/vfio-dev/vfio0")
        .dir("/sys/class/vfio/13");
    const auto found = doctor_results(root.path(), 1);
    EXPECT_EQ(found.at("groups")["verdict"], "fail");
    EXPECT_EQ(found.at("groups")["evidence"],
              "not viable, so no program can open it: group 13: 0000:02:00.1 on snd_hda_intel");
}

}  // namespace
}  // namespace tests
