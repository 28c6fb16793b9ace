// SPDX-License-Identifier: LGPL-2.1-or-later
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "policy/yaml/parse_policy.hpp"
#include "policy/yaml/policy_writer.hpp"

/// The cost of parsing, per rule: sets of typical rules, in files of a hundred. It must grow
/// linearly: 'per_rule' is the same in all lines.
namespace {

std::string rule(int number) {
    return fmt::format(
        "  - name: rule-{0}\n"
        "    priority: {0}\n"
        "    match: {{ vendor: \"{0:04x}\", device: [\"1017\", \"1019\"], class: network, not: {{ "
        "driver: \"mlx*\" }} }}\n"
        "    driver: [mlx5_vfio_pci, auto]\n"
        "    group: whole\n"
        "    limit: 4\n"
        "    access: {{ owner: root, group: kvm, mode: \"0660\" }}\n",
        number);
}

std::vector<policy::SourceFile> made_up(std::int64_t rules) {
    constexpr std::int64_t kRulesPerFile = 100;
    std::vector<policy::SourceFile> files;
    for (std::int64_t i = 0; i < rules; ++i) {
        if (i % kRulesPerFile == 0)
            files.push_back({fmt::format("{:04}.yaml", i), "version: 1\nrules:\n"});
        files.back().text += rule(static_cast<int>(i));
    }
    return files;
}

void count_rules(benchmark::State& state) {
    const auto rules = static_cast<double>(state.range(0));
    state.counters["per_rule"] = benchmark::Counter(
        rules, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void ParseRules(benchmark::State& state) {
    const auto files = made_up(state.range(0));
    for (auto _ : state) {
        policy::Parsed parsed = policy::parse_set(files);
        if (!parsed.ok())
            state.SkipWithError("the made-up policy is refused");
        benchmark::DoNotOptimize(parsed);
    }
    count_rules(state);
}

void RefuseRules(benchmark::State& state) {
    auto files = made_up(state.range(0));
    for (policy::SourceFile& file : files)
        file.text.insert(file.text.find("limit"), "vendr: x\n    ");
    for (auto _ : state) {
        const policy::Parsed parsed = policy::parse_set(files);
        benchmark::DoNotOptimize(policy::render(parsed.diagnostics));
    }
    count_rules(state);
}

void EmitRules(benchmark::State& state) {
    const policy::Parsed parsed = policy::parse_set(made_up(state.range(0)));
    for (auto _ : state)
        benchmark::DoNotOptimize(policy::emit(parsed.set));
    count_rules(state);
}

BENCHMARK(ParseRules)
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(RefuseRules)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);
BENCHMARK(EmitRules)->Arg(100)->Arg(1'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
