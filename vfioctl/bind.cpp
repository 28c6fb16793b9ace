// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ostream>
#include <utility>

#include "vfioctl/command.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/hand_rule.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/plan_text.hpp"
#include "vfioctl/rule_file.hpp"
#include "vfioctl/world.hpp"

/// `vfioctl bind`: a rule made by hand for each device, above all rules but those that protect, through
/// the same decisions and the same planner as any other.
namespace vfioctl {
namespace {

/// What the reasons themselves cannot say: which option of this command would help.
void hint_at_group(Session& session, const policy::Plan& plan, const policy::HandWish& wish) {
    if (wish.group == policy::GroupWish::Kind::kWhole || session.json())
        return;
    for (const policy::Transaction& transaction : plan.transactions)
        for (const policy::Reason& reason : transaction.reasons)
            if (reason.code == policy::ReasonCode::kGroupNotViable) {
                session.err << "hint: --group whole takes the group's other devices along\n";
                return;
            }
}

/// The words that were checked here are the daemon's options too.
Outcome<ExitCode> bind_by_daemon(Session& session, const Arguments& arguments,
                                 const std::vector<sysfs::DeviceId>& ids, std::chrono::milliseconds timeout,
                                 policy::Plan& plan, const std::vector<std::string>& warnings) {
    const auto paths = bus_paths(session, ids);
    if (!paths)
        return propagate(paths);
    Daemon::Wish wish{.method = "Bind", .paths = *paths, .options = timeout_option(timeout)};
    for (const char* option : {"driver", "group"})
        if (const auto value = arguments.one(option))
            wish.options.emplace_back(option, *value);
    if (const auto forced = split_commas(arguments.all("force")); !forced.empty())
        wish.options.emplace_back("force", forced);
    return carry_out_by_daemon(session, wish, plan, warnings);
}

Outcome<void> persist(Session& session, RuleFile& file, std::vector<policy::Rule> rules) {
    for (policy::Rule& rule : rules)
        file.put(std::move(rule));
    if (auto written = file.write(); !written)
        return written;
    if (!session.json())
        session.out << "rule written to " << printable(file.path()) << "\n";
    return {};
}

}  // namespace

Outcome<ExitCode> run_bind(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "bind";
    const auto wish = hand_wish(arguments);
    if (!wish)
        return propagate(wish);
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = may_write(session, "bind"); !may)
            return propagate(may);
    auto file = arguments.has("persist") ? RuleFile::read(session.options.root) : Outcome<RuleFile>();
    if (!file)
        return propagate(file);

    const auto recovery =
        dry_run ? Outcome<binding::Recovery>() : recover_first(session, options);
    if (!recovery)
        return propagate(recovery);
    const sysfs::Wanted drivers = policy::wanted_of(wish->driver);
    auto world = see_host(session, drivers, BadPolicy::kFails);
    if (!world)
        return propagate(world);
    append(world->warnings, recovery->notes);
    const auto ids = devices_of(*world, arguments.words);
    if (!ids)
        return propagate(ids);
    std::vector<policy::Rule> rules;
    for (const sysfs::DeviceId& id : *ids)
        rules.push_back(policy::hand_rule(*world->inventory.find(id), *wish));
    std::vector<policy::Request> requests;
    for (std::size_t i = 0; i < ids->size(); ++i)
        requests.push_back({ids->at(i), &rules[i]});
    if (auto decided = decide(session, *world, drivers, requests); !decided)
        return propagate(decided);
    make_plan(session, *world, UseScan::kLook, wish->lifted);
    policy::Plan plan = policy::only(std::move(world->plan), *ids);

    if (dry_run) {
        print_plan(session, plan, world->warnings);
        hint_at_group(session, plan, *wish);
        return detailed_exit(plan) == ExitCode::kRefused ? ExitCode::kRefused : ExitCode::kDone;
    }
    const auto ended = session.daemon == nullptr
                           ? carry_out(session, plan, world->warnings, std::move(options))
                           : bind_by_daemon(session, arguments, *ids, options.timeout, plan, world->warnings);
    hint_at_group(session, plan, *wish);
    if (ended && *ended == ExitCode::kDone && arguments.has("persist"))
        if (auto persisted = persist(session, *file, std::move(rules)); !persisted)
            return propagate(persisted);
    return ended;
}

}  // namespace vfioctl
