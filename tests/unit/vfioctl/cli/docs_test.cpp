// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include "tests/fake/temp_dir.hpp"
#include "tests/unit/vfioctl/harness/sample_hosts.hpp"
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

/// What README.md and the manual page show is true: their commands are run, on the made-up
/// workstation.
namespace tests {
namespace {

const std::string kReadme = std::string(SOURCE_DIRECTORY) + "/README.md";
const std::string kManual = std::string(SOURCE_DIRECTORY) + "/vfioctl/vfioctl.1.scd";

std::vector<std::string> lines_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);)
        out.push_back(line);
    return out;
}

/// The words of a line as a shell would split it: quotes hold blanks together.
std::vector<std::string> words_of(const std::string& line) {
    std::vector<std::string> out;
    std::string word;
    char quote = '\0';
    for (const char c : line + " ") {
        if (quote != '\0' ? c == quote : c == '\'' || c == '"')
            quote = quote == '\0' ? c : '\0';
        else if (c == ' ' && quote == '\0') {
            if (!word.empty())
                out.push_back(std::exchange(word, {}));
        } else
            word += c;
    }
    return out;
}

/// Below --root the policies' names begin with the root; a reader has none.
std::string as_without_root(std::string text) {
    for (std::size_t at = text.find("./etc/"); at != std::string::npos;
         at = text.find("./etc/", at))
        text.erase(at, 1);
    return text;
}

ProcessOutput run_line(const std::string& line, const std::string& root) {
    std::vector<std::string> words = words_of(line);
    words.erase(words.begin());  // the program's name
    words.insert(words.begin(), {"--root", "."});
    return run_vfioctl(words, root);
}

// A block ```console``` holds lines "$ vfioctl ...", each with all that it prints below it.
TEST(Readme, ShowsWhatTheProgramPrints) {
    const fake::TempDir root;
    write_workstation(root.path());
    std::ostringstream shown;
    std::ostringstream real;
    bool in_console = false;
    unsigned commands = 0;
    for (const std::string& line : lines_of(kReadme)) {
        shown << line << "\n";
        const bool fence = line.starts_with("```");
        if (fence)
            in_console = line == "```console";
        const bool command = in_console && line.starts_with("$ vfioctl ");
        if (!in_console || fence || command)
            real << line << "\n";
        if (!command)
            continue;
        ++commands;
        const ProcessOutput output = run_line(line.substr(2), root.path());
        EXPECT_NE(output.status, 2) << line << "\n" << output.err;
        real << as_without_root(output.out + output.err);
    }
    EXPECT_GE(commands, 3U);
    if (std::getenv("BINDD_REGEN") != nullptr)
        std::ofstream(kReadme) << real.str();
    else
        EXPECT_EQ(shown.str(), real.str());
}

TEST(Readme, ShowsThePolicyThatItsOutputsComeFrom) {
    const fake::TempDir root;
    write_workstation(root.path());
    std::string block = "```yaml\n";
    for (const std::string& line : lines_of(root.path() + "/etc/bindd/policies.d/10-guest.yaml"))
        block += line + "\n";
    std::string readme;
    for (const std::string& line : lines_of(kReadme))
        readme += line + "\n";
    EXPECT_NE(readme.find(block + "```\n"), std::string::npos) << block;
}

// "$" lines are for anyone and succeed; "#" lines want a kernel, which a directory is not.
TEST(Manual, HasExamplesThatWork) {
    const fake::TempDir root;
    write_workstation(root.path());
    unsigned commands = 0;
    for (std::string line : lines_of(kManual)) {
        std::erase(line, '\\');  // scdoc's escapes
        if (!line.starts_with("\t$ vfioctl") && !line.starts_with("\t# vfioctl"))
            continue;
        ++commands;
        const ProcessOutput output = run_line(line.substr(3), root.path());
        EXPECT_EQ(output.status, line[1] == '$' ? 0 : 3) << line << "\n"
                                                         << output.out << output.err;
    }
    EXPECT_GE(commands, 10U);
}

// Every command and every option of the table is in the manual page.
TEST(Manual, NamesEveryCommandAndOption) {
    std::ostringstream text;
    for (const std::string& line : lines_of(kManual))
        text << line << "\n";
    std::istringstream help(run_vfioctl({"--help"}).out);
    std::string section;
    for (std::string line; std::getline(help, line);) {
        if (!line.starts_with(" ")) {
            section = line;
            continue;
        }
        const std::vector<std::string> words = words_of(line);
        std::string wanted = words.empty() ? "" : words[0];
        if (section == "Commands:" && (wanted == "policy" || wanted == "mdev"))
            wanted += " " + words[1];
        if (section.starts_with("Options") && wanted.size() == 3)
            wanted = words[1];
        if (section == "Commands:" || section.starts_with("Options")) {
            EXPECT_NE(text.str().find("*" + wanted), std::string::npos) << wanted;
        }
    }
}

}  // namespace
}  // namespace tests
