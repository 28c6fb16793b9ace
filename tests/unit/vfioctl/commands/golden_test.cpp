// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// The real binary on hosts made of files: all of its text, JSON and stderr against
/// tests/golden/COMMAND/CASE.{txt,json,err}. BINDD_REGEN=1 writes these files again; read the diff.
namespace tests {
namespace {

using WriteHost = void (*)(const std::string&);

struct GoldenCase {
    const char* name;  ///< "COMMAND/CASE"
    WriteHost host;
    int status;
    std::vector<std::string> arguments;
};

/// Without it the listing of tests shows a case as its bytes, addresses and all.
void PrintTo(const GoldenCase& golden, std::ostream* out) {
    *out << golden.name;
}

// The arguments of each command, on the hosts that matter for it.
const std::vector<GoldenCase>& cases() {
    static const std::vector<GoldenCase> kCases = {
        {"list/workstation", write_workstation, 0, {"list"}},
        {"list/server", write_server, 0, {"list"}},
        {"list/mediator", write_mdev_host, 0, {"list"}},
        {"list/mediator-all",
         write_mdev_host,
         0,
         {"list", "-a", "-o", "BUS,ADDRESS,VFIO,MODALIAS"}},
        {"list/some-devices", write_workstation, 0, {"list", "02:00.*", "eth0"}},
        {"list/every-column",
         write_server,
         0,
         {"list", "-o",
          "ADDRESS,VENDOR,DEVICE,SUBSYSTEM,NUMA,OVERRIDE,RULE,WHERE,REASON,SLOT,PATH,SERIAL,"
          "NETDEVS,VFIO"}},
        {"list/added-columns", write_workstation, 0, {"list", "-o", "+numa,+slot"}},
        {"list/no-headings", write_workstation, 0, {"list", "-n", "-o", "address,state"}},
        {"list/class", write_workstation, 0, {"list", "--class", "network,0108"}},
        {"list/id", write_workstation, 0, {"list", "--id", "10de:2204,:10d3"}},
        {"list/driver", write_workstation, 0, {"list", "-d", "none,snd_*"}},
        {"list/state", write_server, 0, {"list", "--state", "conflict,refused"}},
        {"list/rule", write_workstation, 0, {"list", "--rule", "guest-*"}},
        {"list/group", write_workstation, 0, {"list", "-g", "9,15", "--class", "storage"}},
        {"list/ours", write_server, 0, {"list", "--ours"}},
        {"list/sort", write_workstation, 0, {"list", "--sort", "-group,driver"}},
        {"list/all-columns", write_server, 0, {"list", "--all-columns", "--ours"}},
        {"list/all-columns-and-some", write_server, 2, {"list", "--all-columns", "-o", "state"}},
        {"list/none-matches", write_workstation, 0, {"list", "--state", "stuck"}},
        {"list/no-such-state", write_workstation, 2, {"list", "--state", "bonud"}},
        {"list/no-such-class", write_workstation, 2, {"list", "--class", "netwrok"}},
        {"list/no-such-id", write_workstation, 2, {"list", "--id", "10de:nope"}},
        {"list/broken-policy", write_broken_policy, 0, {"list"}},
        {"list/bare", write_host_without_iommu, 0, {"list"}},
        {"list/no-such-device", write_workstation, 5, {"list", "0000:01:00.7"}},
        {"show/nic", write_workstation, 0, {"show", "03:00.0"}},
        {"show/pf", write_server, 0, {"show", "5e:00.0"}},
        {"show/vfio-vf", write_server, 0, {"show", "0000:5e:00.2"}},
        {"show/mdev-parent", write_mdev_host, 0, {"show", "mdev_parent/mtty"}},
        {"show/mdev", write_mdev_host, 0, {"show", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}},
        {"show/two", write_workstation, 0, {"show", "0000:02:00.*"}},
        {"show/no-group", write_host_without_iommu, 0, {"show", "eth0"}},
        {"show/no-such-device", write_workstation, 5, {"show", "0000:03:00.1"}},
        {"groups/list", write_workstation, 0, {"groups"}},
        {"groups/tree", write_workstation, 0, {"groups", "--tree"}},
        {"groups/tree-bridges", write_switch, 0, {"groups", "--tree", "0000:04:00.0"}},
        {"groups/tree-of-all", write_switch, 0, {"groups", "--tree", "1", "2"}},
        {"show/modules", write_switch, 0, {"show", "0000:04:00.0"}},
        {"list/modules", write_switch, 0, {"list", "-o", "address,driver,modules"}},
        {"groups/tree-mdevs", write_mdev_host, 0, {"groups", "--tree"}},
        {"groups/tree-server", write_server, 0, {"groups", "--tree"}},
        {"groups/one", write_workstation, 0, {"groups", "9"}},
        {"groups/of-device", write_workstation, 0, {"groups", "02:00.0", "--tree"}},
        {"groups/none", write_host_without_iommu, 0, {"groups"}},
        {"groups/no-such-group", write_workstation, 5, {"groups", "99"}},
        {"explain/wins", write_workstation, 0, {"explain", "0000:02:00.0"}},
        {"explain/chain", write_workstation, 0, {"explain", "eth0"}},
        {"explain/protected", write_workstation, 0, {"explain", "04:00.0"}},
        {"explain/unmanaged", write_workstation, 0, {"explain", "01:00.0"}},
        {"explain/not-viable", write_workstation, 0, {"explain", "00:1f.3"}},
        {"explain/conflict", write_server, 0, {"explain", "5e:00.3"}},
        {"explain/bound", write_server, 0, {"explain", "5e:00.2"}},
        {"explain/broken-policy", write_broken_policy, 1, {"explain", "eth0"}},
        {"explain/several", write_workstation, 2, {"explain", "0000:02:00.*"}},
        {"plan/workstation", write_workstation, 0, {"plan"}},
        {"plan/workstation-detailed", write_workstation, 10, {"plan", "--detailed-exitcode"}},
        {"plan/server", write_server, 0, {"plan"}},
        {"plan/mediator", write_mdev_host, 0, {"plan"}},
        {"plan/nothing", write_host_without_iommu, 0, {"plan", "--detailed-exitcode"}},
        {"plan/broken-policy", write_broken_policy, 1, {"plan"}},
        {"apply/of-a-directory", write_workstation, 3, {"apply"}},
        {"bind/of-a-directory", write_workstation, 3, {"bind", "03:00.0"}},
        {"bind/dry-run",
         write_workstation,
         0,
         {"bind", "01:00.0", "--group", "whole", "--dry-run"}},
        {"bind/dry-run-strict", write_workstation, 3, {"bind", "01:00.0", "--dry-run"}},
        {"bind/dry-run-protected", write_workstation, 3, {"bind", "04:00.0", "--dry-run"}},
        {"bind/dry-run-driver",
         write_workstation,
         0,
         {"bind", "eth0", "--driver", "none", "--dry-run"}},
        {"bind/dry-run-no-driver",
         write_workstation,
         3,
         {"bind", "eth0", "--driver", "no-such-driver", "--dry-run"}},
        {"bind/dry-run-driver-mismatch",
         write_workstation,
         3,
         {"bind", "eth0", "--driver", "nvme", "--dry-run"}},
        {"bind/dry-run-driver-mismatch-forced",
         write_workstation,
         0,
         {"bind", "eth0", "--driver", "nvme", "--force", "driver-mismatch", "--dry-run"}},
        {"release/of-a-directory", write_workstation, 3, {"release", "03:00.0"}},
        {"release/not-ours", write_workstation, 0, {"release", "03:00.0", "--dry-run"}},
        {"rollback/of-a-directory", write_workstation, 3, {"rollback"}},
        {"rollback/nothing", write_workstation, 1, {"rollback", "--dry-run"}},
        {"rollback/unknown", write_workstation, 1, {"rollback", "--dry-run", "nope"}},
        {"history/empty", write_workstation, 0, {"history"}},
        {"sriov/of-a-directory", write_server, 3, {"sriov", "5e:00.0", "2"}},
        {"sriov/dry-run", write_workstation, 3, {"sriov", "03:00.0", "2", "--dry-run"}},
        {"sriov/dry-run-in-use", write_server, 3, {"sriov", "5e:00.0", "8", "--dry-run"}},
        {"sriov/dry-run-too-many", write_server, 3, {"sriov", "5e:00.0", "9", "--dry-run"}},
        {"sriov/dry-run-as-it-is", write_server, 0, {"sriov", "5e:00.0", "4", "--dry-run"}},
        {"mdev/types", write_mdev_host, 0, {"mdev", "types"}},
        {"mdev/types-dumpjson", write_mdev_host, 0, {"mdev", "types", "-p", "mtty", "--dumpjson"}},
        {"mdev/list", write_mdev_host, 0, {"mdev", "list"}},
        {"mdev/list-dumpjson", write_mdev_host, 0, {"mdev", "list", "--dumpjson"}},
        {"mdev/list-one",
         write_mdev_host,
         0,
         {"mdev", "list", "--dumpjson", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}},
        {"mdev/list-defined", write_mdev_host, 0, {"mdev", "list", "-dv"}},
        {"mdev/list-defined-dumpjson", write_mdev_host, 0, {"mdev", "list", "-d", "--dumpjson"}},
        {"mdev/define",
         write_mdev_host,
         0,
         {"mdev", "define", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"}},
        {"mdev/define-again",
         write_mdev_host,
         1,
         {"mdev", "define", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"}},
        {"mdev/modify-undefined",
         write_mdev_host,
         5,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1009", "--auto"}},
        {"mdev/start-of-a-directory",
         write_mdev_host,
         3,
         {"mdev", "start", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1003"}},
        {"policy/check", write_server, 0, {"policy", "check"}},
        {"policy/check-broken", write_broken_policy, 1, {"policy", "check"}},
        {"policy/check-warnings", write_questionable_policy, 0, {"policy", "check"}},
        {"plan/warnings", write_questionable_policy, 0, {"plan"}},
        {"doctor/warnings", write_questionable_policy, 1, {"doctor"}},
        {"policy/show", write_server, 0, {"policy", "show"}},
        {"policy/generate", write_server, 0, {"policy", "generate"}},
        {"list/managers",
         write_external_managers,
         0,
         {"list", "-o", "ADDRESS,DRIVER,STATE,MANAGER"}},
        {"import/driverctl", write_external_managers, 0, {"import", "driverctl"}},
        {"import/driverctl-none", write_host_without_iommu, 0, {"import", "driverctl"}},
        {"import/mdevctl", write_external_managers, 0, {"import", "mdevctl"}},
        {"import/modprobe", write_external_managers, 0, {"import", "modprobe"}},
        {"import/output", write_external_managers, 0, {"import", "driverctl", "-o", "out.yaml"}},
        {"import/output-nowhere",
         write_external_managers,
         1,
         {"import", "driverctl", "-o", "no/such/dir.yaml"}},
        {"export/libvirt",
         write_exports,
         0,
         {"export", "libvirt", "0000:5e:00.2", "10000:*", "mdev/*"}},
        {"export/libvirt-unbound", write_exports, 0, {"export", "libvirt", "eth0"}},
        {"export/libvirt-platform", write_exports, 1, {"export", "libvirt", "platform/*"}},
        {"export/libvirt-css", write_exports, 1, {"export", "libvirt", "css/0.0.0313"}},
        {"export/qemu", write_exports, 0, {"export", "qemu", "0000:5e:00.2", "10000:*", "mdev/*"}},
        {"export/qemu-iommufd",
         write_exports,
         0,
         {"export", "qemu", "--backend", "iommufd", "0000:5e:00.2", "10000:*"}},
        {"export/qemu-platform", write_exports, 1, {"export", "qemu", "platform/*"}},
        {"export/cdi",
         write_exports,
         0,
         {"export", "cdi", "0000:5e:00.2", "10000:*", "mdev/*", "platform/*"}},
        {"export/cdi-letters",
         write_exports,
         0,
         {"export", "cdi", "a3b8f4f2-509f-382f-3c1e-e6bfe0fa1003"}},
        {"export/cdi-dots",
         write_exports,
         0,
         {"export", "cdi", "--kind", "example.com/vfio.nic", "--backend", "iommufd",
          "0000:5e:00.2"}},
        {"export/cdi-no-cdev",
         write_exports,
         1,
         {"export", "cdi", "--backend", "iommufd", "10000:*"}},
        {"export/cdi-unbound", write_exports, 1, {"export", "cdi", "eth0"}},
        {"export/no-such-device", write_exports, 5, {"export", "qemu", "eth7"}},
        {"aliases/all", write_exports, 0, {"aliases"}},
        {"aliases/one", write_exports, 0, {"aliases", "0000:5e:00.2"}},
        {"aliases/of-group", write_exports, 0, {"aliases", "--udev", "43"}},
        {"aliases/none", write_host_without_iommu, 0, {"aliases"}},
        {"doctor/healthy", write_healthy, 0, {"doctor"}},
        {"doctor/noiommu", write_noiommu, 1, {"doctor"}},
        {"doctor/neighbours", write_external_managers, 1, {"doctor"}},
        {"doctor/broken-policy", write_broken_policy, 1, {"doctor"}},
        {"policy/generate-mdevs", write_mdev_host, 0, {"policy", "generate"}},
    };
    return kCases;
}

/// Compares with the golden file, or writes it; an empty text has none.
void expect_golden(const std::string& name, const std::string& text) {
    const std::filesystem::path path = std::string(GOLDEN_DIRECTORY) + "/" + name;
    if (std::getenv("BINDD_REGEN") != nullptr) {
        std::filesystem::create_directories(path.parent_path());
        if (text.empty())
            std::filesystem::remove(path);
        else
            std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::ifstream file(path, std::ios::binary);
    std::ostringstream wanted;
    wanted << file.rdbuf();
    EXPECT_EQ(wanted.str(), text) << path << "; BINDD_REGEN=1 writes it anew";
}

/// From inside the host's directory, so that no path in an output depends on where it is.
ProcessOutput run_on(const std::string& root, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--root", "."});
    return run_vfioctl(arguments, root);
}

class Golden : public testing::TestWithParam<GoldenCase> {};

TEST_P(Golden, SaysThisAsText) {
    const fake::TempDir root;
    GetParam().host(root.path());
    const ProcessOutput output = run_on(root.path(), GetParam().arguments);
    EXPECT_EQ(output.status, GetParam().status) << output.err;
    expect_golden(GetParam().name + std::string(".txt"), output.out);
    expect_golden(GetParam().name + std::string(".err"), output.err);
}

TEST_P(Golden, SaysTheSameAsJson) {
    const fake::TempDir root;
    GetParam().host(root.path());
    std::vector<std::string> arguments = GetParam().arguments;
    arguments.emplace_back("--json");
    const ProcessOutput output = run_on(root.path(), arguments);
    EXPECT_EQ(output.status, GetParam().status) << output.err;
    expect_golden(GetParam().name + std::string(".json"), output.out);
}

INSTANTIATE_TEST_SUITE_P(Vfioctl, Golden, testing::ValuesIn(cases()), [](const auto& each) {
    std::string name = each.param.name;
    for (char& letter : name)
        if (letter == '/' || letter == '-')
            letter = '_';
    return name;
});

}  // namespace
}  // namespace tests
