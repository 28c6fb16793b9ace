// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/host_assessment.hpp"

#include <algorithm>
#include <ostream>
#include <utility>

#include "binding/journal/history.hpp"
#include "binding/journal/journal.hpp"
#include "sysfs/device/resolve.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/pipeline/device_words.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {
namespace {

sysfs::ScanOptions merge(sysfs::ScanOptions a, const sysfs::ScanOptions& b) {
    a.serial = a.serial || b.serial;
    a.properties = a.properties || b.properties;
    a.slots = a.slots || b.slots;
    a.resets = a.resets || b.resets;
    a.access = a.access || b.access;
    a.brief = a.brief || b.brief;
    a.vf_makers = a.vf_makers || b.vf_makers;
    a.other_buses = a.other_buses || b.other_buses;
    a.numa_nodes = a.numa_nodes || b.numa_nodes;
    a.revisions = a.revisions || b.revisions;
    a.users.insert(b.users.begin(), b.users.end());
    a.groups.insert(b.groups.begin(), b.groups.end());
    a.attrs.insert(b.attrs.begin(), b.attrs.end());
    a.drivers.insert(b.drivers.begin(), b.drivers.end());
    return a;
}

bool is_auto(const policy::Rule& rule) {
    return rule.driver &&
           std::any_of(rule.driver->chain.begin(), rule.driver->chain.end(), [](const auto& each) {
               return each.kind == policy::Candidate::CandidateKind::kAuto;
           });
}

bool uses_auto_chain(const policy::PolicySet& policies,
                     const std::vector<policy::RequestedRule>& requests) {
    return std::any_of(policies.rules.begin(), policies.rules.end(), is_auto) ||
           std::any_of(requests.begin(), requests.end(),
                       [](const policy::RequestedRule& request) { return is_auto(*request.rule); });
}

void set_bound_rules(CliContext& cli, HostAssessment& assessment,
                     const base::Result<binding::JournalState>& journal_state) {
    if (journal_state)
        assessment.bound_rules = journal_state->rules(assessment.inventory);
    else
        warn(cli, assessment, journal_state.error().text());
}

/// The last result is needed only for devices that are not as wanted.
std::set<sysfs::DeviceId> pending(const HostAssessment& assessment) {
    std::set<sysfs::DeviceId> out;
    for (const sysfs::Device& device : assessment.inventory.devices)
        if (assessment.state(device).state == "pending")
            out.insert(device.id);
    return out;
}

/// The device that has lost the network interface of that name to our binding.
std::vector<std::string> former_netdev(const CliContext& cli, const sysfs::Inventory& inventory,
                                       const std::string& word) {
    std::vector<std::string> out;
    if (const auto journal_state = binding::read_journal(cli.state))
        for (const auto& [id, bound] : journal_state->bound)
            if (std::find(bound.netdevs.begin(), bound.netdevs.end(), word) !=
                    bound.netdevs.end() &&
                inventory.find(id) != nullptr)
                out.push_back(id.text());
    return out;
}

}  // namespace

CliResult<void> check_daemon_policies(CliContext& cli, OnPolicyError on_error,
                                      HostAssessment& assessment) {
    if (cli.daemon == nullptr || cli.snapshot->policy_error.empty())
        return {};
    cli.err << whole_lines(cli.snapshot->policy_error);
    const std::string why = "the files are invalid, so the daemon keeps the last valid set";
    if (on_error == OnPolicyError::kFails)
        return fail(ExitCode::kFailed, "policies", why,
                    "`vfioctl policy check` checks the files; the daemon reads them when they "
                    "change");
    warn(cli, assessment, "policies: " + why + ", which is shown");
    return {};
}

binding::DeviceState HostAssessment::state(const sysfs::Device& device) const {
    binding::DeviceState state = binding::device_state(
        device, decision(device.id), transaction(device.id), bound_rule(device.id));
    if (const auto known = reported.find(device.id);
        known != reported.end() && state.state == "pending")
        return known->second;
    return binding::with_last_result(std::move(state), device.id, latest);
}

void append_warnings(std::vector<std::string>& warnings, const std::vector<std::string>& notes) {
    warnings.insert(warnings.end(), notes.begin(), notes.end());
}

void warn(CliContext& cli, HostAssessment& assessment, const std::string& sentence) {
    cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
    assessment.warnings.push_back(sentence);
}

CliResult<HostAssessment> scan_host(CliContext& cli, const sysfs::ScanOptions& extra,
                                    OnPolicyError on_error) {
    HostAssessment assessment;
    policy::Parsed parsed = cli.daemon == nullptr ? load_policies_for(cli, {})
                                                  : policy::parse_set(cli.snapshot->sources);
    const bool named = !cli.options.policies.empty();
    TRY(check_daemon_policies(cli, on_error, assessment));
    if (!parsed.ok() && (named || on_error == OnPolicyError::kFails))
        return policy_failure(parsed);
    cli.err << policy::render(parsed.diagnostics);
    if (parsed.ok())
        assessment.policies = std::move(parsed.set);
    else
        warn(cli, assessment,
             "policies: " + policy_failure(parsed).value().why +
                 "; every device is shown as unmanaged");
    TRY(scan_inventory(cli, assessment, extra));
    return assessment;
}

