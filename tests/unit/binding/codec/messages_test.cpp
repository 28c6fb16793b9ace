// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/messages.hpp"

#include <gtest/gtest.h>

#include "tests/fake/host.hpp"

namespace binding {
namespace {

const sysfs::DeviceId kMessageDevice{"pci", "0000:01:00.0"};

sysfs::Device message_device() {
    fake::Host host;
    host.pci(kMessageDevice.name).nic().group(3).driver("e1000e").netdev("eth0").pf(8, 2);
    return host.inventory().devices.front();
}

policy::DevicesInUse used_devices() {
    return {{kMessageDevice, message_device().ids, policy::ReasonCode::kMounted, "sda1 on /",
             policy::UseSeen::kThisBoot},
            {kMessageDevice, message_device().ids, policy::ReasonCode::kSwap, "sda2",
             policy::UseSeen::kEarlierBoot}};
}

std::vector<Message> all_messages() {
    fake::Host host;
    host.pci(kMessageDevice.name).nic().group(3).driver("e1000e");
    const policy::Transaction transaction{.group = 3,
                                          .verdict = policy::Verdict::kChange,
                                          .devices = {kMessageDevice},
                                          .changes = {},
                                          .steps = {},
                                          .reasons = {},
                                          .notes = {},
                                          .result = {},
                                          .error = {}};
    sysfs::ScanOptions wanted;
    wanted.attrs = {"sriov_numvfs"};
    wanted.leave_out = {kMessageDevice};
    return {ScanHost{wanted},
            ScanDevices{{kMessageDevice}, wanted, DriverScan::kInclude},
            QueryUsage{{message_device()}},
            OpenForClient{"7", kMessageDevice, "iommufd"},
            ExecuteTransaction{"bindd", "apply", std::chrono::seconds(3), transaction},
            RecoverInterrupted{},
            ForgetDevices{{kMessageDevice}},
            UpdateUdevRules{used_devices()},
            Ping{},
            Stop{},
            DeviceFound{message_device()},
            ContextFound{HostContext::from(host.inventory())},
            DriversFound{host.drivers()},
            UsageFound{{{kMessageDevice, {{sysfs::UseKind::kMounted, "mounted on /", "sda1"}}}}},
            StepStarted{"bind it\tnow\n"},
            TransactionEnded{"20260102-030405.123456-1", transaction},
            Completed{},
            Failed{base::fail_errno(16, "bind", "x").value()},
            Warning{"text"},
            InUseFound{used_devices(), "a part"},
            TransactionInterrupted{{.txn = "t",
                                    .time_us = 1,
                                    .actor = "a",
                                    .action = "apply",
                                    .group = 3,
                                    .devices = {{.device = kMessageDevice,
                                                 .identity = message_device().identity(),
                                                 .before = {"e1000e", {}},
                                                 .origin = {},
                                                 .rule = "r",
                                                 .where = "w"}}}},
            RecoveryEnded{"t", RecoveryResult::kPending, "note"},
            ReadStuck{"look-7", {message_device()}},
            RunTransaction{"t"},
            UndoTransaction{"t"},
            DeviceSeen{message_device()},
            TransactionOutcome{.result = policy::StepResult::kFailed,
                               .error = "e",
                               .error_code = base::Code::kStale,
                               .steps = {},
                               .notes = {"note"}}};
}

TEST(Messages, ComeBackAsTheyWereSentOnOneLine) {
    const std::vector<Message> all = all_messages();
    ASSERT_EQ(all.size(), std::variant_size_v<Message>);
    for (std::size_t at = 0; at < all.size(); ++at) {
        const std::string line = encode_message({at, all[at]});
        EXPECT_EQ(line.find('\n'), std::string::npos) << line;
        const auto back = decode_message(line);
        ASSERT_TRUE(back) << back.error().text();
        EXPECT_EQ(back->id, at);
        EXPECT_EQ(back->message.index(), all[at].index()) << line;
        EXPECT_EQ(encode_message(*back), line);
    }
}

TEST(Messages, LeaveOutWhatADeviceDoesNotHave) {
    sysfs::Device device;
    device.id = kMessageDevice;
    EXPECT_EQ(encode_message({3, DeviceFound{device}}),
              R"({"id":3,"message":"device_found","device":{"id":"pci/0000:01:00.0"}})");
}

TEST(Messages, AreRefusedWithThePlaceOfTheError) {
    for (const auto& [line, error] : std::vector<std::pair<std::string, std::string>>{
             {"", "a message: decode: not JSON"},
             {"7\tlook\t{}", "a message: decode: not JSON"},
             {"[]", "a message: decode: no id"},
             {R"({"message":"ping"})", "a message: decode: no id"},
             {R"({"id":-1,"message":"ping"})", "a message: decode: /id: not a number in its range"},
             {R"({"id":1})", "a message: decode: /message: missing"},
             {R"({"id":1,"message":"pong"})", "a message: decode: /message: unknown: pong"},
             {R"({"id":1,"message":"forget_devices"})", "a message: decode: /ids: missing"},
             {R"({"id":1,"message":"forget_devices","ids":["pci/../x"]})",
              "a message: decode: /ids/0: not a device: pci/../x"},
             {R"({"id":1,"message":"scan_host","wanted":{"attrs":["../../etc/shadow"]}})",
              "attrs: validate: not allowed: ../../etc/shadow"},
             {R"({"id":1,"message":"query_usage","devices":[{"id":"pci/x","syspath":"/etc"}]})",
              "syspath: validate: not allowed: /etc"}}) {
        const auto back = decode_message(line);
        ASSERT_FALSE(back) << line;
        EXPECT_EQ(back.error().text(), error);
        EXPECT_EQ(back.error().code, base::Code::kInvalid);
    }
}

TEST(Messages, ThatCannotBeDecodedStillNameTheirRequest) {
    EXPECT_EQ(decode_message_id(R"({"id":7,"message":"pong"})"), 7U);
    EXPECT_EQ(decode_message_id(R"({"id":"7"})"), std::nullopt);
    EXPECT_EQ(decode_message_id("{"), std::nullopt);
}

TEST(Messages, CarryTheCodeOfAnError) {
    const auto back = decode_message(encode_message(
        {1,
         Failed{base::fail(base::Code::kStale, "check", "x", "changed", "plan again").value()}}));
    ASSERT_TRUE(back);
    const auto& error = std::get<Failed>(back->message).error;
    EXPECT_EQ(error.code, base::Code::kStale);
    EXPECT_EQ(error.text(), "x: check: changed");
}

}  // namespace
}  // namespace binding
