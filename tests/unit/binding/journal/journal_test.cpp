// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/journal.hpp"

#include <filesystem>
#include <fstream>
#include <random>

#include "base/file_io.hpp"
#include "binding/journal/history.hpp"
#include "binding/journal/journal_reader.hpp"
#include "binding/journal/transaction_id.hpp"
#include "tests/unit/binding/test_host.hpp"

namespace binding {
namespace {

using Words = std::vector<std::string>;

ManagedDevice a_bound() {
    return {.device = pci_id("0000:01:00.0"),
            .identity = {.ids = {.vendor = 0x8086,
                                 .device = 0x10d3,
                                 .subsystem_vendor = 0,
                                 .subsystem_device = std::nullopt,
                                 .class_code = 0x020000,
                                 .revision = 7},
                         .modalias = "pci:v00008086d000010D3",
                         .iommu_group = 15},
            .txn = "t-1",
            .rule = "a \"rule\"\nof two lines",
            .where = "x.yaml:3",
            .driver = "vfio-pci",
            .before_driver = "e1000e",
            .before_override = std::nullopt,
            .taken_along = true,
            .side_effects = {
                {policy::Op::kCreateMdev, "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty-2"}}};
}

std::vector<Record> one_of_each() {
    const ManagedDevice bound = a_bound();
    return {BootRecord{"boot-1"},
            BeginRecord{"t-2",
                        1234567890123456,
                        "vfioctl (uid 0)",
                        "apply",
                        15,
                        {BindingSnapshot{bound.device,
                                         bound.identity,
                                         {"e1000e", std::nullopt},
                                         PreviousBinding{std::nullopt, "foreign"},
                                         "r",
                                         "f:1",
                                         true}}},
            IntentRecord{"t-2", 3, policy::Op::kUnbind, bound.device, "e1000e", ""},
            DoneRecord{"t-2", 3, 16},
            CommitRecord{"t-2", {{bound.device, "vfio-pci"}}, {pci_id("0000:02:00.0")}},
            RolledBackRecord{"t-3", {"0000:01:00.0 went away"}},
            ReleasedRecord{bound.device, "gone"},
            bound,
            ReturnedDevice{pci_id("0000:02:00.0"), bound.identity, "r"}};
}

TEST(Record, ComesBackAsItWasWritten) {
    for (const Record& record : one_of_each()) {
        const std::string line = encode_record(record);
        EXPECT_EQ(line.find('\n'), std::string::npos) << line;
        const auto back = decode_record(line);
        ASSERT_TRUE(back) << line;
        EXPECT_TRUE(*back == record) << line;
    }
}

TEST(Record, IsKnownForDamagedAtEveryByte) {
    for (const Record& record : one_of_each()) {
        const std::string line = encode_record(record);
        for (std::size_t at = 0; at < line.size(); ++at) {
            EXPECT_FALSE(decode_record(line.substr(0, at))) << at;
            std::string rotted = line;
            rotted[at] = static_cast<char>(rotted[at] ^ 1);
            EXPECT_FALSE(decode_record(rotted)) << rotted;
        }
    }
}

TEST(Record, CanBeReadByAPerson) {
    EXPECT_EQ(encode_record(DoneRecord{"t-2", 3, 16}).substr(9),
              R"({"record":"done","txn":"t-2","step":3,"errno":16})");
}

/// The lines of one_of_each() as the versions before the lists of fields wrote them: what is on
/// disk must be read by a later version, and written as before.
TEST(Record, IsReadAndWrittenAsEarlierVersionsDid) {
    const std::vector<std::string> lines = {
        R"j(51c6e73f {"record":"boot","id":"boot-1"})j",
        R"j(420cbb92 {"record":"begin","txn":"t-2","time_us":1234567890123456,"actor":"vfioctl (uid 0)","action":"apply","group":15,"devices":[{"device":"pci/0000:01:00.0","identity":{"vendor":"8086","device":"10d3","subsystem_vendor":"0000","subsystem_device":null,"class":"020000","revision":"07","modalias":"pci:v00008086d000010D3","iommu_group":15},"before":{"driver":"e1000e","override":null},"origin":{"driver":null,"override":"foreign"},"rule":"r","where":"f:1","taken_along":true,"early":false}]})j",
        R"j(c831eeb4 {"record":"intent","txn":"t-2","step":3,"op":"unbind","device":"pci/0000:01:00.0","value":"e1000e","before":""})j",
        R"j(3dcec141 {"record":"done","txn":"t-2","step":3,"errno":16})j",
        R"j(7b87a0ef {"record":"commit","txn":"t-2","bound":[{"device":"pci/0000:01:00.0","driver":"vfio-pci"}],"released":["pci/0000:02:00.0"]})j",
        R"j(d67805bc {"record":"rolled_back","txn":"t-3","notes":["0000:01:00.0 went away"]})j",
        R"j(f1f2a562 {"record":"released","device":"pci/0000:01:00.0","why":"gone"})j",
        R"j(8e6d40ba {"record":"bound","device":"pci/0000:01:00.0","identity":{"vendor":"8086","device":"10d3","subsystem_vendor":"0000","subsystem_device":null,"class":"020000","revision":"07","modalias":"pci:v00008086d000010D3","iommu_group":15},"txn":"t-1","rule":"a \"rule\"\nof two lines","where":"x.yaml:3","driver":"vfio-pci","before":{"driver":"e1000e","override":null},"taken_along":true,"made":[{"op":"create_mdev","value":"83b8f4f2-509f-382f-3c1e-e6bfe0fa1001","before":"mtty-2"}],"early":false})j",
        R"j(ec435978 {"record":"returned","device":"pci/0000:02:00.0","identity":{"vendor":"8086","device":"10d3","subsystem_vendor":"0000","subsystem_device":null,"class":"020000","revision":"07","modalias":"pci:v00008086d000010D3","iommu_group":15},"rule":"r"})j"};
    const std::vector<Record> records = one_of_each();
    ASSERT_EQ(lines.size(), records.size());
    for (std::size_t at = 0; at < lines.size(); ++at) {
        const auto record = decode_record(lines[at]);
        ASSERT_TRUE(record) << record.error().text();
        EXPECT_TRUE(*record == records[at]) << lines[at];
        EXPECT_EQ(encode_record(records[at]), lines[at]);
    }
}

