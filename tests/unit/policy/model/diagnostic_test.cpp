// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/diagnostic.hpp"

#include <gtest/gtest.h>

namespace policy {
namespace {

std::string shown(const std::string& line, unsigned column) {
    return render(Diagnostic{.where = {.file = "f", .line = 7, .column = column},
                             .severity = DiagnosticSeverity::kError,
                             .text = "t",
                             .line = line,
                             .hint = {}});
}

TEST(SourceLocation, CitesFileAndLine) {
    EXPECT_EQ((SourceLocation{"a.yaml", 3, 9}.text()), "a.yaml:3");
    EXPECT_EQ((SourceLocation{"a.yaml", 0, 0}.text()), "a.yaml");
}

TEST(Diagnostic, PutsTheCaretBelowItsColumn) {
    EXPECT_EQ(shown("abc", 2), "f:7:2: error: t\nabc\n ^\n");
}

TEST(Diagnostic, PointsBehindTheLineWhenSomethingIsMissingThere) {
    EXPECT_EQ(shown("abc", 4), "f:7:4: error: t\nabc\n   ^\n");
    EXPECT_EQ(shown("abc", 99), "f:7:99: error: t\nabc\n   ^\n");
}

TEST(Diagnostic, CountsCharactersNotBytes) {
    EXPECT_EQ(shown("ä😀x", 7), "f:7:7: error: t\nä😀x\n  ^\n");
}

TEST(Diagnostic, ShowsTabsAsBlanksAndControlsAsQuestionMarks) {
    EXPECT_EQ(shown("\ta\x1b[2J\x7f\xc2\x9b\xff x", 2), "f:7:2: error: t\n a?[2J??? x\n ^\n");
}

TEST(Diagnostic, ShowsTheWindowAroundTheCaretOfALongLine) {
    const std::string line = std::string(200, 'a') + "X" + std::string(200, 'b');
    EXPECT_EQ(shown(line, 201), "f:7:201: error: t\n..." + std::string(60, 'a') + "X" +
                                    std::string(59, 'b') + "...\n" + std::string(63, ' ') + "^\n");
    EXPECT_EQ(shown(line, 1), "f:7:1: error: t\n" + std::string(120, 'a') + "...\n^\n");
    EXPECT_EQ(shown(line, 402), "f:7:402: error: t\n..." + std::string(120, 'b') + "\n" +
                                    std::string(123, ' ') + "^\n");
}

TEST(Diagnostic, OfAWholeFileHasNoLine) {
    const Diagnostic diagnostic{.where = {.file = "/etc/x\n", .line = 0, .column = 0},
                                .severity = DiagnosticSeverity::kWarning,
                                .text = "a\x1b",
                                .line = {},
                                .hint = "do\nthat"};
    EXPECT_EQ(render(diagnostic), "/etc/x?: warning: a?\nhint: do?that\n");
}

}  // namespace
}  // namespace policy
