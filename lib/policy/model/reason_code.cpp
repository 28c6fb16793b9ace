// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/reason_code.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

namespace policy {
namespace {

constexpr std::array kReasons = {
    std::pair{ReasonCode::kProtected, "protected"},
    std::pair{ReasonCode::kMounted, "mounted"},
    std::pair{ReasonCode::kSwap, "swap"},
    std::pair{ReasonCode::kHolder, "holder"},
    std::pair{ReasonCode::kVfioOpen, "vfio-open"},
    std::pair{ReasonCode::kDefaultRoute, "default-route"},
    std::pair{ReasonCode::kAddressed, "addressed"},
    std::pair{ReasonCode::kEnslaved, "enslaved"},
    std::pair{ReasonCode::kSession, "session"},
    std::pair{ReasonCode::kOpenFd, "open-fd"},
    std::pair{ReasonCode::kGroupNotViable, "group-not-viable"},
    std::pair{ReasonCode::kConsole, "console"},
    std::pair{ReasonCode::kInput, "input"},
    std::pair{ReasonCode::kVfsInUse, "vfs-in-use"},
    std::pair{ReasonCode::kBridge, "bridge"},
    std::pair{ReasonCode::kSignature, "signature"},
    std::pair{ReasonCode::kUnknownUse, "unknown-use"},
    std::pair{ReasonCode::kFirmwareMemory, "firmware-memory"},
    std::pair{ReasonCode::kDeadDevice, "dead-device"},
    std::pair{ReasonCode::kDriverMismatch, "driver-mismatch"},
    std::pair{ReasonCode::kStuck, "stuck"},
    std::pair{ReasonCode::kNoIommu, "no-iommu"},
    std::pair{ReasonCode::kNoDriver, "no-driver"},
    std::pair{ReasonCode::kDriverDenies, "driver-denies"},
    std::pair{ReasonCode::kAmbiguous, "ambiguous"},
};

}  // namespace

const char* reason_name(ReasonCode code) {
    return kReasons.at(static_cast<std::size_t>(code)).second;
}

std::optional<ReasonCode> parse_reason_code(std::string_view name) {
    for (const auto& [code, text] : kReasons)
        if (name == text)
            return code;
    return std::nullopt;
}

bool is_forceable(ReasonCode code) {
    switch (code) {
        case ReasonCode::kMounted:
        case ReasonCode::kSwap:
        case ReasonCode::kHolder:
        case ReasonCode::kDefaultRoute:
        case ReasonCode::kAddressed:
        case ReasonCode::kEnslaved:
        case ReasonCode::kSession:
        case ReasonCode::kOpenFd:
        case ReasonCode::kConsole:
        case ReasonCode::kInput:
        case ReasonCode::kSignature:
        case ReasonCode::kUnknownUse:
        case ReasonCode::kFirmwareMemory:
        case ReasonCode::kDeadDevice:
        case ReasonCode::kDriverMismatch:
            return true;
        // What hangs cannot be changed. Unbinding an open VFIO device blocks; the VFs of an unbound
        // PF disappear while in use; the kernel refuses the others anyway; only its rule can lift
        // `protect`.
        case ReasonCode::kStuck:
        case ReasonCode::kProtected:
        case ReasonCode::kVfioOpen:
        case ReasonCode::kGroupNotViable:
        case ReasonCode::kVfsInUse:
        case ReasonCode::kBridge:
        case ReasonCode::kNoIommu:
        case ReasonCode::kNoDriver:
        case ReasonCode::kDriverDenies:
        case ReasonCode::kAmbiguous:
            return false;
    }
    return false;
}

std::vector<std::string_view> forceable_names() {
    std::vector<std::string_view> names;
    for (const auto& [code, name] : kReasons)
        if (is_forceable(code))
            names.emplace_back(name);
    return names;
}

std::string forceable_list() {
    return fmt::format("one of: {}", fmt::join(forceable_names(), ", "));
}

}  // namespace policy