TEST(Record, WithoutEarlyIsOneOfAnOlderVersion) {
    const auto record = decode_record(
        R"j(aabf1454 {"record":"bound","device":"pci/0000:01:00.0","identity":{"vendor":"8086","device":"10d3","subsystem_vendor":"0000","subsystem_device":null,"class":"020000","revision":"07","modalias":"pci:v00008086d000010D3","iommu_group":15},"txn":"t-1","rule":"a \"rule\"\nof two lines","where":"x.yaml:3","driver":"vfio-pci","before":{"driver":"e1000e","override":null},"taken_along":true,"made":[]})j");
    ASSERT_TRUE(record) << record.error().text();
    EXPECT_FALSE(std::get<ManagedDevice>(*record).early);
}

TEST(History, IsReadAndWrittenAsEarlierVersionsDid) {
    TestHost fixture(one_nic());
    const std::string line =
        R"j({"txn":"20260102-030405.123456-1","time_us":1234567890123456,"actor":"vfioctl (uid 0)","action":"apply","group":15,"devices":["pci/0000:01:00.0"],"driver":"vfio-pci","rule":"r","where":"f:1","result":"done","error":""})j";
    std::filesystem::create_directories(fixture.state().lib);
    std::ofstream(fixture.state().history_path()) << line << "\n";
    const auto entries = read_history(fixture.state());
    ASSERT_TRUE(entries) << entries.error().text();
    ASSERT_EQ(entries->size(), 1U);
    EXPECT_EQ(entries->front().devices, std::vector{pci_id("0000:01:00.0")});
    ASSERT_TRUE(append_history(fixture.state(), *entries));
    EXPECT_EQ(*base::read_file(fixture.state().history_path()), line + "\n" + line + "\n");
}

/// The journal of a run that was killed right before it committed.
std::string journal_of_interrupted_run(TestHost& fixture) {
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    std::string text = *base::read_file(fixture.state().journal_path());
    return text.substr(0, text.rfind('\n'));
}

