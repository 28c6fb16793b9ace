// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/apply.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <ostream>
#include <system_error>

#include "binding/policies/devices_in_use_file.hpp"
#include "binding/policies/udev_rules_file.hpp"
#include "policy/decide/early_boot.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/pipeline/new_vfs.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"
#include "vfioctl/pipeline/plan_scope.hpp"

namespace vfioctl {
namespace {

/// Has the override been written already, by an earlier run?
bool has_override_set(const policy::Change& change) {
    if (change.to == policy::Change::To::kNone)
        return change.from_override == "none";
    return std::any_of(change.candidates.begin(), change.candidates.end(),
                       [&](const policy::ChainLink& link) {
                           const auto& name = link.driver ? link.driver : link.module;
                           return name && name == change.from_override;
                       });
}

/// What `--early` leaves of a transaction: the overrides of devices that no driver has. What else
/// there is to do, and whether a whole group can be had, is for the apply that comes when modules
/// are there.
void keep_overrides(policy::Transaction& transaction) {
    std::erase_if(transaction.changes, [](const policy::Change& change) {
        return change.from_driver || change.to == policy::Change::To::kHost ||
               has_override_set(change);
    });
    const auto remains = [&](const sysfs::DeviceId& id) {
        return std::any_of(transaction.changes.begin(), transaction.changes.end(),
                           [&](const policy::Change& change) { return change.target.id == id; });
    };
    std::erase_if(transaction.devices, [&](const auto& id) { return !remains(id); });
    std::erase_if(transaction.steps, [&](const policy::Step& step) {
        return step.op != policy::Op::kSetOverride || !remains(step.device);
    });
    // The driver's name is its module's secret, and modules cannot be loaded yet: the module's own
    // will do.
    for (policy::Step& step : transaction.steps)
        if (!step.value)
            step.value = step.module;
}

/// A group gets all of its overrides or none: while the decision for one of its devices is open, it
/// is open for the devices that would be included with it.
bool is_undecided(const policy::Transaction& transaction,
                  const std::map<sysfs::DeviceId, std::string>& undecided,
                  std::vector<std::string>& sentences) {
    const std::size_t before = sentences.size();
    for (const policy::Change& change : transaction.changes)
        if (const auto found = undecided.find(change.target.id); found != undecided.end())
            sentences.push_back(found->second);
    return sentences.size() != before;
}

policy::Plan early_plan(CliContext& cli, HostAssessment& assessment,
                        const base::Result<policy::DevicesInUse>& in_use) {
    // An error has been printed: any device may be one that the host uses.
    if (!in_use)
        return {};
    auto undecided =
        policy::undecided_early(assessment.policies, assessment.decisions, assessment.inventory);
    undecided.merge(policy::kept_for_host(*in_use, assessment.inventory));
    policy::Plan plan = assessment.take_plan();
    for (policy::Transaction& transaction : plan.transactions)
        if (transaction.verdict == policy::Verdict::kChange)
            keep_overrides(transaction);
    std::vector<std::string> sentences;
    std::erase_if(plan.transactions, [&](const policy::Transaction& transaction) {
        return transaction.verdict == policy::Verdict::kChange &&
               (transaction.changes.empty() || is_undecided(transaction, undecided, sentences));
    });
    for (const std::string& sentence : sentences)
        warn(cli, assessment, sentence);
    return plan;
}

/// For the next boot: what this plan refuses because the host uses it.
void keep_devices_in_use(CliContext& cli, HostAssessment& assessment,
                         const policy::DevicesInUse& before = {}) {
    assessment.kept = policy::devices_in_use(assessment.plan, assessment.inventory, before);
    if (const auto kept = binding::write_devices_in_use(cli.state, assessment.kept); !kept)
        warn(cli, assessment, kept.error().text());
}

/// A file, or the path of none: the user means a saved plan, as no device has such a name.
bool is_plan_path(const std::string& word) {
    struct stat status {};
    if (::stat(word.c_str(), &status) == 0)
        return S_ISREG(status.st_mode) && word.find('/') != std::string::npos;
    const auto begins = [&](const char* with) { return word.starts_with(with); };
    return word.ends_with(".json") || begins("./") || begins("../") ||
           (begins("/") && !begins("/sys/") && !begins("/dev/"));
}

/// The plan as far as it is asked for: by devices and rules, or by a plan that was saved, which
/// must be the present one.
CliResult<PlanScope> limit_plan(CliContext& cli, HostAssessment& assessment,
                                const Arguments& arguments) {
    const auto rules = split_commas(arguments.all("rule"));
    const std::string file =
        arguments.words.size() == 1 && rules.empty() ? arguments.words.front() : "";
    const auto saved = file.empty() ? std::nullopt : read_saved_plan(file);
    if (!saved && is_plan_path(file))
        return fail(ExitCode::kNoDevice, file,
                    ::access(file.c_str(), R_OK) == 0 ? "is no saved plan"
                                                      : std::generic_category().message(errno),
                    "`vfioctl plan --out FILE` saves a plan");
    const PlanScope scope = saved ? TRY(scope_of(*saved, file))
                                  : TRY(parse_scope(cli, assessment, arguments.words, rules));
    if (scope)
        assessment.plan = policy::filter_plan(assessment.take_plan(), *scope);
    if (saved)
        TRY(check_unchanged(*saved, assessment, scope, file));
    return scope;
}

CliResult<ExitCode> apply_through_daemon(CliContext& cli, const Arguments& arguments,
                                         std::chrono::milliseconds timeout) {
    HostAssessment shown;
    ChangeRequest request{.method = "Apply", .options = timeout_option(timeout)};
    TRY(check_daemon_policies(cli, OnPolicyError::kFails, shown));
    policy::Plan plan;
    if (!arguments.words.empty() || !arguments.all("rule").empty()) {
        shown = TRY(scan_and_plan(cli, ScanExtent::kRelevant));
        const PlanScope scope = TRY(limit_plan(cli, shown, arguments));
        if (scope && shown.plan.transactions.empty()) {
            print_plan(cli, shown.plan, shown.warnings);
            return ExitCode::kDone;
        }
        std::vector<std::string> devices;
        for (const policy::Transaction& transaction : shown.plan.transactions)
            for (const sysfs::DeviceId& id : transaction.devices)
                devices.push_back(id.text());
        if (scope)
            request.options.emplace("devices", devices);
    }
    return execute_through_daemon(cli, request, plan, shown.warnings);
}

/// What asks for it: a person, or one of the two units of a boot, which know no device and no rule.
enum class ApplyCause { kCommand, kEarlyUnit, kBootUnit };

CliResult<ApplyCause> parse_cause(const Arguments& arguments) {
    const bool early = arguments.has("early");
    if (!early && !arguments.has("at-boot"))
        return ApplyCause::kCommand;
    const char* what = early ? "apply --early" : "apply --at-boot";
    if (early && arguments.has("at-boot"))
        return fail(ExitCode::kUsage, what, "is before --at-boot: use one of the two");
    if (!arguments.words.empty() || !arguments.all("rule").empty())
        return fail(ExitCode::kUsage, what, "takes neither devices nor rules");
    return early ? ApplyCause::kEarlyUnit : ApplyCause::kBootUnit;
}

CliResult<ExitCode> apply_early(CliContext& cli, HostAssessment& assessment,
                                binding::ApplyOptions options) {
    // udev handles devices that are plugged in from now on. Without these rules the daemon would
    // have to unbind their native drivers.
    const auto in_use = binding::read_devices_in_use(cli.state);
    if (const auto left_out = binding::write_udev_rules(
            cli.state, assessment.policies, assessment.drivers, assessment.inventory.host, in_use);
        !left_out)
        warn(cli, assessment, left_out.error().text());
    options.scope = binding::ApplyScope::kBootOverrides;
    options.action = "early";
    policy::Plan plan = early_plan(cli, assessment, in_use);
    const auto ended = execute_and_print(cli, plan, assessment.warnings, std::move(options));
    // A refusal is no failure of the boot: a later apply reports it, if the reason still exists
    // then.
    return ended && *ended == ExitCode::kRefused ? CliResult<ExitCode>(ExitCode::kDone) : ended;
}

}  // namespace

CliResult<ExitCode> run_apply(CliContext& cli, const Arguments& arguments) {
    const ApplyCause cause = TRY(parse_cause(arguments));
    ChangeCommand change = TRY(begin_change(cli, arguments, "apply"));
    if (cause != ApplyCause::kCommand && sysfs::is_disabled_on_cmdline(cli.options.root)) {
        cli.err << "vfioctl: bindd.disable is on the kernel command line: nothing is changed\n";
        return ExitCode::kDone;
    }
    TRY(recover_before_change(cli, change));
    if (cli.daemon != nullptr)
        return apply_through_daemon(cli, arguments, change.options.timeout);
    auto assessment = TRY(scan_and_plan(cli, ScanExtent::kRelevant));
    append_warnings(assessment.warnings, change.notes);
    if (cause == ApplyCause::kEarlyUnit)
        return apply_early(cli, assessment, std::move(change.options));
    if (cause == ApplyCause::kBootUnit) {
        keep_devices_in_use(cli, assessment, TRY(to_cli(binding::read_devices_in_use(cli.state))));
        leave_devices_kept(cli, assessment);
    } else if (!TRY(limit_plan(cli, assessment, arguments))) {
        keep_devices_in_use(cli, assessment);
    }
    return execute_with_new_vfs(cli, assessment, change.options);
}

}  // namespace vfioctl
