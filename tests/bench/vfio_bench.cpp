// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lib/vfio without a kernel: what its own bookkeeping costs. The ioctls are a model's or nothing at
// all; beside the bare loop on a real kernel it stands in the guest (lab_vfio_bench).
#include <benchmark/benchmark.h>

#include <array>
#include <random>

#include "tests/unit/vfio/fixture/fake_calls.hpp"
#include "vfio/backend_selection.hpp"
#include "vfio/src/space/iova_allocator.hpp"
#include "vfio/src/space/mapping_table.hpp"

namespace {

using namespace vfio;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kMemory = 0x7f0000000000;

MappingTable table_of(std::uint64_t mappings) {
    MappingTable table;
    for (std::uint64_t i = 0; i < mappings; ++i)
        table.insert({.iova = {0x100000 + i * 2 * kPage, 0x100000 + i * 2 * kPage + kPage - 1},
                      .address = kMemory + i * 3 * kPage});
    table.index_addresses();
    return table;
}

/// Which mappings to look for, chosen beforehand: choosing costs as much as finding.
std::array<std::uint64_t, 8192> random_picks(std::uint64_t mappings) {
    std::array<std::uint64_t, 8192> picks{};
    std::mt19937_64 random(1);
    for (std::uint64_t& pick : picks)
        pick = random() % mappings;
    return picks;
}

void translate_address(benchmark::State& state) {
    const auto mappings = static_cast<std::uint64_t>(state.range(0));
    const MappingTable table = table_of(mappings);
    const auto picks = random_picks(mappings);
    std::size_t next = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(
            table.translate(kMemory + picks[next++ % picks.size()] * 3 * kPage + 64, 512));
}
BENCHMARK(translate_address)->Arg(1000)->Arg(100000);

void translate_iova(benchmark::State& state) {
    const auto mappings = static_cast<std::uint64_t>(state.range(0));
    const MappingTable table = table_of(mappings);
    const auto picks = random_picks(mappings);
    std::size_t next = 0;
    for (auto _ : state) {
        const std::uint64_t iova = 0x100000 + picks[next++ % picks.size()] * 2 * kPage + 64;
        benchmark::DoNotOptimize(table.translate_iova({iova, iova + 511}));
    }
}
BENCHMARK(translate_iova)->Arg(1000)->Arg(100000);

/// Frees one of so many live ranges and allocates another: the free space is in pieces.
void allocator_churn(benchmark::State& state) {
    IovaAllocator allocator;
    const std::vector<Window> windows{{{0, 0xfedfffff}, kPage},
                                      {{0xfef00000, (1ULL << 39) - 1}, kPage}};
    allocator.set_windows(windows, {});
    std::vector<IovaRange> live;
    std::minstd_rand random(1);
    for (std::int64_t i = 0; i < state.range(0); ++i)
        live.push_back(*allocator.allocate({.length = kPage << (random() % 4)}));
    for (auto _ : state) {
        IovaRange& slot = live[random() % live.size()];
        allocator.release(slot);
        slot = *allocator.allocate({.length = kPage << (random() % 4)});
    }
}
BENCHMARK(allocator_churn)->Arg(1000)->Arg(100000);

/// A device, opened on the model of the kernel.
struct Host {
    FakeCalls calls;
    std::optional<AttachedDevice> opened;

    explicit Host(Backend backend) {
        calls.add("0000:01:00.0", "15", "vfio0");
        auto result = open_device(calls, {.name = "0000:01:00.0", .group = "15", .cdev = "vfio0"},
                                  {.order = {backend}});
        if (result)
            opened.emplace(std::move(*result));
    }
};

/// Succeeds and does nothing: what is left is the library.
class NullBackend final : public IommuBackend {
  public:
    Backend backend() const override { return Backend::kIommufd; }
    Lifetime lifetime() const override { return Lifetime::kPersistent; }
    Result<Geometry> geometry() override {
        Geometry out;
        out.windows = {{{0, (1ULL << 47) - 1}, kPage}};
        return out;
    }
    Result<void> map(const MappedRange&) override { return {}; }
    Result<std::uint64_t> unmap(const IovaRange& range) override { return range.length(); }
};

/// Beside `live` mappings that stay.
void map_and_unmap(benchmark::State& state) {
    FakeCalls calls;
    const auto space = AddressSpace::create(calls, std::make_unique<NullBackend>());
    for (std::int64_t i = 0; i < state.range(0); ++i)
        benchmark::DoNotOptimize(space->map(
            {.address = kMemory + static_cast<std::uint64_t>(i) * 2 * kPage, .length = kPage}));
    for (auto _ : state) {
        const auto mapped = space->map({.address = kMemory - kPage, .length = kPage});
        benchmark::DoNotOptimize(space->unmap(mapped->iova.first, kPage));
    }
}
BENCHMARK(map_and_unmap)->Arg(0)->Arg(1000)->Arg(60000);

void map_batch_of_512_pages(benchmark::State& state) {
    FakeCalls calls;
    const auto space = AddressSpace::create(calls, std::make_unique<NullBackend>());
    std::vector<MapRequest> requests;
    for (std::uint64_t i = 0; i < 512; ++i)
        requests.push_back({.address = kMemory + i * kPage, .length = kPage});
    for (auto _ : state) {
        benchmark::DoNotOptimize(space->map_batch(requests));
        benchmark::DoNotOptimize(space->unmap_all());
    }
}
BENCHMARK(map_batch_of_512_pages);

void open_ioctls(benchmark::State& state, Backend backend) {
    unsigned ioctls = 0;
    unsigned opens = 0;
    for (auto _ : state) {
        const Host host(backend);
        ioctls = host.calls.calls;
        opens = host.calls.opens;
    }
    state.counters["ioctls"] = ioctls;
    state.counters["opens"] = opens;
}
BENCHMARK_CAPTURE(open_ioctls, iommufd, Backend::kIommufd);
BENCHMARK_CAPTURE(open_ioctls, iommufd_compat, Backend::kIommufdCompat);
BENCHMARK_CAPTURE(open_ioctls, type1v2, Backend::kType1v2);

}  // namespace

BENCHMARK_MAIN();
