// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"
#include "sysfs/module/module_denial.hpp"
#include "sysfs/module/module_loader.hpp"
#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

TEST(ModuleDenial, NamesFileAndLine) {
    UsageTree tree;
    tree.file("/etc/modprobe.d/local.conf",
              "# blacklist vfio_pci\noptions vfio-pci x=1\nblacklist vfio-pci\n");
    EXPECT_EQ("/etc/modprobe.d/local.conf:3: blacklist vfio-pci",
              sysfs::denying_line(tree.root(), "vfio_pci"));
    EXPECT_EQ(std::nullopt, sysfs::denying_line(tree.root(), "vfio"));
}

TEST(ModuleDenial, SkipsAFileMaskedByAnEarlierDirectory) {
    UsageTree tree;
    tree.file("/usr/lib/modprobe.d/vendor.conf", "blacklist vfio_pci\n");
    tree.file("/etc/modprobe.d/vendor.conf", "");
    EXPECT_EQ(std::nullopt, sysfs::denying_line(tree.root(), "vfio_pci"));
}

TEST(ModuleDenial, CountsAnInstallCommand) {
    UsageTree tree;
    tree.file("/run/modprobe.d/a.conf", "  install vfio_pci /bin/false\n");
    EXPECT_EQ("/run/modprobe.d/a.conf:1:   install vfio_pci /bin/false",
              sysfs::denying_line(tree.root(), "vfio-pci"));
}

TEST(ModuleDenial, ReadsTheCommandLine) {
    UsageTree tree;
    tree.file("/proc/cmdline",
              "quiet modprobe.blacklist=nouveau,vfio-pci module_blacklist=e1000e\n");
    EXPECT_EQ("/proc/cmdline: modprobe.blacklist=nouveau,vfio-pci",
              sysfs::denying_line(tree.root(), "vfio_pci"));
    EXPECT_EQ("/proc/cmdline: module_blacklist=e1000e", sysfs::denying_line(tree.root(), "e1000e"));
}

TEST(ModprobeConfig, JoinsContinuedLinesAndSkipsComments) {
    UsageTree tree;
    tree.file("/etc/modprobe.d/a.conf",
              "# options vfio-pci ids=1:2\noptions vfio-pci ids=10de:1eb8 \\\n  "
              "disable_vga=1\n\nblacklist x\n");
    const auto lines = sysfs::read_modprobe_config(tree.root());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].where(), "/etc/modprobe.d/a.conf:2");
    EXPECT_EQ(lines[0].words,
              (std::vector<std::string>{"options", "vfio-pci", "ids=10de:1eb8", "disable_vga=1"}));
    EXPECT_EQ(lines[1].where(), "/etc/modprobe.d/a.conf:5");
}

TEST(ModprobeConfig, ReadsTheCommandLineAsTheKernelDoes) {
    UsageTree tree;
    tree.file("/proc/cmdline", "quiet vfio-pci.ids=\"10de:1eb8 x\" root=UUID=1\n");
    const auto arguments = sysfs::read_kernel_arguments(tree.root());
    ASSERT_EQ(arguments.size(), 3U);
    EXPECT_EQ(arguments[0].key, "quiet");
    EXPECT_EQ(arguments[1].key, "vfio_pci.ids");
    EXPECT_EQ(arguments[1].value, "10de:1eb8 x");
    EXPECT_EQ(arguments[2].key, "root");
    EXPECT_EQ(arguments[2].value, "UUID=1");
}

TEST(ModuleLoader, ReportsAnUnknownModule) {
    const auto loaded = sysfs::load_kernel_module("bindd_no_such_module");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(base::Code::kNotFound, loaded.error().code);
    EXPECT_EQ("bindd_no_such_module: load the module: this kernel has no such module",
              loaded.error().text());
}

TEST(ModuleLoader, RefusesAPathAsAName) {
    const auto loaded = sysfs::load_kernel_module("../evil.ko");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(base::Code::kInvalid, loaded.error().code);
}

}  // namespace
