// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/policy_files.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/unique_fd.hpp"

namespace binding {
namespace {

namespace fs = std::filesystem;

std::string rule(const std::string& name) {
    return "version: 1\nrules: [{name: " + name + ", match: {class: network}, driver: auto}]\n";
}

/// A host's root with the three standard directories.
class PolicyFilesTest : public testing::Test {
  protected:
    void SetUp() override {
        char name[] = "/tmp/bindd-policies-XXXXXX";
        ASSERT_NE(::mkdtemp(name), nullptr);
        root_ = name;
        for (const std::string& dir : standard_policy_dirs(sysfs::Root{root_}))
            fs::create_directories(dir);
    }
    void TearDown() override { fs::remove_all(root_); }

    void write(const std::string& path, const std::string& text) const {
        std::ofstream(root_ + path) << text;
    }
    [[nodiscard]] PolicyFiles read() const {
        return read_policy_files(standard_policy_dirs(sysfs::Root{root_}), MissingPath::kIgnore);
    }
    /// The files' paths, without the root.
    [[nodiscard]] std::vector<std::string> paths(const PolicyFiles& read) const {
        std::vector<std::string> out;
        for (const policy::SourceFile& file : read.files)
            out.push_back(file.name.substr(root_.size()));
        return out;
    }
    [[nodiscard]] std::string errors(const PolicyFiles& read) const {
        std::string out = policy::render(read.diagnostics);
        for (std::size_t at = out.find(root_); at != std::string::npos; at = out.find(root_))
            out.erase(at, root_.size());
        return out;
    }

