// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
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

}  // namespace
}  // namespace tests