TEST(Journal, IsSafeWithItsLastRecordTornAtAnyByte) {
    TestHost first(one_nic());
    const DriverStates before = first.driver_states();
    const std::string whole = journal_of_interrupted_run(first);
    const DriverStates bound = first.driver_states();
    const std::size_t last = whole.rfind('\n');
    for (std::size_t cut = last; cut < whole.size(); cut += 3) {
        std::ofstream(first.state().journal_path(), std::ios::trunc) << whole.substr(0, cut);
        const JournalState journal_state = first.journal_state();
        EXPECT_EQ(journal_state.in_flight.size(), 1U) << cut;
        EXPECT_EQ(journal_state.damaged_lines, cut > last + 1 ? 1U : 0U) << cut;
    }
    first.apply({});
    EXPECT_EQ(first.driver_states(), before);
    EXPECT_NE(first.driver_states(), bound);
}

TEST(Journal, GoesOnAfterATornRecord) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    {
        std::ofstream torn(fixture.state().journal_path(), std::ios::app);
        torn << "\n1234abcd {\"record\":\"begin\",\"tx";
    }
    const policy::Plan done = fixture.release({"0000:01:00.0"});
    EXPECT_EQ(done.transactions[0].result, policy::StepResult::kDone);
    EXPECT_EQ(fixture.warnings(),
              Words{fixture.state().journal_path() + ": 1 damaged line(s) skipped"});
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Journal, SurvivesRubbish) {
    TestHost fixture(one_nic());
    std::filesystem::create_directories(fixture.state().run);
    std::ofstream(fixture.state().journal_path())
        << std::string(5000, '\xff') << "\n\n\n{}\nnull\n";
    EXPECT_TRUE(fixture.journal_state().bound.empty());
    EXPECT_EQ(fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"})).transactions[0].result,
              policy::StepResult::kDone);
    EXPECT_EQ(fixture.journal_state().bound.size(), 1U);
}

TEST(Journal, OfAnotherBootSaysNothing) {
    TestHost fixture(one_nic());
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    std::ofstream(fixture.path() + "/boot_id", std::ios::trunc) << "boot-2\n";
    EXPECT_TRUE(fixture.journal_state().bound.empty());
    fixture.kernel().change([](fake::KernelState& world) { world = one_nic(); });
    EXPECT_EQ(fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"})).transactions[0].result,
              policy::StepResult::kDone);
    EXPECT_EQ(fixture.journal_state().boot_id, "boot-2");
    EXPECT_EQ(fixture.journal_state().bound.at(pci_id("0000:01:00.0")).before_driver, "e1000e");
}

TEST(Journal, IsWrittenAnewWhenItHasGrownAndSaysTheSame) {
    TestHost fixture(one_nic());
    for (int i = 0; i < 20; ++i) {
        fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
        fixture.release({"0000:01:00.0"});
    }
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    auto opened = Journal::open(fixture.state());
    ASSERT_TRUE(opened);
    Journal* const journal = &opened->journal;
    EXPECT_LT(journal->size(), 36U * 1024) << "each run leaves it short for the next";
    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(journal->append(ReleasedRecord{pci_id("0000:02:00.0"), "test"}, Sync::kLater));
    const std::size_t grown = journal->size();
    const JournalState before = fixture.journal_state();
    ASSERT_TRUE(journal->compact(before));
    EXPECT_LT(journal->size(), grown / 10);
    EXPECT_EQ(fixture.journal_state().bound, before.bound);
    // Appending goes to the new file.
    ASSERT_TRUE(journal->append(ReleasedRecord{pci_id("0000:01:00.0"), "test"}, Sync::kNow));
    EXPECT_TRUE(fixture.journal_state().bound.empty());
}

TEST(Journal, ThatCannotBeWrittenStopsTheRunBeforeTheKernelIsTouched) {
    TestHost fixture(one_nic());
    std::ofstream(fixture.path() + "/run") << "a file where the directory should be";
    const auto refused = apply(fixture.kernel(), fixture.state(),
                               fixture.plan({"0000:01:00.0"}, {"vfio-pci"}), fixture.options());
    ASSERT_FALSE(refused);
    EXPECT_EQ(fixture.kernel().state().writes, 0U);
}

