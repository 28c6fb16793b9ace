// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/chain_words.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/device_words.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/plan_text.hpp"
#include "vfioctl/table.hpp"
#include "vfioctl/world.hpp"

namespace vfioctl {
namespace {

std::string mark(bool ok, const Screen& screen) {
    if (screen.unicode)
        return tinted(ok ? "✓" : "✗", ok ? Tint::kGood : Tint::kBad, screen);
    return tinted(ok ? "ok" : "no", ok ? Tint::kGood : Tint::kBad, screen);
}

std::string headline(const sysfs::Device& device, const binding::HardwareNames& names) {
    std::string out = device.id.display();
    const std::string name = full_name(names);
    if (!name.empty())
        out += "  " + name;
    out += "  driver " + device.driver.value_or("none");
    if (device.iommu_group)
        out += ", group " + std::to_string(*device.iommu_group);
    return printable(out) + "\n";
}

/// What became of a matching rule: only one of them decides.
std::string role(const policy::RuleTrace& trace, const policy::Decision& decision) {
    if (!trace.matched)
        return "does not match";
    if (std::find(decision.rivals.begin(), decision.rivals.end(), trace.rule) != decision.rivals.end())
        return "matches, in conflict";
    if (trace.rule == decision.rule)
        return trace.rule->protect ? "matches, protects" : "matches, wins";
    return "matches, not used";
}

std::string rule_text(const policy::RuleTrace& trace, const policy::Decision& decision,
                      const Screen& screen) {
    std::string out = printable("rule " + trace.rule->name + " (" + trace.rule->where.text() +
                                "), priority " + std::to_string(trace.rule->priority) + ": " +
                                role(trace, decision)) +
                      "\n";
    std::size_t width = 0;
    for (const policy::FieldResult& field : trace.fields)
        width = std::max(width, field.key.size());
    for (const policy::FieldResult& field : trace.fields) {
        std::string key = field.key;
        key.resize(width, ' ');
        out += "  " + mark(field.ok, screen) + " " +
               printable(key + "  wants " + field.wanted + ", has " + field.actual.value_or("none")) +
               "\n";
    }
    return out;
}

std::string explanation(const World& world, const sysfs::Device& device,
                        const policy::Decision& decision, const Screen& screen) {
    std::string out;
    auto traces = policy::trace_rules(world.policies, device, world.inventory);
    std::stable_partition(traces.begin(), traces.end(), [](const auto& t) { return t.matched; });
    for (const policy::RuleTrace& trace : traces)
        out += rule_text(trace, decision, screen);
    if (world.policies.rules.empty())
        out += "no rules: nothing is given away\n";
    out += "\ndecision: " + printable(decision.why) + "\n";
    if (!decision.chain.links.empty()) {
        out += "\ndrivers, in the order of trial:\n";
        for (const std::string& line : chain_lines(decision.chain))
            out += "  " + printable(line) + "\n";
    }
    const policy::Transaction* transaction = world.transaction(device.id);
    if (transaction == nullptr)
        return out + "\napply would not touch it\n";
    if (transaction->verdict == policy::Verdict::kOk)
        return out + "\nit is as wanted; apply would not touch it\n";
    out += transaction->verdict == policy::Verdict::kChange ? "\napply would do this:\n"
                                                             : "\napply would not touch it:\n";
    return out + transaction_text(*transaction, screen);
}

}  // namespace

Outcome<ExitCode> run_explain(Session& session, const Arguments& arguments) {
    auto world = see_and_plan(session, Look::kWhole);
    if (!world)
        return propagate(world);
    const auto ids = devices_of(*world, arguments.words);
    if (!ids)
        return propagate(ids);
    if (ids->size() > 1)
        return fail(ExitCode::kUsage, arguments.words.front(),
                    "means " + std::to_string(ids->size()) + " devices, and explain takes one",
                    "`vfioctl list '" + arguments.words.front() + "'` shows them");
    const sysfs::Device& device = *world->inventory.find(ids->front());
    const policy::Decision unmanaged{.device = device.id,
                                     .outcome = policy::Outcome::kUnmanaged,
                                     .rule = nullptr,
                                     .rivals = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged, never touched"};
    const policy::Decision* found = world->decision(device.id);
    const policy::Decision& decision = found == nullptr ? unmanaged : *found;
    if (session.json()) {
        nlohmann::ordered_json json = document();
        json.update(binding::explain_json(device, world->policies, decision,
                                          world->transaction(device.id), world->inventory));
        json["warnings"] = world->warnings;
        session.out << dump(json);
        return ExitCode::kDone;
    }
    sysfs::HardwareDatabase hardware(session.options.root);
    session.out << headline(device, names_of(hardware, device)) << "\n"
                << explanation(*world, device, decision, session.screen);
    return ExitCode::kDone;
}

}  // namespace vfioctl
