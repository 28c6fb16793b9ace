// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/policy/policy_fixture.hpp"

#include <gtest/gtest.h>

namespace policy_test {
namespace {

const char* decision_outcome_name(policy::DecisionOutcome outcome) {
    switch (outcome) {
        case policy::DecisionOutcome::kUnmanaged:
            return "unmanaged";
        case policy::DecisionOutcome::kProtected:
            return "protected";
        case policy::DecisionOutcome::kConflict:
            return "conflict";
        case policy::DecisionOutcome::kWanted:
            return "wanted";
    }
    return "";
}

std::string to_text(const policy::Transaction& transaction) {
    std::string out = transaction.key() + ": " + policy::verdict_name(transaction.verdict) + "\n";
    for (const policy::Step& step : transaction.steps) {
        out += std::string("  ") + policy::op_name(step.op) + " " + step.device.display();
        if (step.value)
            out += " " + *step.value;
        if (step.module)
            out += " [" + *step.module + "]";
        out += "\n";
    }
    for (const policy::Reason& reason : transaction.reasons) {
        out += std::string(reason.forceable ? "  ? " : "  ! ") + policy::reason_name(reason.code) +
               " " + reason.device.display() + ": " + reason.text;
        if (reason.evidence)
            out += " (" + *reason.evidence + ")";
        out += "\n";
    }
    for (const std::string& note : transaction.notes)
        out += "  . " + note + "\n";
    return out;
}

}  // namespace

fake::Host nic_host() {
    fake::Host host;
    host.pci("0000:02:00.0").nic().group(7).driver("e1000e").netdev("eth0");
    return host;
}

policy::PolicySet policies(const std::string& yaml) {
    const std::vector<policy::SourceFile> files = {{"p.yaml", yaml + "\nversion: 1\n"}};
    policy::Parsed parsed = policy::parse_set(files);
    EXPECT_TRUE(parsed.ok()) << policy::render(parsed.diagnostics);
    return std::move(parsed.set);
}

const sysfs::Device& PolicyFixture::device(const std::string& address) const {
    const sysfs::Device* found = inventory.find(fake::pci_id(address));
    EXPECT_NE(found, nullptr) << address;
    return *found;
}

const policy::Decision& PolicyFixture::decision(const std::string& address) const {
    return decisions.at(fake::pci_id(address));
}

std::string PolicyFixture::decided(const std::string& address) const {
    const policy::Decision& made = decision(address);
    std::string out = decision_outcome_name(made.outcome);
    if (made.rule != nullptr)
        out += " " + made.rule->name;
    return out + ": " + made.why;
}

std::string PolicyFixture::chain(const std::string& address) const {
    std::string out;
    for (const policy::ChainLink& link : decision(address).chain.links) {
        out += std::string(policy::candidate_status_name(link.status)) + " " +
               link.driver.value_or("?");
        if (link.module)
            out += " [" + *link.module + "]";
        out += " from " + link.from + ": " + link.why + "\n";
    }
    return out;
}

policy::Plan PolicyFixture::make_plan(const policy::ForcedReasons& forced) const {
    return policy::make_plan(set, decisions, inventory, drivers, usage, forced);
}

std::string PolicyFixture::plan(const policy::ForcedReasons& forced) const {
    return to_text(make_plan(forced));
}

void PolicyFixture::ask(const std::string& address, const policy::Rule& rule) {
    decisions = policy::decide(set, inventory, drivers, {{fake::pci_id(address), &rule}});
}

std::string to_text(const policy::Plan& plan) {
    std::string out;
    for (const policy::Transaction& transaction : plan.transactions)
        out += to_text(transaction);
    return out;
}

}  // namespace policy_test