/// A reader that follows the file has the same state as one that replays it, whatever happens to
/// it.
TEST(JournalReader, FollowsTheJournal) {
    TestHost fixture(one_nic());
    JournalReader reader(fixture.state());
    const auto agree = [&](const char* when) {
        const auto followed = reader.read();
        ASSERT_TRUE(followed) << when;
        const JournalState replayed = fixture.journal_state();
        EXPECT_EQ(followed->bound, replayed.bound) << when;
        EXPECT_EQ(followed->in_flight, replayed.in_flight) << when;
        EXPECT_EQ(followed->boot_id, replayed.boot_id) << when;
        EXPECT_EQ(followed->damaged_lines, replayed.damaged_lines) << when;
    };
    agree("without a journal");
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    agree("after an apply");
    EXPECT_EQ(reader.read()->bound.size(), 1U);
    const std::string record = encode_record(ReleasedRecord{pci_id("0000:01:00.0"), "test"});
    std::ofstream(fixture.state().journal_path(), std::ios::app) << "\n" << record.substr(0, 20);
    agree("with a record half written");
    EXPECT_EQ(reader.read()->damaged_lines, 1U);
    std::ofstream(fixture.state().journal_path(), std::ios::app) << record.substr(20);
    agree("with the rest of it");
    EXPECT_TRUE(reader.read()->bound.empty());
    EXPECT_EQ(reader.read()->damaged_lines, 0U);
    std::ofstream(fixture.state().journal_path(), std::ios::app) << "\n"
                                                                 << record.substr(0, 20) << "\n"
                                                                 << record;
    agree("with a record torn and another after it");
    auto opened = Journal::open(fixture.state());
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->journal.compact(opened->journal_state));
    agree("written anew");
    std::ofstream(fixture.path() + "/boot_id", std::ios::trunc) << "boot-2\n";
    agree("in another boot");
    std::filesystem::remove(fixture.state().journal_path());
    agree("gone");
}

TEST(History, TellsWhatWasDoneAndHowItEnded) {
    TestHost fixture(one_nic());
    fixture.options().actor = "vfioctl (uid 0)";
    fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
    fixture.release({"0000:01:00.0"});
    const auto history = read_history(fixture.state());
    ASSERT_TRUE(history);
    ASSERT_EQ(history->size(), 2U);
    const HistoryEntry& first = history->at(0);
    EXPECT_EQ(first.txn, fixture.journal_state().committed.begin()->c_str());
    EXPECT_GT(first.time_us, 1600000000000000);
    EXPECT_EQ(first.actor, "vfioctl (uid 0)");
    EXPECT_EQ(first.action, "apply");
    EXPECT_EQ(first.group, 15);
    EXPECT_EQ(first.devices, std::vector{pci_id("0000:01:00.0")});
    EXPECT_EQ(first.driver, "vfio-pci");
    EXPECT_EQ(first.rule, "test");
    EXPECT_EQ(first.where, "test.yaml:1");
    EXPECT_EQ(first.result, "done");
    EXPECT_EQ(first.error, "");
    EXPECT_EQ(history->at(1).action, "release");
    EXPECT_EQ(history->at(1).driver, "e1000e");
}

TEST(TransactionId, IsLaterThanAllBeforeItWhateverTheClockSays) {
    constexpr std::int64_t kNow = 1767323045123456;
    EXPECT_EQ(next_transaction_id(kNow, "", 1), "20260102-030405.123456-1");
    EXPECT_EQ(next_transaction_id(kNow, "20250102-030405.123456-7", 2), "20260102-030405.123456-2");
    EXPECT_EQ(next_transaction_id(kNow, "20260102-030405.123456-1", 2), "20260102-030405.123457-2");
    EXPECT_EQ(next_transaction_id(kNow, "20991231-235959.999999-3", 1), "21000101-000000.000000-1");
    EXPECT_EQ(next_transaction_id(kNow, "t-1", 1), "20260102-030405.123456-1");
}

TEST(TransactionId, IsNeverReusedWhenTheClockIsSetBack) {
    for (const char* which : {"history", "history.1", "journal"}) {
        TestHost fixture(one_nic());
        fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"}));
        const bool journal = std::string_view(which) == "journal";
        const std::string path =
            (journal ? fixture.state().run : fixture.state().lib) + "/" + which;
        std::ofstream(path, std::ios::app) << "\n{\"txn\":\"20990102-030405.000009-1\"}\n";
        fixture.release({"0000:01:00.0"});
        EXPECT_EQ(read_history(fixture.state())->back().txn, "20990102-030405.000010-1") << which;
    }
}

