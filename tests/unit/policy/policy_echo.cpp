// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fstream>
#include <iostream>
#include <iterator>

#include "policy/yaml/parse_policy.hpp"

/// For tests in other languages: reads policy files as one set and prints it as YAML; what is wrong
/// goes to stderr, with exit status 1.
int main(int argc, char** argv) {
    std::vector<policy::SourceFile> files;
    for (int i = 1; i < argc; ++i) {
        std::ifstream in(argv[i], std::ios::binary);
        if (!in) {
            std::cerr << argv[i] << ": cannot be read\n";
            return 2;
        }
        files.push_back({argv[i], {std::istreambuf_iterator<char>(in), {}}});
    }
    const policy::Parsed parsed = policy::parse_set(files);
    std::cerr << policy::render(parsed.diagnostics);
    if (!parsed.ok())
        return 1;
    std::cout << policy::emit(parsed.set);
    return 0;
}
