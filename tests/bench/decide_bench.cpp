// SPDX-License-Identifier: LGPL-2.1-or-later
#include <benchmark/benchmark.h>

#include <array>
#include <cstdio>

#include "policy/decide/decide.hpp"
#include "policy/plan/plan.hpp"
#include "tests/bench/heap.hpp"
#include "tests/fake/host.hpp"

/// decide + plan over generated hosts. There are 2,000 kinds of device, and rule number i matches
/// kind i: by its ids (which the index finds), or by slot and path (for which every rule is
/// tested). Both sets of rules win the same devices, so the difference is the search alone.
namespace {

constexpr unsigned kKinds = 2000;
enum class RulesBy { kIds, kPlace };

std::string numbered(const char* format, unsigned number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), format, number);
    return text.data();
}

/// Four functions a slot, a group for every two.
std::string make_address(unsigned number) {
    std::array<char, 24> text{};
    std::snprintf(text.data(), text.size(), "%04x:%02x:%02x.%u", number >> 15, number >> 7 & 0xff,
                  number >> 2 & 0x1f, number & 3);
    return text.data();
}

fake::Host make_host(unsigned devices) {
    fake::Host host;
    host.with_variants();
    for (unsigned number = 0; number < devices; ++number) {
        const unsigned kind = number / 2 % kKinds;
        fake::DeviceBuilder device = host.pci(make_address(number));
        device.nic().vendor(numbered("%04x", 0x1000 + kind % 20), numbered("%04x", kind));
        device.group(static_cast<int>(number / 2)).driver(numbered("native%u", kind % 50));
        device.slot(numbered("s%u", kind)).numa(static_cast<int>(number % 2));
        device.device().path = numbered("pci0000:00/%u.0/00.0", kind);
    }
    return host;
}

policy::Match make_match(unsigned kind, RulesBy by) {
    policy::Match match;
    const auto add = [&](policy::Field field, std::string text) {
        match.fields.push_back(
            {.field = field, .key = {}, .wanted = {std::move(text)}, .ranges = {}, .where = {}});
    };
    if (by == RulesBy::kIds) {
        add(policy::Field::kVendor, numbered("%04x", 0x1000 + kind % 20));
        add(policy::Field::kDevice, numbered("%04x", kind));
    } else if (kind % 2 == 0) {
        add(policy::Field::kSlot, numbered("s%u", kind));
    } else {
        add(policy::Field::kPath, numbered("pci*/%u.0/*", kind));
    }
    return match;
}

policy::PolicySet make_set(unsigned rules, RulesBy by) {
    policy::PolicySet set;
    for (unsigned number = 0; number < rules; ++number) {
        policy::Rule rule;
        rule.name = numbered("rule-%u", number);
        rule.match = make_match(number, by);
        rule.driver = policy::DriverAction{.kind = policy::DriverAction::ActionKind::kChain,
                                           .chain = {policy::Candidate{}}};
        rule.where = {.file = "bench.yaml", .line = number + 1, .column = 1};
        set.rules.push_back(std::move(rule));
    }
    return set;
}

void decide_and_plan(benchmark::State& state, RulesBy by) {
    const fake::Host host = make_host(static_cast<unsigned>(state.range(0)));
    const sysfs::Inventory inventory = host.inventory();
    const sysfs::Drivers drivers = host.drivers();
    const policy::PolicySet set = make_set(static_cast<unsigned>(state.range(1)), by);
    std::size_t peak = 0;
    std::size_t changes = 0;
    for (auto _ : state) {
        heap::start();
        const auto decisions = policy::decide(set, inventory, drivers);
        const auto plan = policy::make_plan(set, decisions, inventory, drivers, {});
        peak = heap::peak();
        changes = 0;
        for (const auto& transaction : plan.transactions)
            changes += transaction.changes.size();
    }
    state.counters["time/device"] = benchmark::Counter(
        static_cast<double>(state.range(0)),
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    state.counters["changes"] = static_cast<double>(changes);
    state.counters["peak_MiB"] = static_cast<double>(peak) / (1024.0 * 1024.0);
}

void sizes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"devices", "rules"})->Unit(benchmark::kMillisecond);
    for (const int devices : {1'000, 10'000, 100'000})
        for (const int rules : {10, 100, 1'000})
            bench->Args({devices, rules});
}

BENCHMARK_CAPTURE(decide_and_plan, rules_by_ids, RulesBy::kIds)->Apply(sizes);
BENCHMARK_CAPTURE(decide_and_plan, rules_by_place, RulesBy::kPlace)->Apply(sizes);

}  // namespace

BENCHMARK_MAIN();
