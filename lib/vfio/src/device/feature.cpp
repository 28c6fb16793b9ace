// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/feature.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/name_table.hpp"
#include "base/try.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

int raw_call(Calls& calls, const DeviceFd& fd, std::uint32_t flags, std::span<std::byte> payload) {
    std::vector<std::byte> buffer(sizeof(abi::Feature) + payload.size());
    const abi::Feature feature{.argsz = static_cast<std::uint32_t>(buffer.size()), .flags = flags};
    std::memcpy(buffer.data(), &feature, sizeof feature);
    std::copy(payload.begin(), payload.end(), buffer.begin() + sizeof feature);
    const int answer = device_call(calls, fd, abi::DeviceCall::kFeature, buffer.data());
    std::copy(buffer.begin() + sizeof feature, buffer.end(), payload.begin());
    return answer;
}

template <typename T>
Result<int> call(Calls& calls, const DeviceFd& fd, abi::FeatureId id, std::uint32_t flags, T& value,
                 const std::string& device) {
    return feature_call(calls, fd, id, flags, std::as_writable_bytes(std::span(&value, 1)), device);
}

/// What an errno means, of one feature.
const char* feature_hint(int errnum, abi::FeatureId id) {
    if (errnum == ENOTTY)
        return "the device or its driver does not have this feature";
    if (id == abi::FeatureId::kDmaLoggingStart && errnum == E2BIG)
        return "the device logs fewer ranges at once; join them";
    if (id == abi::FeatureId::kDmaLoggingStart && errnum == EINVAL)
        return "it logs already, ranges overlap or are not whole pages, or the page size is not a "
               "power of two of 4096 at least";
    if (id == abi::FeatureId::kDmaBuf && errnum == EOPNOTSUPP)
        return "the device's driver does not share its regions with other devices";
    if (id == abi::FeatureId::kDmaBuf && errnum == ENODEV)
        return "the region is not claimed, or memory decoding is off";
    if (id == abi::FeatureId::kDmaBuf && errnum == EINVAL)
        return "ranges are whole pages inside one BAR";
    return "";
}

Result<void> without_value(const Result<int>& answer) {
    if (!answer)
        return base::propagate(answer);
    return {};
}

constexpr base::NameTable<abi::FeatureId::kMigPrecopyInfoV2> kFeatureNames{
    "vf-token",
    "migration",
    "migration-state",
    "low-power-entry",
    "low-power-entry-with-wakeup",
    "low-power-exit",
    "dma-logging-start",
    "dma-logging-stop",
    "dma-logging-report",
    "migration-data-size",
    "bus-master",
    "dma-buf",
    "precopy-info-v2"};

}  // namespace

Result<int> feature_call(Calls& calls, const DeviceFd& fd, abi::FeatureId id, std::uint32_t flags,
                         std::span<std::byte> payload, const std::string& device) {
    const int answer = raw_call(calls, fd, flags | static_cast<std::uint32_t>(id), payload);
    if (answer >= 0)
        return answer;
    return fail_call(-answer, "feature " + feature_name(id), device, feature_hint(-answer, id));
}

std::vector<FeatureSupport> probe_features(Calls& calls, const DeviceFd& fd) {
    std::vector<FeatureSupport> found;
    for (std::uint32_t i = 0; i < abi::kFeatureCount; ++i) {
        const auto takes = [&](std::uint32_t direction) {
            return raw_call(calls, fd, i | direction | abi::kFeatureProbe, {}) >= 0;
        };
        const FeatureSupport support{.id = static_cast<abi::FeatureId>(i),
                                     .get = takes(abi::kFeatureGet),
                                     .set = takes(abi::kFeatureSet)};
        if (support.get || support.set)
            found.push_back(support);
    }
    return found;
}

std::string feature_name(abi::FeatureId id) {
    const std::string known = kFeatureNames[id];
    return !known.empty() ? known : "feature " + std::to_string(static_cast<std::uint32_t>(id));
}

Result<void> set_vf_token(Calls& calls, const DeviceFd& fd,
                          const std::array<std::uint8_t, 16>& uuid, const std::string& device) {
    abi::FeatureVfToken token{};
    std::copy(uuid.begin(), uuid.end(), std::begin(token.uuid));
    return without_value(
        call(calls, fd, abi::FeatureId::kPciVfToken, abi::kFeatureSet, token, device));
}

