// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <spawn.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/exchange_hosts.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// What `capture` writes and tar unpacks, `--root` reads as the same host.
namespace tests {
namespace {

int unpack(const std::string& archive, const std::string& directory) {
    std::vector<std::string> words = {"tar", "-C", directory, "-xf", archive};
    std::vector<char*> argv;
    for (std::string& word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_t child = -1;
    if (posix_spawnp(&child, "tar", nullptr, nullptr, argv.data(), environ) != 0)
        return -1;
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

std::string bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class CaptureTest : public testing::TestWithParam<void (*)(const std::string&)> {};

TEST_P(CaptureTest, ComesBackAsTheSameHost) {
    const fake::TempDir host;
    GetParam()(host.path());
    const fake::TempDir elsewhere;
    const std::string archive = elsewhere.path() + "/host.tar";
    const ProcessOutput packed = run_vfioctl({"--root", host.path(), "capture", archive});
    ASSERT_EQ(packed.status, 0) << packed.err;
    const fake::TempDir copy;
    ASSERT_EQ(unpack(archive, copy.path()), 0);
    for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
             {"--json", "list", "-a"}, {"groups", "--json"}, {"plan"}, {"policy", "show"}}) {
        std::vector<std::string> words = {"--root", "."};
        words.insert(words.end(), command.begin(), command.end());
        const ProcessOutput original = run_vfioctl(words, host.path());
        const ProcessOutput again = run_vfioctl(words, copy.path());
        EXPECT_EQ(original.out, again.out);
        EXPECT_EQ(original.err, again.err);
        EXPECT_EQ(original.status, again.status);
    }
}

INSTANTIATE_TEST_SUITE_P(Hosts, CaptureTest,
                         testing::Values(write_server, write_mdev_host, write_broken_policy));

class CaptureName : public testing::TestWithParam<std::pair<const char*, std::string_view>> {};

TEST_P(CaptureName, DecidesTheCompression) {
    const auto [name, magic] = GetParam();
    const fake::TempDir host;
    write_server(host.path());
    const fake::TempDir out;
    const std::string archive = out.path() + "/" + name;
    const std::string again = out.path() + "/again-" + name;
    ASSERT_EQ(run_vfioctl({"--root", host.path(), "capture", archive}).status, 0);
    ASSERT_EQ(run_vfioctl({"--root", host.path(), "capture", again}).status, 0);
    EXPECT_TRUE(bytes(archive).starts_with(magic));
    EXPECT_EQ(bytes(archive), bytes(again));
    const fake::TempDir copy;
    ASSERT_EQ(unpack(archive, copy.path()), 0);
    EXPECT_EQ(run_vfioctl({"--root", ".", "list", "-a"}, copy.path()).out,
              run_vfioctl({"--root", ".", "list", "-a"}, host.path()).out);
}

INSTANTIATE_TEST_SUITE_P(Compressions, CaptureName,
                         testing::Values(std::pair{"host.tar.zst", "\x28\xb5\x2f\xfd"},
                                         std::pair{"host.tar.xz", "\xfd\x37zXZ"},
                                         std::pair{"host.tar.gz", "\x1f\x8b"}));

TEST(CaptureFile, NamesTheLibraryThatIsNotInstalled) {
    const fake::TempDir libraries;
    std::ofstream(libraries.path() + "/libarchive.so.13").close();
    const ProcessOutput ended =
        run_vfioctl({"--root", ".", "capture", "host.tar"}, libraries.path(),
                    {"LC_ALL=C", "LD_LIBRARY_PATH=" + libraries.path()});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.err,
              "vfioctl: host.tar: libarchive is not installed\n"
              "hint: install the package libarchive13 (Debian) or libarchive\n");
}

TEST(CaptureFile, IsTheSameBytesForTheSameHostAndLeavesNothingBehindWhenItFails) {
    const fake::TempDir host;
    write_workstation(host.path());
    const fake::TempDir out;
    const auto pack = [&](const std::string& name) {
        return run_vfioctl({"--root", host.path(), "capture", out.path() + "/" + name}).status;
    };
    ASSERT_EQ(pack("a.tar"), 0);
    ASSERT_EQ(pack("b.tar"), 0);
    EXPECT_EQ(pack("no-such-directory/c.tar"), 1);
    EXPECT_EQ(bytes(out.path() + "/a.tar"), bytes(out.path() + "/b.tar"));
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(out.path()))
        ++files;
    EXPECT_EQ(files, 2U);
}

