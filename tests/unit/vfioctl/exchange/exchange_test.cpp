// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/fake/tree.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// What comes in and goes out is what others accept: import's policies by `policy check`, and files
/// whole.
namespace tests {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Import, MakesPoliciesThatCheckAccepts) {
    const fake::TempDir root;
    write_external_managers(root.path());
    for (const std::string tool : {"driverctl", "mdevctl", "modprobe"}) {
        const ProcessOutput made = run_vfioctl({"--root", ".", "import", tool}, root.path());
        const ProcessOutput written =
            run_vfioctl({"--root", ".", "import", tool, "-o", tool + ".yaml"}, root.path());
        EXPECT_EQ(made.status, 0) << made.err;
        EXPECT_EQ(written.status, 0) << written.err;
        EXPECT_EQ(text_of(root.path() + "/" + tool + ".yaml"), made.out);
        const ProcessOutput checked = run_vfioctl({"policy", "check", tool + ".yaml"}, root.path());
        EXPECT_EQ(checked.status, 0) << checked.out << checked.err;
    }
    // All three are one set as well: no name twice.
    EXPECT_EQ(run_vfioctl({"policy", "check", "driverctl.yaml", "mdevctl.yaml", "modprobe.yaml"},
                          root.path())
                  .status,
              0);
}

struct ModprobeCase {
    const char* what;
    const char* config;  ///< of /etc/modprobe.d/a.conf
    const char* cmdline;
    std::vector<std::string> rules;
    std::vector<std::string> warnings;  ///< the beginning of each, in order
};

std::vector<ModprobeCase> modprobe_cases() {
    const std::string line = "/etc/modprobe.d/a.conf:";
    return {
        {"a quoted list with blanks",
         "options vfio-pci ids=\"10de:1eb8, 8086: 1533 ,0x15b3:0X1017\"\n",
         "",
         {"vfio-pci-10de:1eb8", "vfio-pci-8086:_1533", "vfio-pci-0x15b3:0X1017"},
         {}},
        {"a list with blanks and no quotes",
         "options vfio-pci ids=10de:1eb8, 8086:1533\n",
         "",
         {"vfio-pci-10de:1eb8"},
         {line + "1: '8086:1533' is a parameter"}},
        {"the whole word quoted, and a tab",
         "options\tvfio_pci\t\"ids=10de:1eb8,8086:1533\"\n",
         "",
         {"vfio-pci-10de:1eb8", "vfio-pci-8086:1533"},
         {}},
        {"a line continued within an id",
         "options vfio-pci ids=10de:\\\n1eb8,\\\n8086:1533\n",
         "",
         {"vfio-pci-10de:1eb8", "vfio-pci-8086:1533"},
         {}},
        {"the last ids alone count",
         "options vfio-pci ids=1:1 ids=1:2\noptions vfio_pci ids=1:3\n",
         "vfio-pci.ids=1:4 vfio_pci.ids=1:5",
         {"vfio-pci-1:5"},
         {line + "1: 'vfio-pci ids=1:1' is overwritten by the ids of /proc/cmdline",
          line + "1: 'vfio-pci ids=1:2' is overwritten",
          line + "2: 'vfio-pci ids=1:3' is overwritten",
          "/proc/cmdline: 'vfio-pci ids=1:4' is overwritten"}},
        {"an empty list overwrites too",
         "options pci-stub ids=1:1\noptions pci-stub ids=\n",
         "",
         {},
         {line + "1: 'pci-stub ids=1:1' is overwritten by the ids of " + line + "2"}},
        {"what sscanf reads",
         "options vfio-pci ids=1:2:zz,3:4::5,1:2:3:4:5:6:7,,8:9-a,12\n",
         "",
         {"vfio-pci-1:2:zz", "vfio-pci-3:4::5", "vfio-pci-8:9-a"},
         {line + "1: '1:2:zz': the kernel stops reading at ':zz'",
          line + "1: '3:4::5': the kernel stops reading at '::5'",
          line + "1: '1:2:3:4:5:6:7': a class mask of whole hex digits",
          line + "1: '8:9-a': the kernel stops reading at '-a'",
          line + "1: '12': is not vendor:device"}},
        {"comments, also a continued one",
         "# options vfio-pci ids=1:1\n#\\\noptions vfio-pci ids=1:2\noptions vfio-pci ids=1:3 # "
         "x\n",
         "",
         {"vfio-pci-1:3"},
         {line + "2: '#options vfio-pci ids=1:2' is a comment", line + "4: '#' is a parameter",
          line + "4: 'x' is a parameter"}},
        {"an install command that never loads the module",
         "options vfio-pci ids=1:1\ninstall vfio_pci /bin/true\n",
         "",
         {},
         {line + "2: 'install vfio_pci /bin/true' is a command",
          line + "1: 'vfio-pci ids=1:1' has no effect"}},
        {"a module that the command line blacklists",
         "options vfio-pci ids=1:1\n",
         "quiet module_blacklist=nouveau,vfio-pci",
         {},
         {"/proc/cmdline: 'module_blacklist=nouveau,vfio-pci' is about modules",
          line + "1: 'vfio-pci ids=1:1' has no effect"}},
        {"a blacklist only keeps aliases from loading it",
         "options vfio-pci ids=1:1\nblacklist vfio-pci\n",
         "",
         {"vfio-pci-1:1"},
         {line + "2: 'blacklist vfio-pci' is about a module"}},
        {"an alias and its options",
         "alias gpus vfio-pci\noptions gpus ids=1:1\n",
         "",
         {},
         {line + "1: 'alias gpus vfio-pci' only loads",
          line + "2: 'options gpus ids=1:1' counts only where vfio-pci is loaded by that"}},
        {"every other line",
         "softdep nouveau post: vfio_pci\nsoftdep a pre: b\noptions snd power_save=1\nblacklist\n"
         "remove c /bin/true\nfrobnicate d\n",
         "nouveau.modeset=0 rd.driver.pre=vfio-pci quiet",
         {},
         {line + "1: 'softdep nouveau post: vfio_pci' orders",
          line + "2: 'softdep a pre: b' orders",
          line + "3: 'options snd power_save=1' is about a module",
          line + "4: 'blacklist' is no line", line + "5: 'remove c /bin/true' is about",
          line + "6: 'frobnicate d' is no line", "/proc/cmdline: 'nouveau.modeset=0' is",
          "/proc/cmdline: 'rd.driver.pre=vfio-pci' orders"}},
    };
}

