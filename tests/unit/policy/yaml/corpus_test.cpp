// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"
#include "policy_dump.hpp"
#include "tests/unit/sanitized.hpp"

/// Every file of tests/corpus/policy: good ones load (with exactly the warnings beside them, if
/// any), bad ones are refused with exactly the text beside them. BINDD_REGEN=1 rewrites those
/// texts.
namespace policy {
namespace {

namespace fs = std::filesystem;

std::string file_text(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> corpus(const std::string& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(BINDD_CORPUS) / folder))
        if (entry.path().extension() == ".yaml")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

Parsed parse_one(const std::string& name, const std::string& text) {
    const std::vector<SourceFile> files = {{name, text}};
    return parse_set(files);
}

Parsed parse_file(const fs::path& path) {
    return parse_one(path.filename().string(), file_text(path));
}

std::string sentence(const testing::TestParamInfo<fs::path>& info) {
    std::string name = info.param.stem().string();
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
    return name;
}

/// Compares the rendered diagnostics with the file beside the policy.
void expect_golden(const fs::path& policy, const std::string& rendered) {
    const fs::path golden = fs::path(policy).replace_extension(".expected");
    if (const char* regen = std::getenv("BINDD_REGEN");
        regen != nullptr && std::string(regen) == "1") {
        if (rendered.empty())
            fs::remove(golden);
        else
            std::ofstream(golden, std::ios::binary) << rendered;
        return;
    }
    EXPECT_EQ(rendered, file_text(golden)) << golden;
}

class GoodPolicy : public testing::TestWithParam<fs::path> {};
class BadPolicy : public testing::TestWithParam<fs::path> {};

TEST_P(GoodPolicy, LoadsWithItsWarnings) {
    const Parsed parsed = parse_file(GetParam());
    EXPECT_TRUE(parsed.ok());
    EXPECT_EQ(parsed.set.files, std::vector{GetParam().filename().string()});
    EXPECT_EQ(parsed.set.generation.size(), 16U);
    expect_golden(GetParam(), render(parsed.diagnostics));
}

TEST_P(GoodPolicy, IsEmittedAsTextThatParsesBackToIt) {
    const Parsed parsed = parse_file(GetParam());
    const std::string text = emit(parsed.set);
    const Parsed again = parse_one("emitted.yaml", text);
    ASSERT_TRUE(again.ok()) << render(again.diagnostics) << text;
    EXPECT_EQ(describe(again.set), describe(parsed.set)) << text;
    EXPECT_EQ(emit(again.set), text);
}

TEST_P(BadPolicy, IsRefusedWithItsText) {
    const Parsed parsed = parse_file(GetParam());
    EXPECT_FALSE(parsed.ok());
    EXPECT_EQ(describe(parsed.set), "") << "a set loads whole or not at all";
    for (const Diagnostic& diagnostic : parsed.diagnostics)
        EXPECT_EQ(diagnostic.where.file, GetParam().filename().string());
    expect_golden(GetParam(), render(parsed.diagnostics));
}

/// A truncated policy must never load as a different policy: what loads is a prefix of whole lines,
/// and contains nothing that the whole file does not contain.
TEST_P(GoodPolicy, CutAnywhereIsRefusedOrAPrefixOfWholeLines) {
    const std::string text = file_text(GetParam());
    for (std::size_t length = 0; length < text.size(); ++length) {
        const std::string cut = text.substr(0, length);
        const Parsed parsed = parse_one("cut.yaml", cut);
        if (parsed.ok()) {
            EXPECT_TRUE(cut.ends_with('\n')) << cut;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Corpus, GoodPolicy, testing::ValuesIn(corpus("good")), sentence);
INSTANTIATE_TEST_SUITE_P(Corpus, BadPolicy, testing::ValuesIn(corpus("bad")), sentence);

TEST(Corpus, HasEnoughOfBoth) {
    EXPECT_GE(corpus("good").size(), 25U);
    EXPECT_GE(corpus("bad").size(), 110U);
}

constexpr long kMegabyte = 1024 * 1024;

struct Cost {
    int status = 0;
    long peak_bytes = 0;
    double cpu_seconds = 0;
};

/// Runs `work` in a process of its own, which is measured and killed beyond the memory limit. ASan
/// maps terabytes, so there only the status counts.
Cost measure_cost(const std::function<bool()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        constexpr rlim_t kAddressSpace =
            192UL * 1024 * 1024;  // code, libraries and stack are in it too
        const rlimit limit{kAddressSpace, kAddressSpace};
        if (!kSanitized)
            ::setrlimit(RLIMIT_AS, &limit);
        ::_exit(work() ? 0 : 1);
    }
    Cost cost;
    rusage usage{};
    int status = 0;
    ::wait4(child, &status, 0, &usage);
    cost.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    cost.peak_bytes = usage.ru_maxrss * 1024;
    cost.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec) +
                       static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
    return cost;
}

TEST(Corpus, IsReadWithinSixtyFourMegabytes) {
    const Cost cost = measure_cost([] {
        for (const char* folder : {"good", "bad"})
            for (const fs::path& path : corpus(folder))
                if (render(parse_file(path).diagnostics).size() > 1024 * 1024)
                    return false;
        return true;
    });
    EXPECT_EQ(cost.status, 0);
    if (!kSanitized) {
        EXPECT_LT(cost.peak_bytes, 64 * kMegabyte);
    }
}

std::string repeated(const std::string& piece, std::size_t bytes) {
    std::string out;
    while (out.size() + piece.size() <= bytes)
        out += piece;
    return out;
}

/// Hostile files, too large for the tree.
struct Bomb {
    std::string name;
    std::string text;
    std::string error;  ///< the text of the first error
};

std::vector<Bomb> bombs() {
    const std::size_t most = kMaxFileBytes - 64;
    const std::string large = "larger or deeper than any policy";
    const std::string deep = "nested deeper than 32 levels";
    std::string keys = "version: 1\n";
    for (int i = 0; i < 4000; ++i)
        keys += "k" + std::to_string(i) + ": x\n";
    return {
        {"open_brackets", repeated("[", most) + "\n", large},
        {"open_brackets_as_value", "version: " + repeated("[", most) + "\n", large},
        {"open_braces", repeated("{a: ", most) + "\n", large},
        {"nested_pairs", repeated("[a,", most) + "\n", large},
        {"long_list", "[" + repeated("a,", most) + "b]\n", large},
        {"long_list_as_value", "version: [" + repeated("a,", most) + "b]\n",
         "more than 10000 values"},
        {"empty_quotes", "[" + repeated("\"\"", most) + "\n", large},
        {"quoted_list", "[" + repeated("\"a\",", most) + "\"b\"]\n", large},
        {"dashes", repeated("- ", most) + "\n", deep},
        {"question_marks", repeated("? ", most) + "\n", deep},
        {"tags", repeated("!", most) + "\n", "tags ('!name')"},
        {"anchors", repeated("&a ", most) + "\n", large},
        {"aliases", "version: [" + repeated("*a,", most) + "]\n", "'*' begins an alias"},
        {"one_long_text", "version: \"" + repeated("x", most) + "\"\n", "a value has at most 4096"},
        {"one_long_line_of_text", "version: " + repeated("x ", most) + "\n",
         "a value has at most 4096"},
        {"long_block", "version: |\n" + repeated("  x\n", most), "a value has at most 4096"},
        {"many_lines_of_text", "version: x\n" + repeated(" y\n", most), "a value has at most 4096"},
        {"escapes", "version: \"" + repeated("\\U0001F600", most) + "\"\n",
         "a value has at most 4096"},
        {"comments", repeated("# [ { \"\n", most), "nothing but comments"},
        {"one_comment", "#" + repeated("[", most) + "\n", "nothing but comments"},
        {"blank_lines", repeated("\n", most), "nothing but comments"},
        {"blanks", repeated(" ", most) + "\n", "nothing but comments"},
        {"many_keys", repeated("a: b\n", most), "duplicate key 'a'"},
        {"distinct_keys", keys, "unknown key 'k0'"},
        {"nulls", "version: [" + repeated("~,", most) + "~]\n", "null is not a value"},
        {"over_the_size", repeated("#\n", kMaxFileBytes + 2), "a policy has at most 1048576"},
    };
}

TEST(Bombs, CostLittleAndAreRefusedWithAPosition) {
    for (const Bomb& bomb : bombs()) {
        const Cost cost = measure_cost([&bomb] {
            const Parsed parsed = parse_one("bomb.yaml", bomb.text);
            return !parsed.ok() && !render(parsed.diagnostics).empty();
        });
        EXPECT_EQ(cost.status, 0) << bomb.name;
        if (!kSanitized) {
            EXPECT_LT(cost.peak_bytes, 64 * kMegabyte) << bomb.name;
            // 100 ms for each 64 KiB.
            EXPECT_LT(cost.cpu_seconds, 1.6) << bomb.name;
        }
        const Parsed parsed = parse_one("bomb.yaml", bomb.text);
        ASSERT_FALSE(parsed.diagnostics.empty()) << bomb.name;
        const bool said = std::any_of(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                                      [&bomb](const Diagnostic& each) {
                                          return each.text.find(bomb.error) != std::string::npos;
                                      });
        EXPECT_TRUE(said) << bomb.name << ": " << render(parsed.diagnostics.front());
    }
}

TEST(Limits, HoldAtTheEdge) {
    const std::string head = "version: 1\nrules:\n";
    const auto errors = [](const std::string& text) {
        return render(parse_one("f.yaml", text).diagnostics);
    };

    const std::string comment = "#" + std::string(kMaxFileBytes - head.size() - 2, '.') + "\n";
    EXPECT_EQ(errors("version: 1\nrules: []\n" + comment.substr(0, comment.size() - 5) + "\n")
                  .substr(0, 6),
              "");
    EXPECT_NE(errors("version: 1\nrules: []\n" + comment + "#\n").find("1 MiB"), std::string::npos);

    // The file's own map, 'rules' and its key, 'version' and its value: 5; each rule: 1 map, 6
    // scalars, 1 map, 2 scalars.
    std::string rules;
    for (int i = 0; i < 1110; ++i)
        rules +=
            "  - { name: r" + std::to_string(i) + ", match: { class: network }, driver: host }\n";
    EXPECT_EQ(errors(head + rules), "");
    const std::string one_more = "  - { name: s, match: { class: network }, driver: host }\n";
    EXPECT_NE(errors(head + rules + one_more).find("more than 10000 values"), std::string::npos);
    EXPECT_NE(errors(head + rules + one_more).find("f.yaml:1113:"), std::string::npos);
}

}  // namespace
}  // namespace policy
