// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/limit_checks.hpp"

#include <sstream>

#include "sysfs/device/names.hpp"

/// How much memory programs may pin, in how many pieces, and in how large ones.
namespace vfioctl {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;
constexpr std::uint64_t kUsualEntries = 65535;

/// "Max locked memory  8388608  8388608  bytes": the soft limit; nothing for "unlimited".
struct LockedMemoryLimit {
    bool known = false;
    std::optional<std::uint64_t> bytes;
};

LockedMemoryLimit locked_memory(const DoctorContext& context) {
    std::istringstream lines(context.text("/proc/self/limits").value_or(""));
    constexpr std::string_view kName = "Max locked memory";
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(kName))
            continue;
        std::istringstream words(line.substr(kName.size()));
        std::string soft;
        words >> soft;
        if (soft == "unlimited")
            return {true, std::nullopt};
        if (const auto bytes = base::parse_decimal(soft))
            return {true, *bytes};
    }
    return {};
}

/// "MemTotal:       2048 kB", in bytes where the line has a unit.
std::optional<std::uint64_t> meminfo(const DoctorContext& context, const std::string& name) {
    std::istringstream lines(context.text("/proc/meminfo").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key;
        std::string value;
        std::string unit;
        words >> key >> value >> unit;
        const auto number = base::parse_decimal(value);
        if (key == name + ":" && number)
            return *number * (unit == "kB" ? 1024 : 1);
    }
    return std::nullopt;
}

std::string mebibytes(std::uint64_t bytes) {
    return std::to_string(bytes / kMebibyte) + " MiB";
}

CheckResult memlock(const DoctorContext& context) {
    const LockedMemoryLimit limit = locked_memory(context);
    if (!limit.known)
        return {"memlock", CheckVerdict::kSkip, "not in /proc/self/limits", {}};
    if (!limit.bytes)
        return {"memlock", CheckVerdict::kOk, "unlimited in this session", {}};
    const auto total = meminfo(context, "MemTotal");
    const bool enough = total && *limit.bytes >= *total / 2;
    return {"memlock", enough ? CheckVerdict::kOk : CheckVerdict::kWarn,
            mebibytes(*limit.bytes) +
                " in this session: limit for DMA mappings of unprivileged programs",
            enough ? ""
                   : "LimitMEMLOCK= of the service, or memlock in /etc/security/limits.conf; root "
                     "needs none"};
}

CheckResult entries(const DoctorContext& context) {
    const auto text = context.text("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit");
    const auto limit = text ? base::parse_kernel_number(*text) : std::nullopt;
    if (!limit)
        return {"dma-entry-limit", CheckVerdict::kSkip, "vfio_iommu_type1 is not loaded", {}};
    const bool low = *limit < kUsualEntries;
    return {"dma-entry-limit", low ? CheckVerdict::kWarn : CheckVerdict::kOk,
            std::to_string(*limit) + " mappings for each container",
            low ? "the kernel's own limit is 65535: remove dma_entry_limit from modprobe's "
                  "configuration"
                : ""};
}

CheckResult hugepages(const DoctorContext& context) {
    const auto total = meminfo(context, "HugePages_Total");
    if (!total)
        return {"hugepages", CheckVerdict::kSkip, "not in /proc/meminfo", {}};
    if (*total == 0)
        return {"hugepages",
                CheckVerdict::kOk,
                "none reserved; DPDK and SPDK want some, guests gain by them",
                {}};
    return {"hugepages",
            CheckVerdict::kOk,
            std::to_string(*total) + " of " +
                std::to_string(meminfo(context, "Hugepagesize").value_or(0) / 1024) + " KiB, " +
                std::to_string(meminfo(context, "HugePages_Free").value_or(0)) + " free",
            {}};
}

}  // namespace

void check_limits(const DoctorContext& context, CheckResults& results) {
    results.push_back(memlock(context));
    results.push_back(entries(context));
    results.push_back(hugepages(context));
}

}  // namespace vfioctl
