// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <fstream>
#include <functional>

#include "base/path.hpp"
#include "bindd/executor/executor.hpp"
#include "bindd/loop/executor_client.hpp"
#include "binding/journal/journal.hpp"
#include "binding/policies/devices_in_use_file.hpp"
#include "policy/plan/refusal_reasons.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"

/// A controller that somebody has taken over: what the executor does for it, and what not. Its only
/// way to the kernel is a message.
namespace bindd {
namespace {

using policy::Change;
using sysfs::DeviceId;

const DeviceId kHostileNic = fake::pci_id("0000:01:00.0");
const DeviceId kHostileParent{"mdev_parent", "mtty"};
constexpr const char* kHostileMdev = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kOtherMdev = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

fake::KernelState hostile_world() {
    fake::Host host;
    host.pci(kHostileNic.name).nic().group(11).driver("e1000e").pf(4, 0);
    host.pci("0000:02:00.0").nic().group(12);
    host.pci("0000:03:00.0").nic().group(13).driver("e1000e").pf(4, 2);
    host.pci("0000:03:10.0").nic().group(14).driver("e1000e").vf_of("0000:03:00.0", 0);
    host.pci("0000:03:10.1").nic().group(15).driver("e1000e").vf_of("0000:03:00.0", 1);
    host.mdev_parent("mtty").mdev_type("mtty-2", 8);
    host.mdev_parent("other").mdev_type("mtty-2", 8);
    host.mdev(kOtherMdev, "other", "mtty-2");
    host.registered("pci", "uio_pci_generic", "uio_pci_generic");
    host.module("uio_pci_generic", sysfs::ModuleState::kAvailable);
    return fake::KernelState::from(host);
}

/// The executor on a made-up kernel, as the daemon forks it, and the test in the daemon's place.
class HostileController : public testing::Test {
  protected:
    HostileController() {
        fake::FakeKernel::create(dir_.path() + "/world", hostile_world());
        std::ofstream(dir_.path() + "/boot_id") << "11111111-2222-3333-4444-555555555555\n";
        deps_.state = {dir_.path() + "/run", dir_.path() + "/lib", dir_.path() + "/boot_id", {}};
        deps_.check_open = [](const sysfs::Device&) { return base::Result<void>(); };
        deps_.policies = {dir_.path() + "/policies"};
    }
    void policy(const std::string& text) {
        ASSERT_TRUE(base::make_directories(dir_.path() + "/policies"));
        std::ofstream(dir_.path() + "/policies/test.yaml") << text;
    }

