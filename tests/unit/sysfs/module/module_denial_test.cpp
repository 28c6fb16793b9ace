// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string_view>

#include "sysfs/device/names.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"
#include "sysfs/module/module_denial.hpp"
#include "sysfs/module/module_loader.hpp"
#include "tests/unit/sysfs/usage/usage_tree.hpp"

namespace {

/// What `modprobe -c` says of a directory, without the indexes.
std::set<std::string> modprobe_lines(const std::string& directory) {
    std::set<std::string> out;
    const std::string command = "modprobe -c -C " + directory + " 2>/dev/null";
    FILE* stream = ::popen(command.c_str(), "r");
    char line[4096];
    while (stream != nullptr && std::fgets(line, sizeof(line), stream) != nullptr &&
           !std::string_view(line).starts_with("# End"))
        out.insert(std::string(line).substr(0, std::string_view(line).find('\n')));
    if (stream != nullptr)
        (void)::pclose(stream);
    return out;
}

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
    const auto lines = sysfs::read_modprobe_config(tree.root()).lines;
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0].where(), "/etc/modprobe.d/a.conf:2");
    EXPECT_EQ(lines[0].words,
              (std::vector<std::string>{"options", "vfio-pci", "ids=10de:1eb8", "disable_vga=1"}));
    EXPECT_EQ(lines[0].rest, "ids=10de:1eb8   disable_vga=1");
    EXPECT_EQ(lines[1].where(), "/etc/modprobe.d/a.conf:5");
}

TEST(ModprobeConfig, ContinuesInTheMiddleOfAWordAndOfAComment) {
    UsageTree tree;
    tree.file("/etc/modprobe.d/a.conf",
              "options vfio-pci ids=10de:\\\n1eb8\n# old: \\\noptions vfio-pci ids=1:2\nblacklist");
    const auto lines = sysfs::read_modprobe_config(tree.root()).lines;
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].words.at(2), "ids=10de:1eb8");
    EXPECT_EQ(lines[1].where(), "/etc/modprobe.d/a.conf:3");
    EXPECT_EQ(lines[1].text, "# old: options vfio-pci ids=1:2");
    EXPECT_FALSE(lines[1].is_valid());
    EXPECT_EQ(lines[2].where(), "/etc/modprobe.d/a.conf:5");
    EXPECT_FALSE(lines[2].is_valid());
}

TEST(ModprobeConfig, ReadsWhatModprobeItselfReads) {
    UsageTree tree;
    tree.file("/etc/modprobe.d/none.txt", "");
    tree.file("/etc/modprobe.d/b.conf",
              "options vfio-pci ids=\"10de:1eb8, 8086:1533\"\tdisable-vga=1  # why\n"
              "  options\tvfio_pci ids=10de:\\\n1eb8,\\\n  10de:10f8\n"
              "# options a b=1 \\\noptions c d=1\n"
              " # options e f=1\n"
              "options g h=\\\"1\\\\2\\x\n"
              "options i\noptions\nOptions j k=1\nblacklist l-m n-o\nblacklist\n"
              "install p-q /bin/false\nremove r-s /bin/true  x\n"
              "alias t-u vfio-pci\nalias v\nconfig w x\ninclude y z");
    tree.file("/etc/modprobe.d/.c.conf", "blacklist from-hidden\n");
    const std::string directory = tree.path("/etc/modprobe.d");
    std::set<std::string> expected = modprobe_lines(directory);
    if (expected.empty())
        GTEST_SKIP() << "modprobe is not installed";
    // This machine's own command line is among them.
    for (const std::string& own : modprobe_lines(directory + "/none.txt"))
        expected.erase(own);

    std::set<std::string> read;
    for (const sysfs::ConfigLine& line : sysfs::read_modprobe_config(tree.root()).lines) {
        if (!line.is_valid())
            continue;
        const std::string& command = line.words[0];
        std::string text = command + " " + sysfs::normalise_module(line.words[1]);
        std::string rest = command == "alias" ? sysfs::normalise_module(line.words[2]) : line.rest;
        if (command == "options")
            std::replace(rest.begin(), rest.end(), '\t', ' ');
        read.insert(command == "blacklist" ? text : text + " " + rest);
    }
    EXPECT_EQ(read, expected);
}

/// kmod 30 reads *.alias, kmod 34 does not: what may deny a module is read.
TEST(ModprobeConfig, ReadsTheFilesThatKmodReads) {
    UsageTree tree;
    tree.file("/etc/modprobe.d/b.alias", "blacklist b\n");
    tree.file("/etc/modprobe.d/a.conf", "blacklist a\n");
    tree.file("/etc/modprobe.d/.hidden.conf", "blacklist hidden\n");
    tree.file("/etc/modprobe.d/a.conf.bak", "blacklist bak\n");
    tree.file("/etc/modprobe.d/c.conf/d.conf", "blacklist d\n");
    const auto config = sysfs::read_modprobe_config(tree.root());
    ASSERT_EQ(config.lines.size(), 2U);
    EXPECT_EQ(config.lines[0].words.at(1), "a");
    EXPECT_EQ(config.lines[1].words.at(1), "b");
    EXPECT_EQ(config.unreadable, std::vector<std::string>{"/etc/modprobe.d/c.conf"});
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

TEST(ModprobeConfig, StripsTheQuotesThatTheKernelStrips) {
    const auto arguments = sysfs::parse_kernel_arguments(
        "\"vfio-pci.ids=1:2, 3:4\" a=\"b c\"d\"e\" f=g\"h i\" j= k=\"l m");
    ASSERT_EQ(arguments.size(), 5U);
    EXPECT_EQ(arguments[0].key, "vfio_pci.ids");
    EXPECT_EQ(arguments[0].value, "1:2, 3:4");
    EXPECT_EQ(arguments[1].value, "b c\"d\"e");
    EXPECT_EQ(arguments[2].value, "g\"h i\"");
    EXPECT_EQ(arguments[3].value, "");
    EXPECT_EQ(arguments[4].value, "l m");
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
