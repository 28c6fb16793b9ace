// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/bindd/controller/step_fixture.hpp"

#include <algorithm>

#include "bindd/controller/job_planning.hpp"
#include "bindd/controller/publication.hpp"
#include "tests/unit/bindd/controller/effect_text.hpp"

namespace bindd {

StepTest::StepTest() {
    host_.pci("0000:01:00.0").nic().group(11).driver("e1000e");
}

StepTest::Lines StepTest::feed(Input input) {
    const Effects effects = step(state_, std::move(input), now_);
    for (const Effect& effect : effects)
        if (const auto* send = std::get_if<SendRequest>(&effect))
            if (const auto* start = std::get_if<binding::ExecuteTransaction>(&send->message))
                transactions_[send->request] = start->transaction;
    return to_text(effects, now_);
}

StepTest::Lines StepTest::fire(TimerId timer, std::chrono::milliseconds after) {
    now_ += after;
    return feed(TimerFired{timer});
}

StepTest::Lines StepTest::start(const std::string& more) {
    Started input{.policies = {}, .manual_state = {}, .latest = {}, .journal = journal_};
    input.policies.sources = {
        {"test.yaml",
         "version: 1\nrules:\n  - name: nics\n    match: { class: network }\n    driver: auto\n" +
             more}};
    input.policies.parsed = policy::parse_set(input.policies.sources);
    return feed(std::move(input));
}

void StepTest::start_ready(const std::string& more) {
    (void)start(more);
    (void)recovered();
    (void)scanned(1);
    (void)unused(2);
    (void)executed(3, policy::StepResult::kDone);
    (void)fire(TimerId::kScan);
    (void)scanned(4);
    ASSERT_TRUE(state_.is_ready());
    ASSERT_EQ(state_.last_request, 4U);
}

StepTest::Lines StepTest::reply(RequestId request, binding::Message message) {
    return feed(ReplyReceived{request, std::move(message)});
}

StepTest::Lines StepTest::end(RequestId request, base::Result<void> result) {
    return feed(RequestEnded{request, std::move(result), journal_});
}

StepTest::Lines StepTest::notice(binding::Message message) {
    return feed(NoticeReceived{std::move(message), journal_});
}

StepTest::Lines StepTest::scanned(RequestId request) {
    const sysfs::Inventory inventory = host_.inventory();
    const auto pending = state_.pending.find(request);
    const auto* scan = pending == state_.pending.end()
                           ? nullptr
                           : std::get_if<PartialScan>(&pending->second.continuation);
    for (const sysfs::Device& found : inventory.devices)
        if (scan == nullptr ||
            std::find(scan->devices.begin(), scan->devices.end(), found.id) != scan->devices.end())
            (void)reply(request, binding::DeviceFound{found});
    EXPECT_EQ(reply(request, binding::ContextFound{binding::HostContext::from(inventory)}),
              Lines{});
    EXPECT_EQ(reply(request, binding::DriversFound{host_.drivers()}), Lines{});
    return end(request);
}

StepTest::Lines StepTest::unused(RequestId request) {
    EXPECT_EQ(reply(request, binding::UsageFound{}), Lines{});
    return end(request);
}

StepTest::Lines StepTest::executed(RequestId request, policy::StepResult result,
                                   const std::string& error) {
    policy::Transaction transaction = transactions_.at(request);
    transaction.result = result;
    transaction.error = error;
    if (result == policy::StepResult::kDone)
        for (const policy::Change& change : transaction.changes)
            change.to == policy::Change::To::kChain ? bind(change.target.id.name)
                                                    : rebind(change.target.id.name, "e1000e");
    EXPECT_EQ(
        reply(request, binding::TransactionEnded{"txn-" + std::to_string(request), transaction}),
        Lines{});
    return end(request);
}

void StepTest::bind(const std::string& address) {
    host_.pci(address).vfio("vfio-pci");
    const sysfs::Device& now = device(address);
    binding::ManagedDevice managed;
    managed.device = now.id;
    managed.identity = now.identity();
    managed.driver = "vfio-pci";
    managed.rule = "nics";
    managed.where = "test.yaml:3";
    journal_.bound[now.id] = managed;
}

void StepTest::rebind(const std::string& address, const std::string& driver) {
    host_.remove(fake::pci_id(address));
    host_.pci(address).nic().group(11).driver(driver);
}

const sysfs::Device& StepTest::device(const std::string& address) {
    inventory_ = host_.inventory();
    return *inventory_.find(fake::pci_id(address));
}

binding::DeviceState StepTest::device_state(const std::string& address) {
    return bindd::device_state(state_, *state_.view.inventory.find(fake::pci_id(address)));
}

JobId StepTest::submit(JobKind kind, const std::string& address, JobMode mode) {
    JobRequest request;
    request.kind = kind;
    request.mode = mode;
    if (!address.empty())
        request.devices = {fake::pci_id(address)};
    request.requester = {.uid = 1000, .description = "test"};
    auto scope = job_scope(state_, request);
    EXPECT_TRUE(scope);
    EXPECT_EQ(feed(JobSubmitted{request, *scope}), (Lines{"arm jobs +0"}));
    return state_.jobs.last();
}

}  // namespace bindd