TEST(Import, ReadsModprobesLinesAsKmodAndTheKernelDo) {
    for (const ModprobeCase& each : modprobe_cases()) {
        SCOPED_TRACE(each.what);
        const fake::TempDir root;
        fake::Tree(root.path())
            .file("/sys/bus/pci/devices/x", "")
            .file("/etc/modprobe.d/a.conf", each.config)
            .file("/proc/cmdline", std::string(each.cmdline) + "\n");
        const ProcessOutput made =
            run_vfioctl({"--root", ".", "--json", "import", "modprobe"}, root.path());
        ASSERT_EQ(made.status, 0) << made.err;
        const auto json = nlohmann::json::parse(made.out);
        const std::string yaml = json["yaml"];
        EXPECT_EQ(json["rules"].size(), each.rules.size()) << yaml;
        for (const std::string& rule : each.rules)
            EXPECT_NE(yaml.find("name: \"" + rule + "\""), std::string::npos) << rule << yaml;
        const std::vector<std::string> warnings = json["warnings"];
        EXPECT_EQ(warnings.size(), each.warnings.size()) << yaml;
        for (std::size_t at = 0; at < std::min(warnings.size(), each.warnings.size()); ++at)
            EXPECT_TRUE(warnings[at].starts_with(each.warnings[at])) << warnings[at];
    }
}

TEST(Import, NamesTheIdsThatAModuleCannotTake) {
    const fake::TempDir root;
    std::string ids;
    while (ids.size() < 1024)
        ids += "10de:1eb8,";
    fake::Tree(root.path())
        .file("/sys/bus/pci/devices/x", "")
        .file("/etc/modprobe.d/a.conf", "options vfio-pci ids=" + ids + "\n");
    const ProcessOutput made =
        run_vfioctl({"--root", ".", "import", "modprobe", "--json"}, root.path());
    EXPECT_EQ(nlohmann::json::parse(made.out)["rules"].size(), 0U);
    EXPECT_NE(made.out.find("has more than 1023 characters of ids"), std::string::npos);
}

