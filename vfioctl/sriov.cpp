// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/names.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/hand_rule.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/plan_text.hpp"
#include "vfioctl/world.hpp"

/// `vfioctl sriov DEVICE N`: how many VFs a PF has, by hand. What becomes of the VFs is for the rules.
namespace vfioctl {
namespace {

constexpr std::uint64_t kMostVfs = 0xffff;  ///< NumVFs has 16 bits

Outcome<std::uint32_t> count_of(const std::string& word) {
    const auto count = sysfs::parse_decimal(word);
    if (!count || *count > kMostVfs)
        return fail(ExitCode::kUsage, "sriov " + printable(word), "is no number of VFs",
                    "a number from 0 to 65535; usage: vfioctl sriov DEVICE N");
    return static_cast<std::uint32_t>(*count);
}

policy::Rule sriov_rule(const sysfs::Device& device, std::uint32_t count) {
    policy::Rule rule = policy::hand_rule(device, {});
    rule.name = "sriov" + rule.name.substr(rule.name.find('-'));
    rule.driver.reset();
    rule.sriov_vfs = count;
    return rule;
}

Outcome<World> plan_for(Session& session, const std::string& word, std::uint32_t count,
                        policy::Rule& rule) {
    auto world = see_host(session, {}, BadPolicy::kFails);
    if (!world)
        return world;
    const auto ids = devices_of(*world, {word});
    if (!ids)
        return propagate(ids);
    if (ids->size() != 1)
        return fail(ExitCode::kUsage, "sriov " + printable(word),
                    "it means " + std::to_string(ids->size()) + " devices", "name one");
    rule = sriov_rule(*world->inventory.find(ids->front()), count);
    if (auto decided = decide(session, *world, {}, {{ids->front(), &rule}}); !decided)
        return propagate(decided);
    make_plan(session, *world, UseScan::kLook);
    std::erase_if(world->plan.transactions, [&](const policy::Transaction& transaction) {
        return transaction.devices != std::vector<sysfs::DeviceId>{ids->front()};
    });
    return world;
}

}  // namespace

Outcome<ExitCode> run_sriov(Session& session, const Arguments& arguments) {
    binding::ApplyOptions options;
    const auto timeout = timeout_of(arguments, options.timeout);
    if (!timeout)
        return propagate(timeout);
    options.timeout = *timeout;
    options.action = "sriov";
    const auto count = count_of(arguments.words[1]);
    if (!count)
        return propagate(count);
    const bool dry_run = arguments.has("dry-run");
    if (!dry_run)
        if (auto may = may_write(session, "sriov"); !may)
            return propagate(may);
    const auto recovery =
        dry_run ? Outcome<binding::Recovery>() : recover_first(session, options);
    if (!recovery)
        return propagate(recovery);
    policy::Rule rule;
    auto world = plan_for(session, arguments.words[0], *count, rule);
    if (!world)
        return propagate(world);
    append(world->warnings, recovery->notes);
    if (!dry_run)
        return carry_out(session, world->plan, world->warnings, std::move(options));
    print_plan(session, world->plan, world->warnings);
    return detailed_exit(world->plan) == ExitCode::kRefused ? ExitCode::kRefused : ExitCode::kDone;
}

}  // namespace vfioctl
