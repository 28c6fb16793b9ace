// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "policy/model/match_fields.hpp"
#include "policy/yaml/parse_policy.hpp"

/// The installed policies and examples, and the examples of the manual page.
namespace policy {
namespace {

namespace fs = std::filesystem;

std::vector<SourceFile> read_files(const std::string& folder) {
    std::vector<SourceFile> files;
    for (const auto& entry : fs::directory_iterator(fs::path(BINDD_POLICIES) / folder))
        files.push_back({entry.path().filename().string(), file_text(entry.path())});
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return files;
}

TEST(ShippedPolicies, HaveVariantsAndNoRules) {
    const Parsed parsed = parse_set(read_files("policies.d"));
    EXPECT_EQ(render(parsed.diagnostics), "");
    EXPECT_TRUE(parsed.set.rules.empty());
    for (const Variant& variant : parsed.set.variants)
        EXPECT_FALSE(variant.why.empty()) << variant.name;
}

/// The variant cores of Linux 7.2, and the two that only vendors ship. A wrong name would be
/// skipped silently on every kernel.
TEST(ShippedPolicies, NameTheDriversOfTheVariantCores) {
    std::map<std::string, std::string> drivers;
    for (const Variant& variant : parse_set(read_files("policies.d")).set.variants)
        for (const std::string& driver : variant.drivers)
            drivers[driver] = variant.name;
    const std::map<std::string, std::string> expected = {
        {"hisi_acc_vfio_pci", "hisi-acc"}, {"ism_vfio_pci", "ism"},
        {"mlx5_vfio_pci", "mlx5"},         {"nvgrace_gpu_vfio_pci", "nvgrace-gpu"},
        {"pds_vfio_pci", "pds"},           {"qat_vfio_pci", "qat"},
        {"vfio-pci-igd", "intel-igd"},     {"vfio-zpci", "s390-zpci"},
        {"virtio_vfio_pci", "virtio"},     {"xe-vfio-pci", "xe"}};
    EXPECT_EQ(drivers, expected);
}

TEST(Examples, LoadBesideTheShippedPolicies) {
    const std::vector<SourceFile> examples = read_files("examples");
    EXPECT_GE(examples.size(), 5U);
    for (const SourceFile& example : examples) {
        std::vector<SourceFile> files = read_files("policies.d");
        files.push_back(example);
        const Parsed parsed = parse_set(files);
        EXPECT_EQ(render(parsed.diagnostics), "");
        EXPECT_FALSE(parsed.set.rules.empty()) << example.name;
    }
}

/// The literal blocks of the manual page, without their indentation.
std::vector<std::string> literal_blocks(const std::string& page) {
    std::vector<std::string> blocks;
    std::istringstream in(page);
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        const std::size_t indent = std::min(line.find_first_not_of('\t'), line.size());
        line.erase(0, indent);
        if (line == "```") {
            inside = !inside;
            if (inside)
                blocks.emplace_back();
        } else if (inside) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

/// Most examples are keys of one rule; the rest of the rule is added.
std::string as_file(const std::string& example) {
    if (example.starts_with("version:"))
        return example;
    std::string text = "version: 1\nrules:\n  - name: example\n";
    std::istringstream in(example);
    for (std::string line; std::getline(in, line);)
        text += "    " + line + "\n";
    return example.find("match:") == std::string::npos ? text + "    match: { class: network }\n"
                                                       : text;
}

TEST(ManualPage, HasExamplesThatLoad) {
    unsigned count = 0;
    for (const std::string& block :
         literal_blocks(file_text(fs::path(BINDD_POLICIES) / "bindd-policy.5.scd"))) {
        if (block.find(": error: ") != std::string::npos)
            continue;
        ++count;
        const std::vector<SourceFile> files = {{"bindd-policy.5", as_file(block)}};
        EXPECT_EQ(render(parse_set(files).diagnostics), "") << block;
    }
    EXPECT_GE(count, 30U);
}

TEST(ManualPage, ShowsAMessageAsItIs) {
    const std::vector<SourceFile> files = {
        {"gpu.yaml",
         "version: 1\nrules:\n  - name: gpu\n    match: { vendor: 0010 }\n    driver: auto\n"}};
    const std::string message = render(parse_set(files).diagnostics);
    const auto blocks = literal_blocks(file_text(fs::path(BINDD_POLICIES) / "bindd-policy.5.scd"));
    EXPECT_NE(std::find(blocks.begin(), blocks.end(), message), blocks.end()) << message;
}

/// Every match key has an example in the manual page.
TEST(ManualPage, NamesEveryMatchKey) {
    const std::string page = file_text(fs::path(BINDD_POLICIES) / "bindd-policy.5.scd");
    for (const MatchField& row : match_fields()) {
        const std::string key(row.key);
        EXPECT_NE(page.find("*" + key + "*"), std::string::npos) << key;
        EXPECT_NE(page.find(key + ": "), std::string::npos) << key;
    }
}

}  // namespace
}  // namespace policy