/// modprobe's files are read when a module is loaded, which a built-in driver never is.
TEST(Import, TakesOfABuiltInDriverOnlyWhatTheCommandLineGivesIt) {
    const fake::TempDir root;
    fake::Tree(root.path())
        .file("/sys/bus/pci/devices/x", "")
        .file("/sys/module/vfio_pci/parameters/ids", "")
        .file("/etc/modprobe.d/a.conf",
              "options vfio-pci ids=10de:1eb8\ninstall vfio-pci /bin/true\n"
              "options pci-stub ids=8086:10d3\n")
        .file("/proc/cmdline", "vfio-pci.ids=10de:2204 module_blacklist=vfio_pci\n");
    const ProcessOutput made =
        run_vfioctl({"--root", ".", "--json", "import", "modprobe"}, root.path());
    const auto json = nlohmann::json::parse(made.out);
    const std::string yaml = json["yaml"];
    EXPECT_EQ(json["rules"].size(), 2U) << yaml;
    EXPECT_NE(yaml.find("vfio-pci-10de:2204"), std::string::npos) << yaml;
    EXPECT_NE(yaml.find("pci-stub-8086:10d3"), std::string::npos) << yaml;
    for (const int line : {1, 2})
        EXPECT_NE(json["warnings"].dump().find("a.conf:" + std::to_string(line) + ": '"),
                  std::string::npos)
            << json["warnings"];
    EXPECT_NE(made.out.find("has no effect: vfio-pci is built into this kernel"),
              std::string::npos);
}

/// driverctl takes the whole file but the newlines at its end, `$(< file)`.
TEST(Import, ReadsDriverctlsFilesAsTheShellDoes) {
    const fake::TempDir root;
    fake::Tree(root.path())
        .file("/sys/bus/pci/devices/x", "")
        .file("/etc/driverctl.d/pci-0000:01:00.0", "vfio-pci")
        .file("/etc/driverctl.d/pci-0000:02:00.0", "vfio-pci\n\n")
        .file("/etc/driverctl.d/pci-0000:03:00.0", "vfio-pci\n# the NIC\n")
        .file("/etc/driverctl.d/pci-0000:04:00.0", " vfio-pci\n")
        .file("/etc/driverctl.d/pci-0000:05:00.0", "\"vfio-pci\"\n")
        .file("/etc/driverctl.d/pci-0000:06:00.0", "vfio-pci\r\n")
        .file("/etc/driverctl.d/pci-0000:07:00.0", "\n");
    const ProcessOutput made =
        run_vfioctl({"--root", ".", "--json", "import", "driverctl"}, root.path());
    const auto json = nlohmann::json::parse(made.out);
    EXPECT_EQ(json["rules"].size(), 2U) << made.out;
    ASSERT_EQ(json["warnings"].size(), 5U) << made.out;
    for (unsigned at = 0; at < 5; ++at)
        EXPECT_TRUE(json["warnings"][at].get<std::string>().starts_with(
            "/etc/driverctl.d/pci-0000:0" + std::to_string(at + 3) + ":00.0: "))
            << json["warnings"][at];
}

TEST(Import, PutsDevicesWhereDriverctlPutThem) {
    const fake::TempDir root;
    write_external_managers(root.path());
    ASSERT_EQ(
        run_vfioctl({"--root", ".", "import", "driverctl", "-o", "p.yaml"}, root.path()).status, 0);
    const ProcessOutput planned =
        run_vfioctl({"--root", ".", "--policy", "p.yaml", "list", "--json", "eth0"}, root.path());
    const auto json = nlohmann::json::parse(planned.out);
    EXPECT_EQ(json["devices"][0]["wanted"]["rule"], "driverctl-pci-0000:03:00.0");
}

