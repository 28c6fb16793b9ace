// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_bench BACKEND NAME GROUP CDEV: maps on a real kernel. What the library adds to the bare
// ioctls of the same backend (its own Backing), the throughput by size, batches, and a shared
// mapping against a second one. One line each; times are the median of several runs, since a
// guest's are noisy.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

#include "checks.hpp"
#include "vfio/iommufd_backing.hpp"
#include "vfio/select.hpp"
#include "vfio/system_calls.hpp"

using namespace vfio;

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBase = 0x10000000;

double nanoseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start)
        .count();
}

double least(const std::vector<double>& values) {
    return *std::min_element(values.begin(), values.end());
}

bool failed = false;  // of this program alone
template <typename T>
void must(const Result<T>& result) {
    if (!result)
        std::printf("failed: %s\n", result.error().text().c_str());
    failed = failed || !result;
}

/// 4 KiB maps and unmaps, by turns bare and through the address space, so that both see the same
/// noise.
void overhead(AddressSpace& space) {
    constexpr std::uint64_t kMaps = 50;
    const std::uint64_t here = memory(kMaps * kPage);
    std::vector<double> bare;
    std::vector<double> ours;
    for (int round = 0; round < 100; ++round) {
        bare.push_back(nanoseconds([&] {
            for (std::uint64_t i = 0; i < kMaps; ++i) {
                const std::uint64_t iova = kBase + i * 2 * kPage;
                must(space.backing().map(
                    {.iova = {iova, iova + kPage - 1}, .address = here + i * kPage}));
            }
            for (std::uint64_t i = 0; i < kMaps; ++i) {
                const std::uint64_t iova = kBase + i * 2 * kPage;
                must(space.backing().unmap({iova, iova + kPage - 1}));
            }
        }));
        ours.push_back(nanoseconds([&] {
            for (std::uint64_t i = 0; i < kMaps; ++i)
                must(space.map(
                    {.address = here + i * kPage, .length = kPage, .iova = kBase + i * 2 * kPage}));
            for (std::uint64_t i = 0; i < kMaps; ++i)
                must(space.unmap(kBase + i * 2 * kPage, kPage));
        }));
    }
    std::printf(
        "4 KiB map and unmap: bare %.0f ns, through the library %.0f ns, overhead %.1f %%\n",
        least(bare) / kMaps, least(ours) / kMaps, (least(ours) / least(bare) - 1) * 100);
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
                    static_cast<unsigned long long>(size / 1024), least(map) / 1000,
                    least(unmap) / 1000);
        ::munmap(reinterpret_cast<void*>(here), size);
    }
}

void coalescing(AddressSpace& space) {
    constexpr std::uint64_t kMaps = 2048;
    const std::uint64_t here = memory(kMaps * kPage);
    std::vector<MapRequest> requests;
    for (std::uint64_t i = 0; i < kMaps; ++i)
        requests.push_back(
            {.address = here + i * kPage, .length = kPage, .iova = kBase + i * kPage});
    const double one_by_one = nanoseconds([&] {
        for (const MapRequest& request : requests)
            must(space.map(request));
    });
    must(space.unmap_all());
    const double batch = nanoseconds([&] { must(space.map_batch(requests)); });
    must(space.unmap_all());
    std::printf("2048 adjacent pages: one by one %.0f us, in a batch %.0f us\n", one_by_one / 1000,
                batch / 1000);
}

void sharing(AddressSpace& space) {
    auto* backing = dynamic_cast<IommufdBacking*>(&space.backing());
    if (backing == nullptr)
        return;
    auto ioas = Ioas::allocate(backing->context());
    if (!ioas)
        return must(ioas);
    const auto other = AddressSpace::create(
        backing->context()->calls,
        std::make_unique<IommufdBacking>(std::move(*ioas), PageTable::kAutomatic));
    constexpr std::uint64_t kSize = 16384 * kPage;
    const std::uint64_t here = memory(kSize);
    must(other->map({.address = here, .length = kSize, .iova = kBase}));
    std::vector<double> copy;
    std::vector<double> again;
    for (int round = 0; round < 9; ++round) {
        copy.push_back(nanoseconds([&] {
            must(space.share(*other, {kBase, kBase + kSize - 1}, kBase));
        }));
        must(space.unmap_all());
        again.push_back(nanoseconds(
            [&] { must(space.map({.address = here, .length = kSize, .iova = kBase})); }));
        must(space.unmap_all());
    }
    std::printf("64 MiB that another address space has: shared %.0f us, mapped again %.0f us\n",
                least(copy) / 1000, least(again) / 1000);
}

}  // namespace

int main(int argc, char** argv) {
    const auto backend = argc == 5 ? parse_backend(argv[1]) : std::nullopt;
    if (!backend)
        return 2;
    const auto named = [](const char* word) {
        return std::strcmp(word, "-") == 0 ? std::nullopt : std::optional<std::string>(word);
    };
    SystemCalls calls;
    std::optional<Result<Opened>> opened;
    const Target target{.name = argv[2], .group = named(argv[3]), .cdev = named(argv[4])};
    const double ready =
        nanoseconds([&] { opened.emplace(open_device(calls, target, {.order = {*backend}})); });
    if (!*opened) {
        must(*opened);
        return 1;
    }
    std::printf("backend %s, open to ready %.0f us\n", argv[1], ready / 1000);
    AddressSpace& space = *(*opened)->space;
    overhead(space);
    throughput(space);
    coalescing(space);
    sharing(space);
    return failed ? 1 : 0;
}