CliResult<void> scan_inventory(CliContext& cli, HostAssessment& assessment,
                               const sysfs::ScanOptions& extra) {
    const auto journal_state = binding::read_journal(cli.state);
    sysfs::ScanOptions options = merge(assessment.policies.required_facts(), extra);
    // What the journal has is known by it.
    if (journal_state && !(journal_state->bound.empty() && journal_state->returned.empty()))
        options.revisions = true;
    assessment.inventory = TRY(to_cli(cli.kernel.inventory(options)));
    for (const std::string& warning : assessment.inventory.warnings)
        warn(cli, assessment, warning);
    set_bound_rules(cli, assessment, journal_state);
    return {};
}

void load_bound_rules(CliContext& cli, HostAssessment& assessment) {
    set_bound_rules(cli, assessment, binding::read_journal(cli.state));
}

void load_last_results(CliContext& cli, HostAssessment& assessment) {
    if (cli.daemon == nullptr)
        assessment.latest = binding::latest_history(cli.state, pending(assessment));
    else
        for (const auto& [id, status] : cli.snapshot->statuses)
            if (status.state.state == "stuck" || status.state.state == "failed" ||
                status.state.state == "pending")
                assessment.reported[id] = status.state;
}

CliResult<void> decide(CliContext& cli, HostAssessment& assessment, const sysfs::ScanOptions& extra,
                       const std::vector<policy::RequestedRule>& requests) {
    // Without a rule nothing is wanted, and the modules' index need not be opened.
    if (!assessment.policies.rules.empty() || !requests.empty()) {
        sysfs::ScanOptions wanted = merge(assessment.policies.required_facts(), extra);
        wanted.named_only = !uses_auto_chain(assessment.policies, requests);
        for (const policy::RequestedRule& request : requests)
            wanted.vf_makers = wanted.vf_makers || request.rule->sriov_vfs.has_value();
        for (const sysfs::Device& device : assessment.inventory.devices)
            wanted.driver_buses.insert(device.id.bus);
        assessment.drivers = TRY(to_cli(cli.kernel.drivers(wanted)));
        for (const std::string& warning : assessment.drivers.warnings)
            warn(cli, assessment, warning);
    }
    assessment.decide(requests);
    return {};
}

void make_plan(CliContext& cli, HostAssessment& assessment, UsageScan scan,
               const policy::ForcedReasons& lifted) {
    assessment.usage.clear();
    if (scan == UsageScan::kScan)
        if (const auto taken = assessment.devices_changing_driver(); !taken.empty())
            assessment.usage = cli.kernel.usage(assessment.inventory, taken);
    assessment.make_plan(lifted);
    leave_devices_kept(cli, assessment);
}

void leave_devices_kept(CliContext& cli, HostAssessment& assessment) {
    if (assessment.kept.empty())
        return;
    std::erase_if(assessment.plan.transactions, [&](const policy::Transaction& transaction) {
        if (transaction.verdict != policy::Verdict::kChange)
            return false;
        const std::string why =
            policy::kept_since_earlier_boot(assessment.kept, assessment.inventory, transaction);
        if (!why.empty())
            warn(cli, assessment, why);
        return !why.empty();
    });
}

CliResult<HostAssessment> scan_and_plan(CliContext& cli, ScanExtent extent) {
    sysfs::ScanOptions extra;
    extra.brief = extent == ScanExtent::kRelevant;
    extra.revisions = true;  // a part of who a device is
    HostAssessment assessment = TRY(scan_host(cli, extra, OnPolicyError::kFails));
    TRY(decide(cli, assessment));
    make_plan(cli, assessment, UsageScan::kScan);
    return assessment;
}

CliResult<std::vector<sysfs::DeviceId>> resolve_devices(CliContext& cli,
                                                        const HostAssessment& assessment,
                                                        const std::vector<std::string>& words) {
    std::vector<sysfs::DeviceId> out;
    for (const std::string& word : words) {
        const auto found = sysfs::resolve(assessment.inventory, word);
        if (!found) {
            auto translated = translate_device_word(cli.options.root, assessment.inventory, word);
            if (translated.empty())
                translated = former_netdev(cli, assessment.inventory, word);
            if (!translated.empty()) {
                for (const sysfs::DeviceId& id : TRY(resolve_devices(cli, assessment, translated)))
                    if (std::find(out.begin(), out.end(), id) == out.end())
                        out.push_back(id);
                continue;
            }
            const base::Error& error = found.error();
            return fail(
                ExitCode::kNoDevice, word,
                error.code == base::Code::kInvalid && !error.reason.empty() ? error.reason
                                                                            : "no such device",
                error.hint.empty() ? "`vfioctl list -a` shows the devices there are" : error.hint);
        }
        for (const sysfs::DeviceId& id : *found)
            if (std::find(out.begin(), out.end(), id) == out.end())
                out.push_back(id);
    }
    return out;
}

}  // namespace vfioctl
