// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/explain.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"
#include "policy/plan/plan_mdevs.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/plan_text.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {
namespace {

std::string mark(bool ok, const Terminal& terminal) {
    if (terminal.unicode)
        return styled(ok ? "✓" : "✗", ok ? TextStyle::kGood : TextStyle::kBad, terminal);
    return styled(ok ? "ok" : "no", ok ? TextStyle::kGood : TextStyle::kBad, terminal);
}

std::string headline(const sysfs::Device& device, const binding::DeviceNames& names) {
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
        return trace.rule == decision.rule ? "matched when it was applied, wins" : "does not match";
    if (std::find(decision.conflicting_rules.begin(), decision.conflicting_rules.end(),
                  trace.rule) != decision.conflicting_rules.end())
        return "matches, in conflict";
    if (trace.rule == decision.rule)
        return trace.rule->protect ? "matches, protects" : "matches, wins";
    return "matches, not used";
}

std::string rule_text(const policy::RuleTrace& trace, const policy::Decision& decision,
                      const Terminal& terminal) {
    std::string out =
        printable("rule " + trace.rule->name + " (" + trace.rule->where.text() + "), priority " +
                  std::to_string(trace.rule->priority) + ": " + role(trace, decision)) +
        "\n";
    std::size_t width = 0;
    for (const policy::FieldResult& field : trace.fields)
        width = std::max(width, field.key.size());
    for (const policy::FieldResult& field : trace.fields) {
        std::string key = field.key;
        key.resize(width, ' ');
        out +=
            "  " + mark(field.ok, terminal) + " " +
            printable(key + "  wants " + field.wanted + ", has " + field.actual.value_or("none")) +
            "\n";
    }
    return out;
}

std::string explanation(const HostAssessment& assessment, const sysfs::Device& device,
                        const policy::Decision& decision, const Terminal& terminal) {
    std::string out;
    auto traces = policy::trace_rules(assessment.policies, device, assessment.inventory);
    std::stable_partition(traces.begin(), traces.end(), [](const auto& t) { return t.matched; });
    for (const policy::RuleTrace& trace : traces)
        out += rule_text(trace, decision, terminal);
    if (assessment.policies.rules.empty())
        out += "no rules: no device is managed\n";
    out += "\ndecision: " + printable(decision.why) + "\n";
    if (!decision.chain.links.empty()) {
        out += "\ndriver candidates, in order:\n";
        for (const std::string& line : chain_lines(decision.chain))
            out += "  " + printable(line) + "\n";
    }
    const auto attributes = attribute_lines(device, &decision);
    if (!attributes.empty())
        out += "\nattributes of the rule:\n";
    for (const std::string& line : attributes)
        out += "  " + printable(line) + "\n";
    const policy::Transaction* transaction = assessment.transaction(device.id);
    if (transaction == nullptr)
        return out + "\napply would not change it\n";
    if (transaction->verdict == policy::Verdict::kOk)
        return out + "\nit is as wanted; apply would not change it\n";
    // Why it is not so yet, where a command would make it so.
    if (const binding::DeviceState state = assessment.state(device); !state.note.empty())
        out += "\nstate: " + printable(binding::state_line(state)) + "\n";
    out += transaction->verdict == policy::Verdict::kChange ? "\napply would do this:\n"
                                                            : "\napply would not change it:\n";
    return out + transaction_text(*transaction, terminal, ReasonLift::kRule);
}

}  // namespace

CliResult<ExitCode> run_explain(CliContext& cli, const Arguments& arguments) {
    auto assessment = TRY(scan_and_plan(cli, ScanExtent::kAll));
    load_last_results(cli, assessment);
    const auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    if (ids.size() > 1)
        return fail(ExitCode::kUsage, arguments.words.front(),
                    "means " + std::to_string(ids.size()) + " devices, and explain takes one",
                    "`vfioctl list '" + arguments.words.front() + "'` shows them");
    const sysfs::Device& device = *assessment.inventory.find(ids.front());
    const policy::Decision unmanaged{.device = device.id,
                                     .outcome = policy::DecisionOutcome::kUnmanaged,
                                     .rule = nullptr,
                                     .conflicting_rules = {},
                                     .chain = {},
                                     .why = "no rule matches it: unmanaged"};
    const policy::Decision* found = assessment.decision(device.id);
    policy::Decision decision = found == nullptr ? unmanaged : *found;
    if (policy::has_lost_driver(device))
        decision.why += std::string("; it ") + policy::kLostDriver;
    sysfs::HardwareDatabase hardware(cli.options.root);
    const binding::DeviceNames names = hardware_names(hardware, device);
    if (cli.json()) {
        nlohmann::ordered_json json = json_document();
        json.update(binding::explain_json(device, assessment.policies, decision,
                                          assessment.transaction(device.id), assessment.inventory));
        json["vendor_name"] = binding::text_or_null(names.vendor);
        json["device_name"] = binding::text_or_null(names.device);
        json["warnings"] = assessment.warnings;
        cli.out << dump(json);
        return ExitCode::kDone;
    }
    cli.out << headline(device, names) << "\n"
            << explanation(assessment, device, decision, cli.terminal);
    return ExitCode::kDone;
}

}  // namespace vfioctl