    std::string root_;
};

TEST_F(PolicyFilesTest, AreReadInNameOrderAndMaskByName) {
    write("/usr/lib/bindd/policies.d/50-b.yaml", rule("usr-b"));
    write("/usr/lib/bindd/policies.d/10-a.yaml", rule("usr-a"));
    write("/run/bindd/policies.d/50-b.yaml", rule("run-b"));
    write("/run/bindd/policies.d/60-c.yaml", rule("run-c"));
    write("/etc/bindd/policies.d/10-a.yaml", rule("etc-a"));
    write("/etc/bindd/policies.d/20-z.yaml", rule("etc-z"));
    const PolicyFiles files = read();
    EXPECT_EQ(errors(files), "");
    EXPECT_EQ(paths(files),
              (std::vector<std::string>{
                  "/etc/bindd/policies.d/10-a.yaml", "/etc/bindd/policies.d/20-z.yaml",
                  "/run/bindd/policies.d/50-b.yaml", "/run/bindd/policies.d/60-c.yaml"}));
    EXPECT_EQ(files.files[0].text, rule("etc-a"));
}

TEST_F(PolicyFilesTest, TakeAwayWhatIsLinkedToDevNullOrEmpty) {
    write("/usr/lib/bindd/policies.d/a.yaml", rule("a"));
    write("/usr/lib/bindd/policies.d/b.yaml", rule("b"));
    write("/usr/lib/bindd/policies.d/c.yaml", rule("c"));
    fs::create_symlink("/dev/null", root_ + "/etc/bindd/policies.d/a.yaml");
    write("/run/bindd/policies.d/b.yaml", "");
    const PolicyFiles files = read();
    EXPECT_EQ(errors(files), "");
    EXPECT_EQ(paths(files), (std::vector<std::string>{"/usr/lib/bindd/policies.d/c.yaml"}));
}

TEST_F(PolicyFilesTest, LeaveOtherNamesAlone) {
    for (const char* name : {"a.yml", "b.yaml~", "c.yaml.dpkg-old", ".d.yaml", "README", ".yaml"})
        write(std::string("/etc/bindd/policies.d/") + name, "not a policy");
    EXPECT_TRUE(read().files.empty());
    EXPECT_EQ(errors(read()), "");
}

TEST_F(PolicyFilesTest, MayBeAbsentUnlessTheUserNamedThem) {
    fs::remove_all(root_ + "/etc/bindd");
    EXPECT_EQ(errors(read()), "");
    const PolicyFiles named = read_policy_files(
        {root_ + "/etc/bindd/policies.d", root_ + "/x.yaml"}, MissingPath::kError);
    EXPECT_EQ(errors(named),
              "/etc/bindd/policies.d: error: No such file or directory\n"
              "/x.yaml: error: No such file or directory\n");
}

TEST_F(PolicyFilesTest, RefuseWhatIsNoFileWithoutWaiting) {
    const std::string dir = root_ + "/etc/bindd/policies.d/";
    ASSERT_EQ(::mkfifo((dir + "a.yaml").c_str(), 0644), 0);
    fs::create_directory(dir + "b.yaml");
    fs::create_symlink("/dev/zero", dir + "c.yaml");
    fs::create_symlink("nowhere", dir + "d.yaml");
    fs::create_symlink("e.yaml", dir + "e.yaml");
    const base::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, (dir + "f.yaml").c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    write("/etc/bindd/policies.d/g.yaml", rule("good"));
    const PolicyFiles files = read();
    EXPECT_EQ(errors(files),
              "/etc/bindd/policies.d/a.yaml: error: a FIFO, not a policy file\n"
              "/etc/bindd/policies.d/b.yaml: error: a directory, not a policy file\n"
              "/etc/bindd/policies.d/c.yaml: error: a character device, not a policy file\n"
              "/etc/bindd/policies.d/d.yaml: error: a link that leads nowhere\n"
              "/etc/bindd/policies.d/e.yaml: error: Too many levels of symbolic links\n"
              "/etc/bindd/policies.d/f.yaml: error: No such device or address\n");
    EXPECT_EQ(paths(files), (std::vector<std::string>{"/etc/bindd/policies.d/g.yaml"}));
}

TEST_F(PolicyFilesTest, StopReadingWhereNoPolicyIsThatLarge) {
    write("/etc/bindd/policies.d/a.yaml", std::string(3 * policy::kMaxFileBytes, '#') + "\n");
    const PolicyFiles files = read();
    ASSERT_EQ(files.files.size(), 1U);
    EXPECT_LT(files.files[0].text.size(), 2 * policy::kMaxFileBytes);
    const policy::Parsed parsed = policy::parse_set(files.files);
    ASSERT_EQ(parsed.diagnostics.size(), 1U);
    EXPECT_NE(parsed.diagnostics[0].text.find("at most 1048576 (1 MiB)"), std::string::npos);
}

TEST_F(PolicyFilesTest, HoldAtMostFiveHundredAndTwelveFiles) {
    for (int i = 0; i < 512; ++i)
        write("/etc/bindd/policies.d/" + std::to_string(1000 + i) + ".yaml", "version: 1\n");
    EXPECT_EQ(read().files.size(), 512U);
    write("/run/bindd/policies.d/2000.yaml", "version: 1\n");
    const PolicyFiles files = read();
    EXPECT_TRUE(files.files.empty());
    EXPECT_EQ(
        errors(files),
        "/run/bindd/policies.d/2000.yaml: error: one policy file too many: 513 were found, and a "
        "set has at most 512\n");
}

TEST_F(PolicyFilesTest, TakeEveryFileTheUserNames) {
    fs::create_directories(root_ + "/one");
    fs::create_directories(root_ + "/two");
    write("/one/same.yaml", rule("first"));
    write("/two/same.yaml", rule("second"));
    write("/plain", rule("third"));
    const PolicyFiles files =
        read_policy_files({root_ + "/two/same.yaml", root_ + "/one/same.yaml", root_ + "/plain"},
                          MissingPath::kError);
    EXPECT_EQ(errors(files), "");
    EXPECT_EQ(paths(files),
              (std::vector<std::string>{"/plain", "/one/same.yaml", "/two/same.yaml"}));
}

TEST_F(PolicyFilesTest, TakeDevNullAsNoPolicyAtAll) {
    const policy::Parsed parsed = load_policies({"/dev/null"}, MissingPath::kError);
    EXPECT_TRUE(parsed.ok());
    EXPECT_TRUE(parsed.set.rules.empty());
}

TEST_F(PolicyFilesTest, LoadWholeOrNotAtAll) {
    write("/etc/bindd/policies.d/a.yaml", rule("a"));
    EXPECT_EQ(load_policies(standard_policy_dirs(sysfs::Root{root_}), MissingPath::kIgnore)
                  .set.rules.size(),
              1U);
    fs::create_directory(root_ + "/etc/bindd/policies.d/b.yaml");
    const policy::Parsed parsed =
        load_policies(standard_policy_dirs(sysfs::Root{root_}), MissingPath::kIgnore);
    EXPECT_FALSE(parsed.ok());
    EXPECT_TRUE(parsed.set.rules.empty());
    EXPECT_EQ(parsed.set.generation, "");
}

/// Stages /run/bindd/policies.d in a mount namespace of its own and tells what is read of it; false
/// where the system does not let us.
bool read_staged_run(std::string& out) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", "/run", "tmpfs", 0, nullptr) != 0)
        return false;
    const std::string dir = "/run/bindd/policies.d";
    fs::create_directories(dir);
    for (const char* name : {"a.yaml", "b.yaml", "c.yaml"})
        std::ofstream(dir + "/" + name) << "version: 1\n";
    if (::chmod((dir + "/a.yaml").c_str(), 0666) != 0 ||
        ::chown((dir + "/b.yaml").c_str(), 12345, 0) != 0)
        return false;
    const auto read = [&] {
        const PolicyFiles files = read_policy_files({dir}, MissingPath::kIgnore);
        out += policy::render(files.diagnostics);
        for (const policy::SourceFile& file : files.files)
            out += file.name + "\n";
    };
    read();
    if (::chmod(dir.c_str(), 01777) != 0)
        return false;
    read();
    return true;
}

/// The machine's own directories are checked for who may write them; not so those of a made-up
/// root.
TEST_F(PolicyFilesTest, OfThisMachineMustBelongToRootAlone) {
    const std::string seen = root_ + "/seen";
    const pid_t child = ::fork();
    if (child == 0) {
        std::string out;
        const bool staged = read_staged_run(out);
        std::ofstream(seen) << out;
        ::_exit(staged ? 0 : 77);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WEXITSTATUS(status) == 77)
        GTEST_SKIP() << "no mount namespace may be made here";
    std::ifstream in(seen);
    const std::string out{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(out,
              "/run/bindd/policies.d/a.yaml: error: this file is writable by others than its owner "
              "(mode 0666)\n"
              "hint: chmod go-w /run/bindd/policies.d/a.yaml\n"
              "/run/bindd/policies.d/b.yaml: error: this file belongs to user 12345, not to root\n"
              "hint: chown root /run/bindd/policies.d/b.yaml\n"
              "/run/bindd/policies.d/c.yaml\n"
              "/run/bindd/policies.d: error: this directory is writable by others than its owner "
              "(mode 1777)\n"
              "hint: chmod go-w /run/bindd/policies.d\n");
}

}  // namespace
}  // namespace binding
