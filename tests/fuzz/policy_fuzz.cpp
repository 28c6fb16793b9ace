// SPDX-License-Identifier: LGPL-2.1-or-later
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

/// For any bytes: the parser returns, a refusal has an error with a position inside the file, and
/// an accepted set is equal after emit() and parse_set().
namespace {

void require(bool holds, const char* what, const std::string& text) {
    if (holds)
        return;
    std::fprintf(stderr, "does not hold: %s\n%s\n", what, text.c_str());
    std::abort();
}

unsigned count_lines(const std::string& text) {
    unsigned lines = 1;
    for (const char c : text)
        lines += c == '\n' ? 1 : 0;
    return lines;
}

void check_diagnostics(const policy::Parsed& parsed, const std::string& text) {
    const unsigned lines = count_lines(text);
    for (const policy::Diagnostic& diagnostic : parsed.diagnostics) {
        require(!diagnostic.text.empty(), "a diagnostic says something", text);
        require(diagnostic.where.line <= lines, "a diagnostic is inside the file", text);
        require(diagnostic.line.size() <= text.size(), "its line is of the file", text);
    }
    const std::string shown = policy::render(parsed.diagnostics);
    for (const char c : shown)
        require(c == '\n' || (c >= ' ' && c != 0x7f) || (c & 0x80) != 0,
                "a terminal takes no orders", text);
}

void check_round_trip(const policy::PolicySet& set) {
    const std::string emitted = policy::emit(set);
    if (emitted.size() > policy::kMaxFileBytes)
        return;
    const std::vector<policy::SourceFile> files = {{"emitted", emitted}};
    const policy::Parsed again = policy::parse_set(files);
    require(again.ok(), "what is emitted is accepted", emitted + policy::render(again.diagnostics));
    require(policy::emit(again.set) == emitted, "it is the same set", emitted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(bytes), size);
    const std::vector<policy::SourceFile> files = {{"fuzz.yaml", text}};
    const policy::Parsed parsed = policy::parse_set(files);
    check_diagnostics(parsed, text);
    if (parsed.ok())
        check_round_trip(parsed.set);
    return 0;
}