TEST(Import, TakesNothingFromFilesThatOthersMayWrite) {
    const fake::TempDir host;
    write_workstation(host.path());
    const std::string uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
    const std::map<std::string, std::pair<std::string, std::string>> files = {
        {"modprobe", {"/etc/modprobe.d/a.conf", "options vfio-pci ids=10de:1eb8\n"}},
        {"driverctl", {"/etc/driverctl.d/pci-0000:01:00.0", "vfio-pci\n"}},
        {"mdevctl",
         {"/etc/mdevctl.d/0000:01:00.0/" + uuid, R"({"mdev_type":"mtty-1","start":"auto"})"}}};
    for (const auto& [tool, file] : files) {
        const std::string path = host.path() + file.first;
        ASSERT_TRUE(base::make_directories(base::directory_name(path)));
        ASSERT_TRUE(base::replace_file(path, file.second, 0644, base::Durability::kUnsynced));
        const std::vector<std::string> words = {"--root", host.path(), "import", tool};
        EXPECT_NE(run_vfioctl(words).out.find("rules:"), std::string::npos) << tool;
        ASSERT_EQ(::chmod(path.c_str(), 0646), 0);
        const ProcessOutput refused = run_vfioctl(words);
        EXPECT_EQ(refused.out.find("name:"), std::string::npos) << refused.out;
        EXPECT_NE(refused.err.find("writable by others"), std::string::npos) << refused.err;
    }
}

TEST(Import, ReplacesAFileAsAWhole) {
    const fake::TempDir root;
    write_external_managers(root.path());
    std::ofstream(root.path() + "/p.yaml") << std::string(100'000, '#');
    ASSERT_EQ(run_vfioctl({"--root", ".", "import", "mdevctl", "-o", "p.yaml"}, root.path()).status,
              0);
    EXPECT_TRUE(text_of(root.path() + "/p.yaml").starts_with("# Made of mdevctl's configuration"));
    EXPECT_EQ(text_of(root.path() + "/p.yaml.new"), "");
}

TEST(Export, WritesTheDocumentIntoAFile) {
    const fake::TempDir root;
    write_exports(root.path());
    const ProcessOutput output =
        run_vfioctl({"--root", ".", "export", "cdi", "0000:5e:00.2"}, root.path());
    const ProcessOutput wrote = run_vfioctl(
        {"--root", ".", "export", "cdi", "0000:5e:00.2", "-o", "vfio.json"}, root.path());
    EXPECT_EQ(wrote.out, "");
    EXPECT_EQ(text_of(root.path() + "/vfio.json"), output.out);
    EXPECT_EQ(nlohmann::json::parse(output.out)["kind"], "bindd.org/vfio");
}

TEST(Export, CdiCarriesOwnerGroupAndModeOfTheNodes) {
    const fake::TempDir root;
    write_exports(root.path());
    fake::Tree(root.path())
        .file("/dev/vfio/41", "", 0660)
        .file("/dev/vfio/devices/vfio0", "", 0640)
        .file("/dev/iommu", "", 0600);
    const auto nodes = [&](const std::string& backend) {
        const ProcessOutput made = run_vfioctl(
            {"--root", ".", "export", "cdi", "--backend", backend, "0000:5e:00.2"}, root.path());
        return nlohmann::json::parse(made.out)["devices"][0]["containerEdits"]["deviceNodes"];
    };
    const auto legacy = nodes("legacy");
    EXPECT_EQ(legacy[0]["fileMode"], 0660);
    EXPECT_EQ(legacy[0]["uid"], ::getuid());
    EXPECT_EQ(legacy[0]["gid"], ::getgid());
    EXPECT_FALSE(legacy[1].contains("fileMode"));  // a node that is not there
    const auto iommufd = nodes("iommufd");
    EXPECT_EQ(iommufd[0]["fileMode"], 0640);
    EXPECT_EQ(iommufd[1]["fileMode"], 0600);
}

TEST(Export, QemuWarnsOfDevicesWithoutAnIommu) {
    const fake::TempDir root;
    fake::Host host;
    host.noiommu();
    host.pci("0000:03:00.0").nic().driver("e1000e");
    host.pci("0000:04:00.0").nic().group(0).vfio("vfio-pci").device().vfio->group = "noiommu-0";
    fake::write_tree(root.path(), host.inventory(), host.drivers());
    const ProcessOutput made =
        run_vfioctl({"--root", ".", "export", "qemu", "0000:03:00.0", "0000:04:00.0"}, root.path());
    EXPECT_NE(made.err.find("0000:03:00.0: has no IOMMU group: QEMU does not take it"),
              std::string::npos)
        << made.err;
    EXPECT_NE(made.err.find("0000:04:00.0: its group is /dev/vfio/noiommu-0, without an IOMMU"),
              std::string::npos)
        << made.err;
}

}  // namespace
}  // namespace tests
