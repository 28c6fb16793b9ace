// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/completion.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"
#include "vfioctl/cli/command_options.hpp"
#include "vfioctl/cli/command_table.hpp"
#include "vfioctl/cli/completion_values.hpp"

namespace tests {
namespace {

/// The values that the program gives for the last word, on the workstation; "|" between them.
std::string completed(std::vector<std::string> words) {
    const fake::TempDir root;
    write_workstation(root.path());
    words.insert(words.begin(), {"__complete", "--root", "."});
    std::istringstream lines(run_vfioctl(words, root.path()).out);
    std::string out;
    for (std::string line; std::getline(lines, line);)
        out += (out.empty() ? "" : "|") + line.substr(0, line.find('\t'));
    return out;
}

TEST(Completion, KnowsWhatMayComeNext) {
    EXPECT_EQ(completed({"re"}), "release|reload");
    EXPECT_EQ(completed({"policy", "s"}), "show|schema");
    EXPECT_EQ(completed({"help", "mdev", "st"}), "start|stop");
    EXPECT_EQ(completed({"list", "--no"}), "--noheadings");
    EXPECT_EQ(completed({"list", "-o", "addr"}), "address");
    EXPECT_EQ(completed({"list", "-no", "ADDRESS,+NU"}), "ADDRESS,+NUMA");
    EXPECT_EQ(completed({"list", "--output=st"}), "--output=state");
    EXPECT_EQ(completed({"show", "0000:02"}), "0000:02:00.0|0000:02:00.1");
    EXPECT_EQ(completed({"show", "02"}), "02:00.0|02:00.1");
    EXPECT_EQ(completed({"show", "02:00.0", "et"}), "eth0");
    EXPECT_EQ(completed({"groups", "1"}), "1|12|13|14|15");
    EXPECT_EQ(completed({"bind", "--force", "m"}), "mounted");
    EXPECT_EQ(completed({"bind", "--driver", "vfio-pci,ho"}), "vfio-pci,host");
    EXPECT_EQ(completed({"bind", "-g", ""}), "strict|whole");
    EXPECT_EQ(completed({"probe", "--backend", "type"}), "type1v2|type1");
    EXPECT_EQ(completed({"capture", ""}), ":files");
    EXPECT_EQ(completed({"--root=", "--root", ""}), ":files");
    // A number, a second device of a command that takes one, options after "--".
    EXPECT_EQ(completed({"sriov", "02:00.0", ""}), "");
    EXPECT_EQ(completed({"explain", "02:00.0", ""}), "");
    EXPECT_EQ(completed({"list", "--", "--no"}), "");
    EXPECT_EQ(completed({"no-such-command", ""}), "");
}

// An argument that the table of commands gets and completion does not know.
TEST(Completion, KnowsEveryArgumentOfTheTable) {
    std::vector<const vfioctl::Command*> all;
    std::string texts;
    for (const vfioctl::Command& command : vfioctl::commands()) {
        texts += std::string(command.words) + " ";
        for (const vfioctl::OptionSpec& option : command.options)
            texts += std::string(option.argument) + " ";
    }
    for (const vfioctl::OptionSpec& option : vfioctl::global_options())
        texts += std::string(option.argument) + " ";
    std::istringstream words(texts);
    for (std::string word; words >> word;) {
        std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
        std::istringstream alternatives(word.substr(0, word.find('.')));
        for (std::string name; std::getline(alternatives, name, '|');)
            EXPECT_TRUE(vfioctl::is_known_argument(name)) << name;
    }
}

// Nothing that is read can wait: not for a writer of a FIFO, and not for a device's lock.
TEST(Completion, DoesNotWaitForAnything) {
    const fake::TempDir root;
    write_workstation(root.path());
    for (const char* name : {"driver_override", "uevent"}) {
        const std::string path = root.path() + "/sys/bus/pci/devices/0000:02:00.0/" + name;
        std::filesystem::remove(path);
        ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    }
    ASSERT_EQ(mkfifo((root.path() + "/etc/bindd/policies.d/99.yaml").c_str(), 0600), 0);
    const auto run = [&](const std::string& command) {
        return run_vfioctl({"__complete", "--root", ".", command, ""}, root.path());
    };
    EXPECT_NE(run("show").out.find("0000:02:00.0"), std::string::npos);
    EXPECT_EQ(run("rollback").status, 0);
}

/// A shell at a terminal of its own that reads `input`; it ends by itself. The scripts write to
/// $OUT what the test compares.
class ShellAtTerminal {
  public:
    ShellAtTerminal() {
        write_workstation(home_.path());
        const std::string scripts = std::string(SOURCE_DIRECTORY) + "/vfioctl/completion/vfioctl.";
        std::filesystem::create_directory(home_.path() + "/functions");
        std::filesystem::copy_file(scripts + "zsh", home_.path() + "/functions/_vfioctl");
        for (const char* shell : {"bash", "fish"})
            std::filesystem::copy_file(scripts + shell, home_.path() + "/script." + shell);
    }

    std::string run(const std::vector<std::string>& arguments, const std::string& input) {
        int terminal = -1;
        const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
        if (child == 0)
            exec_shell(arguments);
        EXPECT_GT(child, 0);
        // Typed ahead, in pieces that the terminal's queue takes while the shell reads.
        fcntl(terminal, F_SETFL, O_NONBLOCK);
        const std::string screen = converse(terminal, input);
        kill(child, SIGKILL);  // no matter when it has ended
        waitpid(child, nullptr, 0);
        close(terminal);
        std::ifstream file(home_.path() + "/out");
        std::ostringstream out;
        out << file.rdbuf();
        if (out.str().empty())
            ADD_FAILURE() << screen;
        return out.str();
    }

