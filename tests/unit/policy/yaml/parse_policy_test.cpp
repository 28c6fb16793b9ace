// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "policy/model/keywords.hpp"
#include "policy/plan/plan.hpp"

namespace policy {
namespace {

Parsed parse(const std::vector<SourceFile>& files) {
    return parse_set(files);
}

const std::string kRule =
    "version: 1\nrules:\n  - name: a\n    match: { class: network }\n    driver: auto\n";

TEST(ParseSet, OfNothingIsAnEmptySet) {
    const Parsed parsed = parse({});
    EXPECT_TRUE(parsed.ok());
    EXPECT_TRUE(parsed.set.rules.empty());
    EXPECT_EQ(parsed.set.generation, "cbf29ce484222325");
}

TEST(ParseSet, KeepsTheOrderOfFilesAndEntries) {
    const Parsed parsed =
        parse({{"b.yaml",
                "version: 1\nrules:\n  - {name: z, match: {bus: pci}, driver: host}\n"
                "  - {name: w, match: {bus: pci}, driver: host}\n"},
               {"a.yaml", "version: 1\nrules:\n  - {name: x, match: {bus: pci}, driver: host}\n"}});
    ASSERT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    ASSERT_EQ(parsed.set.rules.size(), 3U);
    EXPECT_EQ(parsed.set.rules[0].name, "z");
    EXPECT_EQ(parsed.set.rules[1].where, (SourceLocation{"b.yaml", 4, 5}));
    EXPECT_EQ(parsed.set.rules[2].where.text(), "a.yaml:3");
    EXPECT_EQ(parsed.set.files, (std::vector<std::string>{"b.yaml", "a.yaml"}));
}

TEST(ParseSet, ReportsTwoRulesOfOneNameInDifferentFilesAtTheSecond) {
    const Parsed parsed = parse({{"10-a.yaml", kRule}, {"20-b.yaml", kRule}});
    EXPECT_EQ(render(parsed.diagnostics),
              "20-b.yaml:3:5: error: two rules are named 'a'\n"
              "  - name: a\n"
              "    ^\n"
              "hint: the first is at 10-a.yaml:3\n");
    EXPECT_TRUE(parsed.set.rules.empty());
}

TEST(ParseSet, WarnsOfTwoVariantsOfOneNameAndLetsRulesShareAUuid) {
    const std::string text =
        "version: 1\nvariants: [{name: v, match: {vendor: \"8086\"}, drivers: [d]}]\n"
        "rules: [{name: NAME, match: {mdev_parent: mtty}, mdevs: [{uuid: "
        "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001, type: t}]}]\n";
    std::string second = text;
    second.replace(second.find("NAME"), 4, "OTHR");
    const Parsed parsed = parse({{"1.yaml", text}, {"2.yaml", second}});
    EXPECT_EQ(render(parsed.diagnostics),
              "2.yaml:2:12: warning: two variants are named 'v'\n"
              "variants: [{name: v, match: {vendor: \"8086\"}, drivers: [d]}]\n"
              "           ^\n"
              "hint: the first is at 1.yaml:2\n");
    EXPECT_EQ(parsed.set.variants.size(), 2U);
    EXPECT_EQ(parsed.set.rules.size(), 2U);
}

TEST(ParseSet, ShowsEveryErrorOfEveryFileInFileOrder) {
    const Parsed parsed = parse({{"1.yaml", "version: 1\nrules: [{name: x}]\n"},
                                 {"2.yaml", "version: [\n"},
                                 {"3.yaml", kRule},
                                 {"4.yaml", "version: 1\nrule: []\n"}});
    std::vector<std::string> seen;
    for (const Diagnostic& diagnostic : parsed.diagnostics)
        seen.push_back(diagnostic.where.text() + " " + diagnostic.text);
    EXPECT_EQ(seen, (std::vector<std::string>{"1.yaml:2 a rule needs 'match'",
                                              "1.yaml:2 a rule without any action",
                                              "2.yaml:1 this '[' is never closed",
                                              "4.yaml:2 unknown key 'rule' in a policy file"}));
}

TEST(ParseSet, GivesAGenerationThatFollowsNamesAndTexts) {
    const auto generation = [](const std::vector<SourceFile>& files) {
        return parse(files).set.generation;
    };
    const std::string first = generation({{"a.yaml", kRule}});
    EXPECT_EQ(first, generation({{"a.yaml", kRule}}));
    EXPECT_NE(first, generation({{"b.yaml", kRule}}));
    EXPECT_NE(first, generation({{"a.yaml", kRule + "# more\n"}}));
    EXPECT_NE(first, generation({{"a.yaml", kRule}, {"b.yaml", "version: 1\n"}}));
    // FNV-1a of "a.yaml", 0xff, the text, 0xff.
    EXPECT_EQ(first, "c9675cbc183be486");
}

TEST(ParseSet, LimitsTheNumberOfDiagnosticsAndReportsThat) {
    std::string text = "version: 1\n";
    for (int i = 0; i < 1200; ++i)
        text += "key" + std::to_string(i) + ": x\n";
    const Parsed parsed = parse({{"f.yaml", text}});
    ASSERT_EQ(parsed.diagnostics.size(), 1001U);
    EXPECT_EQ(render(parsed.diagnostics.back()), "f.yaml: error: 200 more not shown\n");
}

TEST(PolicySet, RequiresTheFactsOfItsMatches) {
    EXPECT_EQ(parse({{"f", kRule}}).set.required_facts().serial, false);
    const Parsed parsed =
        parse({{"f.yaml",
                "version: 1\n"
                "variants: [{name: v, match: {attr: {one: x}}, drivers: [d1, d2]}]\n"
                "rules:\n"
                "  - name: r\n"
                "    match: {any: [{not: {serial: x1}}, {pf: {attr: {two: x}}}]}\n"
                "    group: [{all: [{property: {ID_X: x}}]}]\n"
                "    driver: [d3, auto, d1]\n"}});
    ASSERT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    const sysfs::ScanOptions wanted = parsed.set.required_facts();
    EXPECT_TRUE(wanted.serial);
    EXPECT_TRUE(wanted.properties);
    EXPECT_EQ(wanted.attrs, (std::set<std::string>{"one", "two"}));
    EXPECT_EQ(wanted.drivers, (std::set<std::string>{"d1", "d2", "d3"}));
}

bool wants_other_buses(const std::string& match) {
    const Parsed parsed = parse(
        {{"f.yaml", "version: 1\nrules:\n  - { name: r, match: " + match + ", driver: auto }\n"}});
    EXPECT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    return parsed.set.required_facts().other_buses;
}

TEST(PolicySet, RequiresOtherBusesOnlyForRulesThatCanMatchThem) {
    EXPECT_FALSE(wants_other_buses("{class: network}"));
    EXPECT_FALSE(wants_other_buses("{bus: pci, any: [{class: network}, {driver: none}]}"));
    EXPECT_FALSE(wants_other_buses("{bus: pci, not: {bus: platform}}"));
    EXPECT_TRUE(wants_other_buses("{bus: platform}"));
    EXPECT_TRUE(wants_other_buses("{bus: [pci, platform]}"));
    EXPECT_TRUE(wants_other_buses("{any: [{bus: platform}, {driver: none}]}"));
    EXPECT_TRUE(wants_other_buses("{not: {bus: pci}}"));
    EXPECT_TRUE(wants_other_buses("{mdev_parent: mtty}"));
}

TEST(Parse, FoldsIdsToLowerCase) {
    const Parsed parsed = parse({{"f.yaml",
                                  "version: 1\nrules:\n  - name: r\n    driver: auto\n"
                                  "    match: {vendor: \"10DE\", class: \"0302XX\", address: "
                                  "\"0000:0A:00.*\", revision: \"A1\"}\n"}});
    ASSERT_TRUE(parsed.ok()) << render(parsed.diagnostics);
    std::vector<std::string> wanted;
    for (const FieldTest& test : parsed.set.rules[0].match.fields)
        wanted.push_back(test.wanted.at(0));
    EXPECT_EQ(wanted, (std::vector<std::string>{"10de", "0302xx", "0000:0a:00.*", "a1"}));
}

TEST(Emit, MergesSeveralCombinatorsIntoOneKey) {
    const auto field = [](Field kind, const std::string& value) {
        Match match;
        match.fields.push_back(
            {.field = kind, .key = {}, .wanted = {value}, .ranges = {}, .where = {}});
        return match;
    };
    Rule rule;
    rule.name = "r";
    rule.match.any = {{field(Field::kVendor, "0010"), field(Field::kVendor, "10de")},
                      {field(Field::kClass, "network")}};
    rule.match.none = {field(Field::kBootVga, "true"), field(Field::kDriver, "none")};
    rule.driver = DriverAction{.kind = DriverAction::ActionKind::kHost, .chain = {}};
    PolicySet set;
    set.rules.push_back(rule);
    EXPECT_EQ(emit(set),
              "version: 1\n"
              "rules:\n"
              "  - name: r\n"
              "    match: {all: [{any: [{vendor: \"0010\"}, {vendor: \"10de\"}]}, {any: [{class: "
              "\"network\"}]}], "
              "not: {any: [{boot_vga: true}, {driver: \"none\"}]}}\n"
              "    driver: host\n");
    EXPECT_TRUE(parse({{"emitted", emit(set)}}).ok());
}

}  // namespace
}  // namespace policy
