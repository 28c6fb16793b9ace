// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/codec.hpp"

#include <gtest/gtest.h>

#include "binding/codec/json.hpp"
#include "tests/fake/host.hpp"

namespace binding {
namespace {

using policy::Change;
using policy::Transaction;

/// A transaction that has everything there is.
Transaction everything() {
    fake::Host host;
    host.pci("0000:01:00.0").gpu().group(15).driver("nouveau");
    const sysfs::Inventory inventory = host.inventory();
    const sysfs::Device& device = inventory.devices.front();
    Change change;
    change.target = {device.id, device.identity()};
    change.from_driver = "nouveau";
    change.from_override = "budget_ci dvb";
    change.candidates = {{.driver = "vfio-pci",
                          .module = "vfio_pci",
                          .origin = policy::CandidateOrigin::kAlias,
                          .from = "alias vfio_pci:v*",
                          .status = policy::CandidateStatus::kFallback,
                          .why = "why"},
                         {.driver = {},
                          .module = "mlx5_vfio_pci",
                          .origin = policy::CandidateOrigin::kVariant,
                          .from = "variant x",
                          .status = policy::CandidateStatus::kUse,
                          .why = {}}};
    change.taken_along = true;
    change.access = {.owner = "root", .group = "kvm", .mode = 0660};
    change.check = policy::Check::kOpen;
    change.attrs = {{"reset_method", "flr bus"}};
    change.set_vfs = 8;
    change.mdevs = {{.uuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001",
                     .count = {},
                     .type = "mtty-2",
                     .attrs = {{"assign_adapter", "5"}, {"assign_adapter", "6"}},
                     .where = {}}};
    change.rule = "gpu \"quoted\"\twith\ntabs";
    change.where = "a.yaml:3";
    return {.group = 15,
            .verdict = policy::Verdict::kChange,
            .devices = {device.id},
            .changes = {change},
            .steps = {{.op = policy::Op::kBind,
                       .device = device.id,
                       .value = "vfio-pci",
                       .module = "vfio_pci",
                       .result = policy::StepResult::kDone,
                       .error = "e"}},
            .reasons = {{.code = policy::ReasonCode::kConsole,
                         .device = device.id,
                         .text = "text",
                         .evidence = "evidence",
                         .forceable = true}},
            .notes = {"0000:00:1f.0 is left alone"},
            .result = policy::StepResult::kRolledBack,
            .error = "error",
            .error_code = base::Code::kStale};
}

TEST(Codec, BringsATransactionBackWholeOnOneLine) {
    const std::string line = encode(everything());
    EXPECT_EQ(line.find_first_of("\t\n"), std::string::npos);
    const auto back = decode_transaction(line);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(encode(*back), line);
    EXPECT_EQ(back->changes.front().target.identity, everything().changes.front().target.identity);
    EXPECT_EQ(back->changes.front().candidates, everything().changes.front().candidates);
    EXPECT_EQ(back->changes.front().mdevs.front().attrs,
              everything().changes.front().mdevs.front().attrs);
    EXPECT_EQ(back->reasons, everything().reasons);
}

/// The process that has the rights believes nothing.
TEST(Codec, RefusesEveryNameThatCouldLeadElsewhere) {
    const auto with = [](const std::string& pointer, const Json& value) {
        Json json = Json::parse(encode(everything()));
        json[Json::json_pointer(pointer)] = value;
        return decode_transaction(json.dump());
    };
    ASSERT_TRUE(with("/error", "fine"));
    for (const auto& [pointer, value] : std::vector<std::pair<std::string, Json>>{
             {"/changes/0/device", "pci/../../etc/passwd"},
             {"/changes/0/device", "../x"},
             {"/changes/0/device", "noslash"},
             {"/changes/0/from_driver", "../unbind"},
             {"/changes/0/from_override", "a/b"},
             {"/changes/0/candidates/0/driver", "vfio-pci/../x"},
             {"/changes/0/candidates/0/module", "../../evil"},
             {"/changes/0/candidates/0/fate", 0},
             {"/changes/0/candidates/0/origin", "whim"},
             {"/changes/0/to", 3},
             {"/changes/0/check", "closed"},
             {"/changes/0/access/mode", 010000},
             {"/changes/0/set_vfs", "many"},
             {"/changes/0/mdevs/0/uuid", "not-a-uuid"},
             {"/changes/0/mdevs/0/type", "../type"},
             {"/changes/0/mdevs/0/attrs/0/0", "../../attr"},
             {"/changes/0/identity/vendor", "zzzz"},
             {"/devices/0", "pci/"},
             {"/steps/0/op", "format_disk"},
             {"/reasons/0/code", "whim"},
             {"/result", "perhaps"},
             {"/verdict", "perhaps"},
             {"/error_code", "perhaps"},
             {"/group", "fifteen"}}) {
        const auto back = with(pointer, value);
        EXPECT_FALSE(back) << pointer << " = " << value;
        if (!back) {
            EXPECT_EQ(back.error().code, base::Code::kInvalid);
        }
    }
    for (const char* line : {"", "{", "[]", "null", "{\"group\":null}"})
        EXPECT_FALSE(decode_transaction(line)) << line;
}

TEST(Codec, DumpsNothingThatATerminalObeys) {
    EXPECT_EQ(dump(Json("\x1b \x7f \xc2\x9b \xe2\x80\xae \xff \xc3\xbc")),
              "\"\\u001b \\u007f \\u009b \\u202e \xef\xbf\xbd \xc3\xbc\"");
    EXPECT_EQ(Json::parse(dump(Json("\xc2\x9b"))), Json("\xc2\x9b"));
}

TEST(Codec, NamesThePlaceOfAnError) {
    const auto error_of = [](const std::string& pointer, const Json& value) {
        Json json = Json::parse(encode(everything()));
        json[Json::json_pointer(pointer)] = value;
        const auto back = decode_transaction(json.dump());
        return back ? std::string() : back.error().text();
    };
    EXPECT_EQ(error_of("/changes/0/device", "x"),
              "a transaction: decode: /changes/0/device: not a device: x");
    EXPECT_EQ(error_of("/steps/0/op", "format_disk"),
              "a transaction: decode: /steps/0/op: unknown: format_disk");
    EXPECT_EQ(error_of("/changes/0/set_vfs", -1),
              "a transaction: decode: /changes/0/set_vfs: not a number in its range");
    EXPECT_EQ(error_of("/changes/0/from_driver", "../unbind"),
              "from_driver: validate: not allowed: ../unbind");
    Json json = Json::parse(encode(everything()));
    json.erase("devices");
    EXPECT_EQ(decode_transaction(json.dump()).error().text(),
              "a transaction: decode: /devices: missing");
}

TEST(Codec, IgnoresAKeyOfANewerVersion) {
    Json json = Json::parse(encode(everything()));
    json["newer"] = 1;
    EXPECT_TRUE(decode_transaction(json.dump()));
}

TEST(Codec, BringsADeviceBackWhole) {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(3).driver("e1000e").netdev("eth0").serial("x").pf(8, 2);
    host.pci("0000:01:00.1").nic().vf_of("0000:01:00.0", 1).vfio("vfio-pci", "vfio3");
    const sysfs::Inventory inventory = host.inventory();
    for (const sysfs::Device& device : inventory.devices) {
        const auto back = decode_device(encode(device));
        ASSERT_TRUE(back);
        EXPECT_EQ(*back, device);
    }
    EXPECT_FALSE(decode_device("{\"id\": 3}"));
}

TEST(Codec, SaysBytesThatAreNoText) {
    sysfs::Device device;
    device.id = {"pci", "0000:01:00.0"};
    device.serial = "\xff\xfe";
    EXPECT_TRUE(decode_device(encode(device)));
}

}  // namespace
}  // namespace binding