  private:
    [[noreturn]] void exec_shell(const std::vector<std::string>& arguments) const {
        const std::string programs = std::filesystem::path(VFIOCTL_BINARY).parent_path();
        clearenv();
        setenv("PATH", (programs + ":/usr/bin:/bin").c_str(), 1);
        setenv("HOME", home_.path().c_str(), 1);
        setenv("OUT", (home_.path() + "/out").c_str(), 1);
        setenv("TERM", "dumb", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        if (chdir(home_.path().c_str()) != 0)
            _exit(127);
        std::vector<char*> words;
        for (const std::string& argument : arguments)
            words.push_back(const_cast<char*>(argument.c_str()));
        words.push_back(nullptr);
        execvp(words[0], words.data());
        _exit(127);
    }

    /// Until the shell has closed its side, or for a minute.
    static std::string converse(int terminal, std::string input) {
        std::string screen;
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (std::chrono::steady_clock::now() < end) {
            const short events = static_cast<short>(POLLIN | (input.empty() ? 0 : POLLOUT));
            pollfd waiting{.fd = terminal, .events = events, .revents = 0};
            if (poll(&waiting, 1, 1000) < 0)
                break;
            if ((waiting.revents & POLLOUT) != 0)
                if (const ssize_t put = write(terminal, input.data(), input.size()); put > 0)
                    input.erase(0, static_cast<std::size_t>(put));
            char buffer[4096];
            const ssize_t got = read(terminal, buffer, sizeof buffer);
            if (got > 0)
                screen.append(buffer, static_cast<std::size_t>(got));
            else if (got == 0 || (errno != EAGAIN && errno != EINTR))
                break;
        }
        return screen;
    }

    fake::TempDir home_;
};

const std::vector<std::string> kLines = {"vfioctl relo",
                                         "vfioctl --root . show 0000:02",
                                         "vfioctl --root . bind --force=de",
                                         "vfioctl list -o ADDRESS,ST",
                                         "vfioctl --roo",
                                         "vfioctl capture script."};

/// The lines, each with a key that inserts every completion and one that writes the line to $OUT.
std::string typed(const std::string& preparation) {
    std::string out = preparation;
    for (const std::string& line : kLines)
        out += line + "\x18" + "i" + "\x18" + "d";
    return out + "\nexit\n";
}

TEST(Completion, WorksInBash) {
    EXPECT_EQ(ShellAtTerminal().run(
                  {"bash", "--norc", "--noprofile", "-i"},
                  typed(". ./script.bash\n"
                        "dump() { printf '%s\\n' \"$READLINE_LINE\" >>$OUT; READLINE_LINE=; }\n"
                        "bind -x '\"\\C-xd\": dump'\n"
                        "bind '\"\\C-xi\": insert-completions'\n")),
              "vfioctl reload \n"
              // Before a second word readline keeps nothing of the first one.
              "vfioctl --root . show 0000:02:00.0 02:00.1 \n"
              "vfioctl --root . bind --force=dead-device default-route \n"
              "vfioctl list -o ADDRESS,STATE \n"
              "vfioctl --root \n"
              "vfioctl capture script.bash script.fish \n");
}

TEST(Completion, WorksInZsh) {
    EXPECT_EQ(ShellAtTerminal().run(
                  {"zsh", "-f", "-i"},
                  typed("fpath=(./functions $fpath); autoload -Uz compinit; compinit -u -D\n"
                        "dump() { print -r -- $BUFFER >>$OUT; BUFFER=; }; zle -N dump\n"
                        "bindkey '^Xd' dump; zle -C all-matches complete-word _generic\n"
                        "bindkey '^Xi' all-matches\n"
                        "zstyle ':completion:all-matches::::' completer _all_matches _complete\n"
                        "zstyle ':completion:all-matches:*' insert true\n")),
              "vfioctl reload \n"
              "vfioctl --root . show 0000:02:00.0 0000:02:00.1 \n"
              "vfioctl --root . bind --force=default-route --force=dead-device \n"
              "vfioctl list -o ADDRESS,STATE \n"
              "vfioctl --root \n"
              "vfioctl capture script.bash script.fish \n");
}

TEST(Completion, WorksInFish) {
    std::string commands = "source ./script.fish\n";
    for (const std::string& line : kLines)
        commands += "complete -C '" + line + "' >>$OUT\n";
    EXPECT_EQ(ShellAtTerminal().run({"fish", "--no-config", "-c", commands}, ""),
              "reload\tmake the daemon reload its policies\n"
              "0000:02:00.0\tNVIDIA Corporation GA102 [GeForce RTX 3090], nouveau\n"
              "0000:02:00.1\tNVIDIA Corporation GA102 High Definition Audio Controller, "
              "snd_hda_intel\n"
              "--force=dead-device\n"
              "--force=default-route\n"
              "ADDRESS,STATE\tunmanaged, bound, pending, refused, conflict, failed or stuck; with "
              "it manual, released, rule-gone, drift or kept\n"
              "--root\tread /sys, /proc, /etc, /run and /lib/modules below DIR\n"
              "script.bash\n"
              "script.fish\n");
}

}  // namespace
}  // namespace tests
