// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_bench BACKEND NAME GROUP CDEV [NAME CDEV]: measures maps on a real kernel: the cost of
// the library over the bare ioctls of the same backend, the throughput by size, batches, and (with
// a second device) a shared mapping against a second one. One line each.
//
// Both sides use the same fd, structure, flags, IOVAs and pages, all touched before. They alternate
// in one loop, and each round begins with the other side, so that both have the same noise. The
// result is the median of the rounds' ratios, since an emulated guest shares its processor.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>

#include "checks.hpp"
#include "raw_address_space.hpp"
#include "vfio/backend_selection.hpp"
#include "vfio/system_calls.hpp"

using namespace vfio;

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBase = 0x10000000;

template <typename Work>
double nanoseconds(Work&& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start)
        .count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

bool failed = false;  // of this program alone
void must(bool holds, const char* what) {
    if (!holds && !failed)
        std::printf("failed: %s\n", what);
    failed = failed || !holds;
}
template <typename T>
void must(const Result<T>& result) {
    if (!result)
        must(false, result.error().text().c_str());
}

/// Succeeds and does nothing: the rest of a map is the library's work.
class NullBackend final : public IommuBackend {
  public:
    Backend backend() const override { return Backend::kIommufd; }
    Lifetime lifetime() const override { return Lifetime::kPersistent; }
    Result<Geometry> geometry() override {
        Geometry out;
        out.windows = {{{0, 0xfedfffff}, kPage}, {{0xfef00000, (1ULL << 39) - 1}, kPage}};
        return out;
    }
    Result<void> map(const MappedRange&) override { return {}; }
    Result<std::uint64_t> unmap(const IovaRange& range) override { return range.length(); }
};

constexpr std::uint64_t kMaps = 64;  ///< at a time; then they are unmapped, in the same order
std::uint64_t iova_of(std::uint64_t i) {
    return kBase + i * 2 * kPage;
}

void through_library(AddressSpace& space, std::uint64_t memory) {
    for (std::uint64_t i = 0; i < kMaps; ++i)
        must(space.map({.address = memory + i * kPage, .length = kPage, .iova = iova_of(i)}));
    for (std::uint64_t i = 0; i < kMaps; ++i)
        must(space.unmap(iova_of(i), kPage));
}

void at_chosen_iovas(AddressSpace& space, std::uint64_t memory) {
    std::array<std::uint64_t, kMaps> iovas{};
    for (std::uint64_t i = 0; i < kMaps; ++i) {
        const auto mapped = space.map({.address = memory + i * kPage, .length = kPage});
        must(mapped);
        iovas[i] = mapped ? mapped->iova.first : 0;
    }
    for (const std::uint64_t iova : iovas)
        must(space.unmap(iova, kPage));
}

void by_bare_ioctls(const RawAddressSpace& bare, std::uint64_t memory) {
    for (std::uint64_t i = 0; i < kMaps; ++i)
        must(bare.map(iova_of(i), memory + i * kPage, kPage), "a bare map");
    for (std::uint64_t i = 0; i < kMaps; ++i)
        must(bare.unmap(iova_of(i), kPage), "a bare unmap");
}

/// 4 KiB maps and unmaps: bare, through the library, and the library alone.
void overhead(Calls& calls, AddressSpace& space) {
    const RawAddressSpace bare(space);
    must(bare.valid(), "no fd for direct ioctls");
    const auto nothing = AddressSpace::create(calls, std::make_unique<NullBackend>());
    const std::uint64_t here = memory(kMaps * kPage);
    const std::array<std::function<void()>, 5> ways{
        [&] { by_bare_ioctls(bare, here); }, [&] { through_library(space, here); },
        [&] { at_chosen_iovas(space, here); }, [&] { through_library(*nothing, here); },
        [&] { at_chosen_iovas(*nothing, here); }};
    std::array<std::vector<double>, 5> times;
    for (std::size_t round = 0; round < 410; ++round)
        for (std::size_t turn = 0; turn < ways.size(); ++turn) {
            const std::size_t way = (round + turn) % ways.size();
            const double time = nanoseconds(ways[way]) / kMaps;
            if (round >= 10)  // the emulator translates code when it first meets it
                times[way].push_back(time);
        }
    // Compared round by round: the load of the machine changes more slowly.
    const auto more = [&](std::size_t way) {
        std::vector<double> ratios;
        for (std::size_t i = 0; i < times[way].size(); ++i)
            ratios.push_back(times[way][i] / times[0][i]);
        return (median(ratios) - 1) * 100;
    };
    std::printf(
        "4 KiB map and unmap: bare ioctls %.0f ns; through the library %.0f ns, %+.1f %%; "
        "at IOVAs it chooses %.0f ns, %+.1f %%\n",
        median(times[0]), median(times[1]), more(1), median(times[2]), more(2));
    std::printf(
        "  the library's own part, without ioctls: %.0f ns, %.1f %% of the bare ones; with "
        "IOVAs to choose %.0f ns, %.1f %%\n",
        median(times[3]), more(3) + 100, median(times[4]), more(4) + 100);
}

