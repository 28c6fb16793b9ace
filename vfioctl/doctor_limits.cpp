// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sstream>

#include "sysfs/names.hpp"
#include "vfioctl/doctor.hpp"

/// How much memory programs may pin, in how many pieces, and in how large ones.
namespace vfioctl {
namespace {

constexpr std::uint64_t kMebibyte = 1024 * 1024;
constexpr std::uint64_t kUsualEntries = 65535;

/// "Max locked memory  8388608  8388608  bytes": the soft limit; nothing for "unlimited".
struct Limit {
    bool known = false;
    std::optional<std::uint64_t> bytes;
};

Limit locked_memory(const Patient& patient) {
    std::istringstream lines(patient.text("/proc/self/limits").value_or(""));
    constexpr std::string_view kName = "Max locked memory";
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(kName))
            continue;
        std::istringstream words(line.substr(kName.size()));
        std::string soft;
        words >> soft;
        if (soft == "unlimited")
            return {true, std::nullopt};
        if (const auto bytes = sysfs::parse_decimal(soft))
            return {true, *bytes};
    }
    return {};
}

/// "MemTotal:       2048 kB", in bytes where the line has a unit.
std::optional<std::uint64_t> meminfo(const Patient& patient, const std::string& name) {
    std::istringstream lines(patient.text("/proc/meminfo").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string key;
        std::string value;
        std::string unit;
        words >> key >> value >> unit;
        const auto number = sysfs::parse_decimal(value);
        if (key == name + ":" && number)
            return *number * (unit == "kB" ? 1024 : 1);
    }
    return std::nullopt;
}

std::string mebibytes(std::uint64_t bytes) {
    return std::to_string(bytes / kMebibyte) + " MiB";
}

Finding memlock(const Patient& patient) {
    const Limit limit = locked_memory(patient);
    if (!limit.known)
        return {"memlock", Health::kSkip, "/proc/self/limits does not tell", {}};
    if (!limit.bytes)
        return {"memlock", Health::kOk, "unlimited in this session", {}};
    const auto total = meminfo(patient, "MemTotal");
    const bool enough = total && *limit.bytes >= *total / 2;
    return {"memlock", enough ? Health::kOk : Health::kWarn,
            mebibytes(*limit.bytes) + " in this session: so much a program that is not root can map for devices",
            enough ? "" : "LimitMEMLOCK= of the service, or memlock in /etc/security/limits.conf; root needs none"};
}

Finding entries(const Patient& patient) {
    const auto text = patient.text("/sys/module/vfio_iommu_type1/parameters/dma_entry_limit");
    const auto limit = text ? sysfs::kernel_number(*text) : std::nullopt;
    if (!limit)
        return {"dma-entry-limit", Health::kSkip, "vfio_iommu_type1 is not loaded", {}};
    const bool low = *limit < kUsualEntries;
    return {"dma-entry-limit", low ? Health::kWarn : Health::kOk,
            std::to_string(*limit) + " mappings for each container",
            low ? "the kernel's own limit is 65535: take dma_entry_limit out of modprobe's configuration" : ""};
}

Finding hugepages(const Patient& patient) {
    const auto total = meminfo(patient, "HugePages_Total");
    if (!total)
        return {"hugepages", Health::kSkip, "/proc/meminfo does not tell", {}};
    if (*total == 0)
        return {"hugepages", Health::kOk, "none reserved; DPDK and SPDK want some, guests gain by them", {}};
    return {"hugepages", Health::kOk,
            std::to_string(*total) + " of " +
                std::to_string(meminfo(patient, "Hugepagesize").value_or(0) / 1024) + " KiB, " +
                std::to_string(meminfo(patient, "HugePages_Free").value_or(0)) + " free",
            {}};
}

}  // namespace

void examine_limits(const Patient& patient, Findings& findings) {
    findings.push_back(memlock(patient));
    findings.push_back(entries(patient));
    findings.push_back(hugepages(patient));
}

}  // namespace vfioctl
