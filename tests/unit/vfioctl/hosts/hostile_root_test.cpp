// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// What `--root` names is someone else's. Nothing in it makes a command wait, grow or touch a file
/// that is not below it.
namespace tests {
namespace {

using Commands = std::vector<std::vector<std::string>>;

const Commands& reading_commands() {
    static const Commands commands = {{"list", "-a"},
                                      {"groups", "--tree"},
                                      {"plan"},
                                      {"explain", "0000:01:00.0"},
                                      {"show", "0000:01:00.0"},
                                      {"doctor"},
                                      {"history"},
                                      {"status"},
                                      {"policy", "show"},
                                      {"import", "modprobe"},
                                      {"import", "driverctl"},
                                      {"import", "mdevctl"},
                                      {"mdev", "list", "-d"},
                                      {"aliases", "0000:01:00.0"}};
    return commands;
}

void write_files_of_others(const std::string& host) {
    for (const char* path :
         {"/etc/modprobe.d/a.conf", "/etc/driverctl.d/pci-0000:01:00.0",
          "/etc/mdevctl.d/0000:01:00.0/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "/run/bindd/journal",
          "/var/lib/bindd/history", "/var/lib/bindd/history.1", "/proc/cmdline", "/proc/1/maps",
          "/proc/1/mountinfo", "/proc/self/mountinfo", "/proc/swaps", "/proc/consoles",
          "/proc/net/tcp", "/run/udev/data/+pci:0000:01:00.0"}) {
        ASSERT_TRUE(base::make_directories(base::directory_name(host + path)));
        std::ofstream(host + path) << "x\n";
    }
}

/// Puts something in the place of every regular file.
void replace_files(const std::string& host, const std::function<int(const char*)>& make) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(host))
        if (entry.is_regular_file() && !entry.is_symlink())
            files.push_back(entry.path().string());
    ASSERT_GT(files.size(), 100U);
    for (const std::string& file : files) {
        ASSERT_EQ(::unlink(file.c_str()), 0);
        ASSERT_EQ(make(file.c_str()), 0) << file;
    }
}

/// Each ends, by itself; what it answers is its own affair.
void expect_all_end(const std::string& host) {
    for (std::vector<std::string> words : reading_commands()) {
        words.insert(words.begin(), {"--root", host});
        const ProcessOutput output = run_vfioctl(words);
        EXPECT_LE(output.status, 6) << words[2] << output.err;
        EXPECT_GE(output.status, 0) << words[2];
    }
    const fake::TempDir elsewhere;
    const ProcessOutput packed =
        run_vfioctl({"--root", host, "capture", elsewhere.path() + "/a.tar"});
    EXPECT_LE(packed.status, 1) << packed.err;
}

TEST(HostileRoot, MayHaveAFifoInPlaceOfEveryFile) {
    const fake::TempDir host;
    write_workstation(host.path());
    write_files_of_others(host.path());
    replace_files(host.path(), [](const char* path) { return ::mkfifo(path, 0644); });
    expect_all_end(host.path());
}

TEST(HostileRoot, MayHaveALinkToADeviceNodeInPlaceOfEveryFile) {
    const fake::TempDir host;
    write_workstation(host.path());
    write_files_of_others(host.path());
    replace_files(host.path(), [](const char* path) { return ::symlink("/dev/zero", path); });
    expect_all_end(host.path());
}

TEST(HostileRoot, MayHaveAFileWithoutEndInPlaceOfEveryFile) {
    const fake::TempDir host;
    write_workstation(host.path());
    write_files_of_others(host.path());
    replace_files(host.path(), [](const char* path) {
        const base::UniqueFd fd(::open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
        return ::ftruncate(fd.get(), off_t{1} << 40U);
    });
    expect_all_end(host.path());
}

TEST(HostileRoot, IsNotLeftByLinks) {
    const fake::TempDir outside;
    const std::string host = outside.path() + "/host";
    ASSERT_EQ(::mkdir(host.c_str(), 0755), 0);
    write_workstation(host);
    ASSERT_TRUE(base::make_directories(outside.path() + "/mdevs"));
    ASSERT_EQ(::symlink((outside.path() + "/mdevs").c_str(), (host + "/etc/mdevctl.d").c_str()), 0);
    std::filesystem::remove_all(host + "/etc/bindd/policies.d");
    ASSERT_EQ(::symlink(outside.path().c_str(), (host + "/etc/bindd/policies.d").c_str()), 0);
    std::ofstream(outside.path() + "/a.yaml") << "secret";
    const ProcessOutput shown = run_vfioctl({"--root", host, "policy", "show"});
    EXPECT_EQ(shown.err.find("secret"), std::string::npos) << shown.err;
    const ProcessOutput defined =
        run_vfioctl({"--root", host, "mdev", "define", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
                     "-p", "0000:01:00.0", "-t", "mtty-2"});
    EXPECT_NE(defined.status, 0);
    (void)run_vfioctl({"--root", host, "bind", "0000:01:00.0", "--persist"});
    EXPECT_EQ(base::list_directory(outside.path()),
              (std::vector<std::string>{"a.yaml", "host", "mdevs"}));
    EXPECT_TRUE(base::list_directory(outside.path() + "/mdevs").empty());
}

TEST(HostCapture, IsForItsOwnerAndNeverWrittenThroughALink) {
    const fake::TempDir host;
    write_workstation(host.path());
    const fake::TempDir elsewhere;
    const std::string archive = elsewhere.path() + "/host.tar";
    const std::string victim = elsewhere.path() + "/victim";
    std::ofstream(victim) << "kept";
    ASSERT_EQ(::symlink(victim.c_str(), archive.c_str()), 0);
    ASSERT_EQ(::symlink(victim.c_str(), (archive + ".part").c_str()), 0);
    ASSERT_EQ(run_vfioctl({"--root", host.path(), "capture", archive}).status, 0);
    struct stat status {};
    ASSERT_EQ(::lstat(archive.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 0600));
    EXPECT_EQ(base::read_file(victim).value_or(""), "kept");
    EXPECT_EQ(base::list_directory(elsewhere.path()),
              (std::vector<std::string>{"host.tar", "host.tar.part", "victim"}));
}

}  // namespace
}  // namespace tests
