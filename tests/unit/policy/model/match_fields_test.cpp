// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/match_fields.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

namespace policy {
namespace {

constexpr const char* kMapKey = "label";  ///< of property and attr

/// A device with a value for every key.
sysfs::Device full_device() {
    sysfs::Device device;
    device.id = {"pci", "0000:01:00.0"};
    device.path = "pci0000:00/01.0/00.0";
    device.ids = {.vendor = 0x8086,
                  .device = 0x10d3,
                  .subsystem_vendor = 0x1af4,
                  .subsystem_device = 0x1100,
                  .class_code = 0x020000,
                  .revision = 0x0a};
    device.modalias = "pci:v00008086";
    device.driver = "e1000e";
    device.iommu_group = 7;
    device.numa_node = 1;
    device.boot_vga = true;
    device.slot = "3-1";
    device.serial = "AB-1";
    device.netdevs = {"eth0", "eth1"};
    device.sriov.emplace();
    device.vf = sysfs::SriovVf{.pf = "0000:00:01.0", .index = 2};
    device.mdev_parent_name = "0000:01:00.0";
    device.properties[kMapKey] = "front";
    device.attrs[kMapKey] = "rear";
    return device;
}

sysfs::Host full_host() {
    sysfs::Host host;
    host.arch = "x86_64";
    host.kernel = "6.12.107-amd64";
    return host;
}

/// A value of the device as an author writes it.
std::string example(const MatchField& row, const std::string& value) {
    switch (row.syntax) {
        case ValueSyntax::kIndex:
        case ValueSyntax::kBool:
        case ValueSyntax::kVfRange:
            return value;
        case ValueSyntax::kKernel:
            return "\">=6.12\"";
        case ValueSyntax::kPropertyMap:
        case ValueSyntax::kAttrMap:
            return "{" + std::string(kMapKey) + ": \"" + value + "\"}";
        case ValueSyntax::kNameGlob:  // the value of netdev is a list
            return "\"" + value.substr(0, value.find(',')) + "\"";
        case ValueSyntax::kBusName:
        case ValueSyntax::kAddress:
        case ValueSyntax::kId:
        case ValueSyntax::kRevision:
        case ValueSyntax::kClass:
        case ValueSyntax::kText:
        case ValueSyntax::kArch:
            break;
    }
    return "\"" + value + "\"";
}

Parsed parse_text(const std::string& text) {
    const std::vector<SourceFile> files = {{"p.yaml", text}};
    return parse_set(files);
}

TEST(MatchFields, EveryKeyIsReadMatchedAndWritten) {
    const sysfs::Device device = full_device();
    const sysfs::Host host = full_host();
    for (const MatchField& row : match_fields()) {
        SCOPED_TRACE(row.key);
        const FieldTest any{
            .field = row.field, .key = kMapKey, .wanted = {}, .ranges = {}, .where = {}};
        const auto value = field_value(any, device, host);
        ASSERT_TRUE(value);
        const Parsed parsed =
            parse_text("version: 1\nrules:\n  - name: r\n    match: {" + std::string(row.key) +
                       ": " + example(row, *value) + "}\n    driver: auto\n");
        ASSERT_TRUE(parsed.ok()) << render(parsed.diagnostics);
        ASSERT_EQ(parsed.set.rules.front().match.fields.size(), 1U);
        const FieldTest& test = parsed.set.rules.front().match.fields.front();
        EXPECT_EQ(test.field, row.field);
        EXPECT_TRUE(field_holds(test, device, host));
        EXPECT_FALSE(field_holds(test, {}, {}));
        const std::string written = emit(parsed.set);
        EXPECT_NE(written.find("{" + std::string(row.key) + ": "), std::string::npos) << written;
        EXPECT_EQ(emit(parse_text(written).set), written);
    }
}

TEST(MatchFields, AreFoundByFieldAndByKey) {
    for (const MatchField& row : match_fields()) {
        EXPECT_EQ(&match_field(row.field), &row) << row.key;
        EXPECT_EQ(find_match_field(row.key), &row) << row.key;
        EXPECT_EQ(std::count(match_keys().begin(), match_keys().end(), row.key), 1) << row.key;
    }
    EXPECT_EQ(find_match_field("any"), nullptr);
    EXPECT_EQ(match_keys().size(), match_fields().size() + 4);
}

TEST(MatchFields, HaveAUdevKeyExactlyWhereUdevTestsOne) {
    for (const MatchField& row : match_fields()) {
        const bool has_key = row.udev == UdevTest::kPattern || row.udev == UdevTest::kHexPattern ||
                             row.udev == UdevTest::kClassPattern ||
                             row.udev == UdevTest::kBoolDigit || row.udev == UdevTest::kPresence;
        EXPECT_EQ(!row.udev_key.empty(), has_key) << row.key;
    }
}

}  // namespace
}  // namespace policy