Result<void> enter_low_power(Calls& calls, const DeviceFd& fd, const std::string& device,
                             int wakeup_eventfd) {
    if (wakeup_eventfd < 0)
        return without_value(
            feature_call(calls, fd, abi::FeatureId::kLowPowerEntry, abi::kFeatureSet, {}, device));
    abi::FeatureLowPowerWakeup wakeup{.wakeup_eventfd = wakeup_eventfd, .reserved = 0};
    return without_value(call(calls, fd, abi::FeatureId::kLowPowerEntryWithWakeup, abi::kFeatureSet,
                              wakeup, device));
}

Result<void> exit_low_power(Calls& calls, const DeviceFd& fd, const std::string& device) {
    return without_value(
        feature_call(calls, fd, abi::FeatureId::kLowPowerExit, abi::kFeatureSet, {}, device));
}

Result<std::uint64_t> start_dma_logging(Calls& calls, const DeviceFd& fd, std::uint64_t page_size,
                                        std::span<const IovaRange> ranges,
                                        const std::string& device) {
    std::vector<abi::DmaLoggingRange> raw;
    raw.reserve(ranges.size());
    for (const IovaRange& range : ranges)
        raw.push_back({.iova = range.first, .length = range.length()});
    abi::FeatureDmaLoggingControl control{.page_size = page_size,
                                          .num_ranges = static_cast<std::uint32_t>(raw.size()),
                                          .reserved = 0,
                                          .ranges = reinterpret_cast<std::uintptr_t>(raw.data())};
    TRY(call(calls, fd, abi::FeatureId::kDmaLoggingStart, abi::kFeatureSet, control, device));
    return control.page_size;
}

Result<void> stop_dma_logging(Calls& calls, const DeviceFd& fd, const std::string& device) {
    return without_value(
        feature_call(calls, fd, abi::FeatureId::kDmaLoggingStop, abi::kFeatureSet, {}, device));
}

Result<std::vector<std::uint64_t>> read_dma_log(Calls& calls, const DeviceFd& fd,
                                                const IovaRange& range, std::uint64_t page_size,
                                                const std::string& device) {
    if (page_size == 0 || range.last < range.first)
        return base::fail(Code::kInvalid, "read the DMA log", device,
                          "an empty range or page size");
    const std::uint64_t length = range.length();
    const std::uint64_t pages = length / page_size + (length % page_size != 0 ? 1 : 0);
    std::vector<std::uint64_t> bitmap(pages / 64 + (pages % 64 != 0 ? 1 : 0));
    abi::FeatureDmaLoggingReport report{.iova = range.first,
                                        .length = length,
                                        .page_size = page_size,
                                        .bitmap = reinterpret_cast<std::uintptr_t>(bitmap.data())};
    TRY(call(calls, fd, abi::FeatureId::kDmaLoggingReport, abi::kFeatureGet, report, device));
    return bitmap;
}

Result<UniqueFd> export_dma_buf(Calls& calls, const DeviceFd& fd, std::uint32_t region,
                                std::span<const abi::DmaBufRange> ranges,
                                const std::string& device) {
    const abi::FeatureDmaBuf fixed{.region_index = region,
                                   .open_flags = O_RDWR | O_CLOEXEC,
                                   .flags = 0,
                                   .nr_ranges = static_cast<std::uint32_t>(ranges.size())};
    std::vector<std::byte> payload(sizeof fixed + ranges.size_bytes());
    std::memcpy(payload.data(), &fixed, sizeof fixed);
    const auto raw = std::as_bytes(ranges);
    std::copy(raw.begin(), raw.end(), payload.begin() + sizeof fixed);
    const auto answer =
        TRY(feature_call(calls, fd, abi::FeatureId::kDmaBuf, abi::kFeatureGet, payload, device));
    return UniqueFd(answer);
}

Result<void> set_bus_master(Calls& calls, const DeviceFd& fd, BusMaster state,
                            const std::string& device) {
    abi::FeatureBusMaster master{.op = static_cast<std::uint32_t>(state)};
    return without_value(
        call(calls, fd, abi::FeatureId::kBusMaster, abi::kFeatureSet, master, device));
}

}  // namespace vfio
