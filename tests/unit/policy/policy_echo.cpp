// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>

#include "policy/model/match_fields.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

namespace {

/// The name of the definition in the JSON schema.
const char* schema_definition(policy::ValueSyntax syntax) {
    switch (syntax) {
        case policy::ValueSyntax::kBusName:
            return "bus_name";
        case policy::ValueSyntax::kAddress:
            return "address";
        case policy::ValueSyntax::kId:
            return "id";
        case policy::ValueSyntax::kRevision:
            return "revision";
        case policy::ValueSyntax::kClass:
            return "class";
        case policy::ValueSyntax::kText:
            return "text";
        case policy::ValueSyntax::kIndex:
            return "index";
        case policy::ValueSyntax::kBool:
            return "boolean";
        case policy::ValueSyntax::kVfRange:
            return "vf_range";
        case policy::ValueSyntax::kArch:
            return "arch";
        case policy::ValueSyntax::kKernel:
            return "kernel";
        case policy::ValueSyntax::kNameGlob:
            return "glob";
        case policy::ValueSyntax::kPropertyMap:
        case policy::ValueSyntax::kAttrMap:
            return "map";
    }
    return "";
}

void print_match_keys() {
    for (const policy::MatchField& row : policy::match_fields())
        std::cout << row.key << "\t" << schema_definition(row.syntax) << "\n";
}

}  // namespace

/// For tests in other languages: reads policy files as one set and prints it as YAML; errors go to
/// stderr, with exit status 1. With --match-keys it prints the match keys, each with the definition
/// of its values in the JSON schema.
int main(int argc, char** argv) {
    if (argc == 2 && std::string_view(argv[1]) == "--match-keys") {
        print_match_keys();
        return 0;
    }
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