TEST(History, ThatCannotBeWrittenIsAWarning) {
    TestHost fixture(one_nic());
    std::ofstream(fixture.path() + "/var") << "a file";
    EXPECT_EQ(fixture.apply(fixture.plan({"0000:01:00.0"}, {"vfio-pci"})).transactions[0].result,
              policy::StepResult::kDone);
    ASSERT_EQ(fixture.warnings().size(), 1U);
    EXPECT_TRUE(fixture.warnings()[0].starts_with("history: ")) << fixture.warnings()[0];
}

TEST(History, IsRotatedAndReadAcrossTheRotation) {
    TestHost fixture(one_nic());
    HistoryEntry entry;
    entry.error = std::string(600 * 1024, 'x');
    for (int i = 0; i < 3; ++i) {
        entry.txn = "t-" + std::to_string(i);
        ASSERT_TRUE(append_history(fixture.state(), {entry}));
    }
    EXPECT_TRUE(std::filesystem::exists(fixture.state().history_path() + ".1"));
    const auto history = read_history(fixture.state());
    ASSERT_TRUE(history);
    Words txns;
    for (const HistoryEntry& one : *history)
        txns.push_back(one.txn);
    EXPECT_EQ(txns, (Words{"t-0", "t-1", "t-2"}));
}

TEST(History, LosesNoEntryToATornLineBeforeIt) {
    TestHost fixture(one_nic());
    HistoryEntry entry;
    entry.txn = "t-1";
    ASSERT_TRUE(append_history(fixture.state(), {entry}));
    std::ofstream(fixture.state().history_path(), std::ios::app) << R"({"txn":"torn)";
    entry.txn = "t-2";
    ASSERT_TRUE(append_history(fixture.state(), {entry}));
    const auto history = read_history(fixture.state());
    ASSERT_TRUE(history);
    ASSERT_EQ(history->size(), 2U);
    EXPECT_EQ(history->at(1).txn, "t-2");
}

TEST(History, KnowsWhatWasDoneToADeviceLast) {
    TestHost fixture(one_nic());
    const auto nth = [](int i) { return pci_id("0000:0" + std::to_string(i) + ":00.0"); };
    std::mt19937 random(20261121);
    LatestHistory expected;
    for (int i = 0; i < 400; ++i) {
        HistoryEntry entry;
        entry.txn = "t-" + std::to_string(i);
        entry.result = i % 3 == 0 ? "failed" : "done";
        // What looks like devices is none, and the file is to be rotated once on the way.
        entry.actor = R"("devices":["pci/0000:09:00.0"])";
        entry.error = std::string(4096, 'x');
        for (auto left = random() % 3; left-- > 0;)
            entry.devices.push_back(nth(static_cast<int>(random() % 6)));
        if (i > 300)  // one whose last entry is in the older file
            std::erase(entry.devices, nth(3));
        ASSERT_TRUE(append_history(fixture.state(), {entry}));
        if (i % 50 == 0)
            std::ofstream(fixture.state().history_path(), std::ios::app)
                << R"({"txn":"torn","devices":["pci/0000:)";
        for (const sysfs::DeviceId& id : entry.devices)
            expected[id] = entry;
    }
    ASSERT_TRUE(std::filesystem::exists(fixture.state().history_path() + ".1"));
    const auto txns = [](const LatestHistory& latest) {
        std::map<std::string, std::string> out;
        for (const auto& [id, entry] : latest)
            out[id.text()] = entry.txn + " " + entry.result;
        return out;
    };
    EXPECT_EQ(txns(latest_history(fixture.state())), txns(expected));
    const auto some = latest_history(fixture.state(), {nth(1), nth(3), nth(8)});
    EXPECT_EQ(txns(some), txns({{nth(1), expected.at(nth(1))}, {nth(3), expected.at(nth(3))}}));
    EXPECT_EQ(latest_history(fixture.state(), {}).size(), 0U);
    std::filesystem::remove(fixture.state().history_path());
    std::filesystem::remove(fixture.state().history_path() + ".1");
    EXPECT_EQ(latest_history(fixture.state()).size(), 0U);
}

}  // namespace
}  // namespace binding