    /// The last answer: "completed", "failed: ...", or how the transaction ended.
    std::string send(const binding::Message& message) {
        return send_line(binding::encode_message({1, message}));
    }
    std::string send_line(const std::string& line) {
        auto executor = fork_executor(deps_);
        EXPECT_TRUE(executor);
        executor->lines.send(line);
        std::string ended;
        for (std::string text; text.empty();) {
            (void)executor->lines.flush();
            pollfd readable{executor->lines.fd(), POLLIN, 0};
            if (::poll(&readable, 1, 20'000) <= 0)
                return "no answer";
            const auto lines = executor->lines.receive();
            if (!lines)
                return "hung up";
            for (const std::string& each : *lines)
                read(each, text, ended);
            if (!text.empty() && !ended.empty())
                text = ended;
            ended = text.empty() ? ended : text;
        }
        { const LineSocket closed = std::move(executor->lines); }
        while (::wait(nullptr) > 0) {
        }
        return ended;
    }

    policy::Transaction transaction(Change change) {
        return {.group = change.target.identity.iommu_group,
                .verdict = policy::Verdict::kChange,
                .devices = {change.target.id},
                .changes = {std::move(change)},
                .steps = {},
                .reasons = {},
                .notes = {},
                .result = {},
                .error = {}};
    }
    binding::ExecuteTransaction execute(Change change) {
        return {"bindd", "apply", std::chrono::seconds(5), transaction(std::move(change))};
    }
    Change change_of(const DeviceId& id) {
        const sysfs::Device device = kernel_.state().devices.at(id);
        Change change;
        change.target = {id, device.identity()};
        change.from_driver = device.driver;
        change.from_override = device.driver_override;
        return change;
    }
    Change bind(const std::optional<std::string>& driver,
                const std::optional<std::string>& module = {}) {
        Change change = change_of(kHostileNic);
        policy::ChainLink link;
        link.driver = driver;
        link.module = module;
        link.origin = policy::CandidateOrigin::kRule;
        link.status = policy::CandidateStatus::kUse;
        change.candidates = {link};
        return change;
    }
    Change with_mdev(const DeviceId& parent, const std::string& attr) {
        Change change = change_of(parent);
        change.mdevs = {
            {.uuid = kHostileMdev, .count = {}, .type = "mtty-2", .attrs = {}, .where = {}}};
        change.mdevs.front().attrs.emplace_back(attr, "1");
        return change;
    }

    void uses(const DeviceId& id, const sysfs::Use& use) {
        kernel_.change([&](fake::KernelState& state) { state.uses[id] = {use}; });
    }

    /// Every write to the kernel so far.
    std::vector<std::string> writes() { return kernel_.state().trace; }
    bool has_unbound() {
        const auto trace = writes();
        return std::any_of(trace.begin(), trace.end(), [](const std::string& write) {
            return write.find("unbind") != std::string::npos;
        });
    }
    /// Names below the state's directories.
    std::vector<std::string> files() {
        std::vector<std::string> names;
        for (const std::string& name : base::list_directory(dir_.path()))
            if (name != "world" && name != "boot_id" && name != "policies")
                for (const std::string& inner : base::list_directory(dir_.path() + "/" + name))
                    names.push_back(name + "/" + inner);
        return names;
    }

    fake::TempDir dir_;
    fake::FakeKernel kernel_{dir_.path() + "/world"};
    ExecutorDependencies deps_{.kernel = kernel_, .state = {}, .check_open = {}};

  private:
    static void read(const std::string& line, std::string& text, std::string& ended) {
        const auto envelope = binding::decode_message(line);
        if (!envelope)
            text = "undecodable: " + envelope.error().text();
        else if (const auto* end = std::get_if<binding::TransactionEnded>(&envelope->message))
            ended = policy::step_result_name(*end->transaction.result) +
                    (end->transaction.error.empty() ? "" : ": " + end->transaction.error);
        else if (const auto* failed = std::get_if<binding::Failed>(&envelope->message))
            text = "failed: " + failed->error.text();
        else if (std::holds_alternative<binding::Completed>(envelope->message))
            text = "completed";
    }
};

TEST_F(HostileController, BindsToWhatAPolicyCouldNameOnly) {
    for (const auto& [driver, module, why] :
         std::vector<std::tuple<const char*, const char*, std::string>>{
             {"uio_pci_generic", nullptr, "uio_pci_generic"},
             {"uio_pci_generic", "uio_pci_generic", "uio_pci_generic"},
             {"vfio-pci", "nbd", "nbd"},
             {nullptr, "nbd", "nbd"},
             {nullptr, "vfio_evil", "vfio_evil"}}) {
        const auto text = [](const char* name) {
            return name == nullptr ? std::optional<std::string>() : std::string(name);
        };
        EXPECT_EQ(
            send(execute(bind(text(driver), text(module)))),
            "failed: 0000:01:00.0: check: " + why +
                " is no VFIO driver, and neither an alias of the kernel nor a policy names it "
                "for the device");
    }
    EXPECT_EQ(writes(), std::vector<std::string>{});
    EXPECT_EQ(send(execute(bind("vfio-pci", "vfio_pci"))), "done");
}

TEST_F(HostileController, BindsToADriverThatAPolicyOfRootNames) {
    policy(
        "version: 1\nrules:\n  - { name: uio, match: { class: network }, driver: uio_pci_generic "
        "}\n");
    EXPECT_TRUE(send(execute(bind("uio_pci_generic"))).find("policy names it") ==
                std::string::npos);
    EXPECT_NE(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, TakesNoDeviceThatRootProtects) {
    policy(
        "version: 1\nrules:\n"
        "  - { name: keep, protect: true, match: { class: network, driver: e1000e } }\n"
        "  - { name: all, match: { class: network }, driver: auto }\n");
    Change change = bind("vfio-pci", "vfio_pci");
    change.rule = "all";
    for (int each = 0; each <= static_cast<int>(sysfs::UseKind::kUnknown); ++each)
        change.accepted_uses.push_back(static_cast<sysfs::UseKind>(each));
    EXPECT_TRUE(send(execute(change)).starts_with("failed: 0000:01:00.0: check: protected by "));
    Change vfs = change_of(kHostileNic);
    vfs.set_vfs = 2;
    EXPECT_TRUE(send(execute(vfs)).starts_with("failed: 0000:01:00.0: check: protected by "));
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

/// Whatever it says that a rule or a user allows.
TEST_F(HostileController, TakesNothingThatTheRunningSystemNeeds) {
    Change change = bind("vfio-pci", "vfio_pci");
    for (int each = 0; each <= static_cast<int>(sysfs::UseKind::kUnknown); ++each)
        if (const auto kind = static_cast<sysfs::UseKind>(each);
            policy::is_forceable(policy::to_reason_code(kind)))
            change.accepted_uses.push_back(kind);
    for (int each = 0; each <= static_cast<int>(sysfs::UseKind::kUnknown); ++each) {
        const auto kind = static_cast<sysfs::UseKind>(each);
        uses(kHostileNic, {kind, "the root file system is on it", "/", true});
        EXPECT_EQ(send(execute(change)),
                  "rolled_back: 0000:01:00.0: check: came into use since it was "
                  "planned: the root file system is on it (/)")
            << sysfs::use_kind_name(kind);
        EXPECT_EQ(kernel_.state().devices.at(kHostileNic).driver, "e1000e");
    }
    EXPECT_FALSE(has_unbound()) << "before the look only the override is set, and cleared again";
    uses(kHostileNic, {sysfs::UseKind::kMounted, "is mounted", "/mnt"});
    EXPECT_EQ(send(execute(change)), "done") << "as if a user had forced it";
}

TEST_F(HostileController, AcceptsNoUseThatNobodyCanAllow) {
    for (const auto kind : {sysfs::UseKind::kVfioOpen, sysfs::UseKind::kVfsInUse}) {
        Change change = bind("vfio-pci", "vfio_pci");
        change.accepted_uses = {sysfs::UseKind::kMounted, kind};
        EXPECT_EQ(send(execute(change)),
                  std::string("failed: 0000:01:00.0: check: nobody can allow the use ") +
                      sysfs::use_kind_name(kind));
    }
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

/// What a transaction takes away by itself is no use of its parent, and is looked at by itself.
TEST_F(HostileController, HidesNoUseBehindAnMdevThatHasNoName) {
    uses(kHostileNic, {sysfs::UseKind::kHolder, "holds the root file system", "dm-0", true});
    Change change = bind("vfio-pci", "vfio_pci");
    change.mdevs_to_stop.emplace_back().type = "mtty-2";
    EXPECT_EQ(send(execute(change)),
              "failed: mdevs_to_stop: validate: not allowed: an mdev without a uuid");
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, HidesTheVfsOfAPfBehindNoneOfThem) {
    const auto taken = [this](const char* pci) {
        const DeviceId id = fake::pci_id(pci);
        Change change = change_of(id);
        change.candidates = bind("vfio-pci", "vfio_pci").candidates;
        return change;
    };
    policy::Transaction both = transaction(taken("0000:03:00.0"));
    both.changes.push_back(taken("0000:03:10.0"));
    binding::ExecuteTransaction request{"bindd", "apply", std::chrono::seconds(5), both};
    EXPECT_EQ(send(request),
              "rolled_back: 0000:03:00.0: check: came into use since it was planned: its "
              "virtual functions are enabled (VFs: 0000:03:10.0, 0000:03:10.1)");
    EXPECT_FALSE(has_unbound());
}

TEST_F(HostileController, ReachesNoOtherDeviceThanItNames) {
    Change other = bind("vfio-pci", "vfio_pci");
    other.target.id = fake::pci_id("0000:02:00.0");
    other.target.identity.modalias = "pci:v0000DEADd0000BEEFsv*sd*bc*sc*i*";
    EXPECT_EQ(send(execute(other)),
              "failed: 0000:02:00.0: check: is another device than the one that was planned for");
    Change absent = bind("vfio-pci");
    absent.target.id = fake::pci_id("0000:0f:00.0");
    EXPECT_TRUE(send(execute(absent)).starts_with("failed: "));
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, WritesNoAttributeButThoseOfMdevs) {
    for (const char* attr :
         {"remove", "uevent", "driver_override", "driver/unbind", "power/control",
          "subsystem/drivers_probe", "mdev_type/create", "../config", "/etc/x"})
        EXPECT_EQ(send(execute(with_mdev(kHostileParent, attr))),
                  "failed: attrs: validate: not allowed: " + std::string(attr));
    for (const char* attr : {"driver_override", "sriov_numvfs", "reset", "config", "msi_bus",
                             "power/control", "driver/unbind"}) {
        Change change = with_mdev(kHostileNic, attr);
        change.mdevs.front().uuid.reset();
        EXPECT_EQ(send(execute(change)),
                  "failed: attrs: validate: not allowed: " + std::string(attr));
    }
    for (const char* attr : {"driver_override", "sriov_numvfs", "remove", "power/../remove"}) {
        Change change = change_of(kHostileNic);
        change.attrs = {{attr, "1"}};
        EXPECT_TRUE(send(execute(change)).ends_with("is not an attribute that can be set")) << attr;
    }
    Change unnamed = change_of(kHostileNic);
    unnamed.attrs = {{"msi_bus", "0"}};
    EXPECT_EQ(send(execute(unnamed)),
              "failed: 0000:01:00.0: check: no policy sets msi_bus of the device to 0");
    EXPECT_EQ(writes(), std::vector<std::string>{});
    EXPECT_TRUE(send(execute(with_mdev(kHostileParent, "assign_adapter")))
                    .find("set assign_adapter to 1") != std::string::npos)
        << "the model's mdev has no attribute, but it was tried";
}

TEST_F(HostileController, RemovesNoMdevThroughAnotherParent) {
    Change change = change_of(kHostileParent);
    change.mdevs_to_stop = {
        {.uuid = kOtherMdev, .count = {}, .type = "mtty-2", .attrs = {}, .where = {}}};
    EXPECT_EQ(send(execute(change)), "rolled_back: " + std::string(kOtherMdev) +
                                         ": remove mdev: is not on mdev_parent/mtty");
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, SetsNoAccessBeyondThatOfANode) {
    Change change = bind("vfio-pci");
    change.access.mode = 04777;
    EXPECT_EQ(send(execute(change)), "failed: mode: validate: not allowed: 2559");
    Change nodes = change_of(kHostileNic);
    nodes.access.mode = 0666;  // it is on e1000e: there is no node
    EXPECT_TRUE(send(execute(nodes)).find("has no VFIO node") != std::string::npos);
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, UndoesOnlyWhatTheJournalOfTheExecutorHas) {
    Change change = change_of(kHostileNic);
    change.to = Change::To::kHost;
    change.rollback = "20260102-030405.123456-1";
    EXPECT_EQ(send(execute(change)), "done");
    EXPECT_EQ(writes(), std::vector<std::string>{}) << "it is on its own driver";
    EXPECT_EQ(send(binding::RecoverInterrupted{}), "completed");
    EXPECT_EQ(send(binding::ForgetDevices{{kHostileNic}}), "completed");
    EXPECT_EQ(writes(), std::vector<std::string>{});
}

TEST_F(HostileController, MakesTheExecutorForgetNoDeviceThatIsThere) {
    ASSERT_EQ(send(execute(bind("vfio-pci", "vfio_pci"))), "done");
    const auto is_ours = [this] {
        return binding::read_journal(deps_.state)->bound.contains(kHostileNic);
    };
    EXPECT_EQ(send(binding::ForgetDevices{{kHostileNic}}), "completed");
    EXPECT_TRUE(is_ours());
    kernel_.change([](fake::KernelState& state) { state.devices.erase(kHostileNic); });
    EXPECT_EQ(send(binding::ForgetDevices{{kHostileNic}}), "completed");
    EXPECT_FALSE(is_ours());
}

TEST_F(HostileController, HasUdevRulesWrittenOnlyOfRootsPolicies) {
    deps_.state.udev_rules = dir_.path() + "/rules.d";
    EXPECT_EQ(send_line(R"({"id":1,"message":"update_udev_rules","text":"RUN+=\"/tmp/x\""})"),
              "completed");
    EXPECT_EQ(files(), std::vector<std::string>{});
    policy("version: 1\nrules:\n  - { name: nics, match: { class: network }, driver: auto }\n");
    EXPECT_EQ(send(binding::UpdateUdevRules{}), "completed");
    EXPECT_EQ(files(), std::vector<std::string>{"rules.d/79-bindd.rules"});
    policy("version: 1\nrules: broken\n");
    EXPECT_EQ(send(binding::UpdateUdevRules{}), "completed");
    EXPECT_EQ(files(), std::vector<std::string>{"rules.d/79-bindd.rules"});
}

TEST_F(HostileController, KeepsOnlyDevicesInUseForTheNextBoot) {
    binding::UpdateUdevRules request{
        policy::DevicesInUse{{kHostileNic, {}, policy::ReasonCode::kMounted, "sda1 on /"}}};
    EXPECT_EQ(send(request), "completed");
    EXPECT_EQ(files(), std::vector<std::string>{"lib/devices-in-use"});
    EXPECT_EQ(send(binding::UpdateUdevRules{}), "completed") << "they stay";
    EXPECT_EQ(binding::read_devices_in_use(deps_.state), *request.in_use);
    EXPECT_EQ(send(binding::UpdateUdevRules{policy::DevicesInUse{}}), "completed");
    EXPECT_EQ(files(), std::vector<std::string>{});
    request.in_use->front().reason = policy::ReasonCode::kNoDriver;
    EXPECT_NE(send(request), "completed");
    request.in_use->front() = {{"pci", "../x"}, {}, policy::ReasonCode::kMounted, ""};
    EXPECT_NE(send(request), "completed");
    EXPECT_EQ(files(), std::vector<std::string>{});
}

/// Or the next boot would take the root disk early, where a policy gives it away.
TEST_F(HostileController, LeavesNothingToTheNextBootThatTheRunningSystemNeeds) {
    const binding::UpdateUdevRules request{
        policy::DevicesInUse{{kHostileNic, {}, policy::ReasonCode::kMounted, "sda1 on /"}}};
    EXPECT_EQ(send(request), "completed");
    uses(kHostileNic, {sysfs::UseKind::kMounted, "the root file system is on it", "/", true});
    EXPECT_EQ(send(binding::UpdateUdevRules{policy::DevicesInUse{}}), "completed");
    EXPECT_EQ(binding::read_devices_in_use(deps_.state), *request.in_use);
    uses(kHostileNic, {sysfs::UseKind::kMounted, "is mounted", "/mnt"});
    EXPECT_EQ(send(binding::UpdateUdevRules{policy::DevicesInUse{}}), "completed");
    EXPECT_EQ(binding::read_devices_in_use(deps_.state), policy::DevicesInUse{});
}

/// Each kind of message, as a decoder lets it through: none but a transaction writes to the kernel,
/// and none writes a file but the journal, the lock and the history.
TEST_F(HostileController, WritesThroughNoOtherMessage) {
    sysfs::ScanOptions wanted;
    wanted.attrs = {"driver_override", "driver/unbind"};
    const std::vector<binding::Message> messages{
        binding::ScanHost{wanted},
        binding::ScanDevices{{kHostileNic}, wanted, binding::DriverScan::kInclude},
        binding::QueryUsage{{kernel_.state().devices.at(kHostileNic)}},
        binding::OpenForClient{"../../x", kHostileNic, "noiommu"},
        binding::RecoverInterrupted{},
        binding::ForgetDevices{{kHostileNic, kHostileParent}},
        binding::UpdateUdevRules{},
        binding::Ping{},
        binding::Stop{},
        binding::DeviceFound{},
        binding::ContextFound{},
        binding::DriversFound{},
        binding::UsageFound{},
        binding::StepStarted{"x"},
        binding::TransactionEnded{"t", transaction(bind("vfio-pci"))},
        binding::Completed{},
        binding::Failed{},
        binding::Warning{"x"},
        binding::InUseFound{},
        binding::TransactionInterrupted{
            {.txn = "t", .time_us = 1, .actor = "a", .action = "apply", .group = 3, .devices = {}}},
        binding::RecoveryEnded{"t", binding::RecoveryResult::kUndone, {}},
        binding::ReadStuck{"look-7", {}},
        binding::RunTransaction{"t"},
        binding::UndoTransaction{"t"},
        binding::DeviceSeen{},
        binding::TransactionOutcome{}};
    std::set<std::size_t> kinds{binding::Message(binding::ExecuteTransaction{}).index()};
    for (const binding::Message& message : messages) {
        kinds.insert(message.index());
        EXPECT_NE(send(message), "no answer") << binding::message_name(message);
    }
    EXPECT_EQ(kinds.size(), std::variant_size_v<binding::Message>);
    EXPECT_EQ(writes(), std::vector<std::string>{});
    for (const std::string& file : files())
        EXPECT_TRUE(file == "run/lock" || file == "run/journal" || file == "lib/history") << file;
}

/// Without a controller that asks for anything more: a full /run, or a device that was busy for a
/// moment, once left the undo to the next transaction.
TEST_F(HostileController, IsNotNeededToFinishAnUndoThatFailed) {
    kernel_.change([](fake::KernelState& now) {
        now.refuse(kHostileNic, "vfio-pci", EIO);
        now.refuse(kHostileNic, "e1000e", EROFS);
    });
    auto executor = fork_executor(deps_);
    ASSERT_TRUE(executor);
    executor->lines.send(binding::encode_message({1, execute(bind("vfio-pci", "vfio_pci"))}));
    for (bool ended = false; !ended;) {
        (void)executor->lines.flush();
        pollfd readable{executor->lines.fd(), POLLIN, 0};
        ASSERT_GT(::poll(&readable, 1, 20'000), 0);
        const auto lines = executor->lines.receive();
        ASSERT_TRUE(lines);
        for (const std::string& line : *lines)
            ended = ended || line.find("could not be put back") != std::string::npos;
    }
    kernel_.change([](fake::KernelState& now) { now.refusals.clear(); });
    const auto is_pending = [this] {
        return !binding::read_journal(deps_.state)->in_flight.empty();
    };
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (is_pending() && std::chrono::steady_clock::now() < end)
        ::usleep(2'000);
    EXPECT_FALSE(is_pending());
    EXPECT_EQ(kernel_.state().devices.at(kHostileNic).driver, "e1000e");
    { const LineSocket closed = std::move(executor->lines); }
    while (::wait(nullptr) > 0) {
    }
}

TEST_F(HostileController, IsHungUpOnAtALineWithoutAnEnd) {
    auto executor = fork_executor(deps_);
    ASSERT_TRUE(executor);
    const std::string part(1 << 20, 'x');
    bool alive = true;
    for (ssize_t all = 0; alive && all < 200 << 20;) {
        const ssize_t sent =
            ::send(executor->lines.fd(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        all += std::max<ssize_t>(sent, 0);
        pollfd writable{executor->lines.fd(), POLLOUT, 0};
        alive = sent >= 0 || (errno == EAGAIN && ::poll(&writable, 1, 20'000) > 0);
    }
    EXPECT_FALSE(alive);
    EXPECT_GT(::wait(nullptr), 0);
}

}  // namespace
}  // namespace bindd