void throughput(AddressSpace& space) {
    for (const std::uint64_t size : {kPage, 16 * kPage, 512 * kPage, 16384 * kPage}) {
        const std::uint64_t here = memory(size, std::uint64_t{2} << 20);
        std::vector<double> map;
        std::vector<double> unmap;
        for (int round = 0; round < 9; ++round) {
            map.push_back(nanoseconds(
                [&] { must(space.map({.address = here, .length = size, .iova = kBase})); }));
            unmap.push_back(nanoseconds([&] { must(space.unmap(kBase, size)); }));
        }
        std::printf("map %llu KiB: %.0f us, unmap %.0f us\n",
                    static_cast<unsigned long long>(size / 1024), median(map) / 1000,
                    median(unmap) / 1000);
        ::munmap(reinterpret_cast<void*>(here), size);
    }
}

void coalescing(AddressSpace& space) {
    constexpr std::uint64_t kPages = 2048;
    const std::uint64_t here = memory(kPages * kPage);
    std::vector<MapRequest> requests;
    for (std::uint64_t i = 0; i < kPages; ++i)
        requests.push_back(
            {.address = here + i * kPage, .length = kPage, .iova = kBase + i * kPage});
    std::vector<double> one_by_one;
    std::vector<double> batch;
    for (int round = 0; round < 5; ++round) {
        one_by_one.push_back(nanoseconds([&] {
            for (const MapRequest& request : requests)
                must(space.map(request));
        }));
        must(space.unmap_all());
        batch.push_back(nanoseconds([&] { must(space.map_batch(requests)); }));
        must(space.unmap_all());
    }
    std::printf("2048 adjacent pages: one by one %.0f us, in a batch %.0f us\n",
                median(one_by_one) / 1000, median(batch) / 1000);
}

/// KiB that the kernel has pinned of this process.
long pinned() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmPin:"))
            return std::strtol(line.c_str() + 6, nullptr, 10);
    return -1;
}

/// The source of a copy. In an address space without a device nothing is pinned yet, so a copy pins
/// like a map; in one with a device it takes the pages from that device's page table.
void share_with(AddressSpace& space, AddressSpace& source, const char* whose, int advice,
                const char* pages) {
    constexpr std::uint64_t kSize = 16384 * kPage;
    const std::uint64_t here = memory(kSize, std::uint64_t{2} << 20, advice);
    must(source.map({.address = here, .length = kSize, .iova = kBase}));
    std::vector<double> copy;
    std::vector<double> again;
    long pinned_by_copy = 0;
    long pinned_by_map = 0;
    for (int round = 0; round < 9; ++round) {
        const long before = pinned();
        copy.push_back(nanoseconds([&] {
            must(space.share(source, {kBase, kBase + kSize - 1}, kBase));
        }));
        pinned_by_copy = pinned() - before;
        must(space.unmap_all());
        again.push_back(nanoseconds(
            [&] { must(space.map({.address = here, .length = kSize, .iova = kBase})); }));
        pinned_by_map = pinned() - before;
        must(space.unmap_all());
    }
    std::printf(
        "64 MiB of %s that an address space %s has: shared %.0f us (%ld MiB pinned for "
        "it), mapped again %.0f us (%ld MiB)\n",
        pages, whose, median(copy) / 1000, pinned_by_copy / 1024, median(again) / 1000,
        pinned_by_map / 1024);
    must(source.unmap_all());
    ::munmap(reinterpret_cast<void*>(here), kSize);
}

void sharing(Calls& calls, AddressSpace& space, const DeviceNodes& second) {
    auto* iommu_backend = dynamic_cast<IommufdBackend*>(&space.iommu_backend());
    if (iommu_backend == nullptr)
        return;
    auto ioas = Ioas::allocate(iommu_backend->context());
    if (!ioas)
        return must(ioas);
    const auto other = AddressSpace::create(
        calls, std::make_unique<IommufdBackend>(std::move(*ioas), PageTable::kAutomatic));
    const auto each = [&](const char* whose) {
        share_with(space, *other, whose, MADV_NOHUGEPAGE, "4 KiB pages");
        share_with(space, *other, whose, MADV_HUGEPAGE, "2 MiB pages");
    };
    each("without a device");
    const auto opened = open_device_in(calls, second, other);
    must(opened);
    if (opened)
        each("with a device");
}

}  // namespace

int main(int argc, char** argv) {
    const auto backend = argc == 5 || argc == 7 ? parse_backend(argv[1]) : std::nullopt;
    if (!backend)
        return 2;
    const auto named = [](const char* word) {
        return std::strcmp(word, "-") == 0 ? std::nullopt : std::optional<std::string>(word);
    };
    SystemCalls calls;
    std::optional<Result<AttachedDevice>> opened;
    const DeviceNodes target{.name = argv[2], .group = named(argv[3]), .cdev = named(argv[4])};
    const double ready =
        nanoseconds([&] { opened.emplace(open_device(calls, target, {.order = {*backend}})); });
    if (!*opened) {
        must(*opened);
        return 1;
    }
    std::printf("backend %s, open to ready %.0f us\n", argv[1], ready / 1000);
    AddressSpace& space = *(*opened)->space;
    overhead(calls, space);
    throughput(space);
    coalescing(space);
    if (argc == 7)
        sharing(calls, space, {.name = argv[5], .cdev = argv[6]});
    return failed ? 1 : 0;
}
