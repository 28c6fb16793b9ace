// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/policy/world.hpp"

#include <gtest/gtest.h>

namespace policy_test {
namespace {

const char* outcome_name(policy::Outcome outcome) {
    switch (outcome) {
        case policy::Outcome::kUnmanaged:
            return "unmanaged";
        case policy::Outcome::kProtected:
            return "protected";
        case policy::Outcome::kConflict:
            return "conflict";
        case policy::Outcome::kWanted:
            return "wanted";
    }
    return "";
}

const char* fate_name(policy::Fate fate) {
    switch (fate) {
        case policy::Fate::kUse:
            return "use";
        case policy::Fate::kFallback:
            return "fallback";
        case policy::Fate::kSkipped:
            return "skipped";
        case policy::Fate::kUnreached:
            return "unreached";
        case policy::Fate::kAmbiguous:
            return "ambiguous";
    }
    return "";
}

std::string text_of(const policy::Transaction& transaction) {
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

const sysfs::Device& World::device(const std::string& address) const {
    const sysfs::Device* found = inventory.find(fake::pci_id(address));
    EXPECT_NE(found, nullptr) << address;
    return *found;
}

const policy::Decision& World::decision(const std::string& address) const {
    return decisions.at(fake::pci_id(address));
}

std::string World::decided(const std::string& address) const {
    const policy::Decision& made = decision(address);
    std::string out = outcome_name(made.outcome);
    if (made.rule != nullptr)
        out += " " + made.rule->name;
    return out + ": " + made.why;
}

std::string World::chain(const std::string& address) const {
    std::string out;
    for (const policy::ChainLink& link : decision(address).chain.links) {
        out += std::string(fate_name(link.fate)) + " " + link.driver.value_or("?");
        if (link.module)
            out += " [" + *link.module + "]";
        out += " from " + link.from + ": " + link.why + "\n";
    }
    return out;
}

policy::Plan World::make_plan(const policy::Lifted& lifted) const {
    return policy::make_plan(set, decisions, inventory, drivers, usage, lifted);
}

std::string World::plan(const policy::Lifted& lifted) const {
    return text_of(make_plan(lifted));
}

void World::ask(const std::string& address, const policy::Rule& rule) {
    decisions = policy::decide(set, inventory, drivers, {{fake::pci_id(address), &rule}});
}

std::string text_of(const policy::Plan& plan) {
    std::string out;
    for (const policy::Transaction& transaction : plan.transactions)
        out += text_of(transaction);
    return out;
}

}  // namespace policy_test