/// What a line of the shell, in `directory`, prints on both streams; "$V" is the program.
std::string shell(const std::string& directory, const std::string& line) {
    const std::string command = "exec 2>&1; cd " + directory +
                                "; V=" VFIOCTL_BINARY "; export TMPDIR=" + directory + "; " + line;
    FILE* pipe = popen(command.c_str(), "r");  // NOLINT: a shell is what it is about
    std::string out;
    char buffer[4096];
    for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        out.append(buffer, got);
    pclose(pipe);
    return out;
}

TEST(Root, TakesAnArchive) {
    const fake::TempDir host;
    write_server(host.path());
    const std::string list = " list -o address,driver,group,rule,state";
    const std::string wanted = shell(host.path(), "$V --root ." + list);
    ASSERT_NE(wanted.find("0000:5e:00.2 mlx5_vfio_pci"), std::string::npos) << wanted;
    const fake::TempDir elsewhere;
    for (const char* name : {"host.tar", "host.tar.zst"}) {
        (void)shell(elsewhere.path(), "$V --root " + host.path() + " capture " + name);
        EXPECT_EQ(shell(elsewhere.path(), "$V --root " + std::string(name) + list), wanted);
    }
    const std::string capture = "$V --root " + host.path() + " capture - | ";
    EXPECT_EQ(shell(elsewhere.path(), capture + "$V --root -" + list), wanted);
    // Nothing of it is left.
    EXPECT_EQ(shell(elsewhere.path(), "ls"), "host.tar\nhost.tar.zst\n");
}

TEST(Root, IsNotLeftByAnEntryOfAnArchive) {
    const fake::TempDir dir;
    const std::string list = "; $V --root ../x.tar list";
    (void)shell(dir.path(), "mkdir outside in");
    const std::string in = dir.path() + "/in";
    (void)shell(in, "echo x >f; tar cPf ../x.tar f --transform 's,f,../../outside/f,'" + list);
    EXPECT_EQ(shell(dir.path(), "tar tPf x.tar; ls outside"), "../../outside/f\n");
    (void)shell(in,
                "ln -s ../../outside l; tar cf ../x.tar l; rm l; mkdir l; echo x >l/f; "
                "tar rf ../x.tar l/f" +
                    list);
    EXPECT_EQ(shell(dir.path(), "tar tf x.tar"), "l\nl/f\n");
    EXPECT_EQ(shell(dir.path(), "ls outside"), "");
    EXPECT_EQ(shell(dir.path(), "echo text >t; $V --root t list"),
              "vfioctl: --root t: neither a directory nor a tar archive\n");
}

TEST(Streams, StandWhereAFileIsTaken) {
    const fake::TempDir host;
    write_external_managers(host.path());
    EXPECT_EQ(shell(host.path(), "echo 'version: 1' | $V policy check -"),
              "1 file, 0 variants, 0 rules: ok\n");
    EXPECT_EQ(shell(host.path(), "echo 'version: 2' | $V --policy - --root . plan | head -1")
                  .find("<stdin>:1:10: error"),
              0U);
    EXPECT_EQ(shell(host.path(), "$V --root . import driverctl -o -"),
              shell(host.path(), "$V --root . import driverctl"));
    EXPECT_EQ(shell(host.path(), "ls -- -; echo '{}' | $V --root . mdev define --jsonfile - -p x")
                  .find("jsonfile"),
              std::string::npos);
}

}  // namespace
}  // namespace tests
