// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// The interface's reason codes, in its order.
enum class ReasonCode {
    kProtected,
    kMounted,
    kSwap,
    kHolder,
    kVfioOpen,
    kDefaultRoute,
    kAddressed,
    kEnslaved,
    kSession,
    kOpenFd,
    kGroupNotViable,
    kConsole,
    kInput,
    kVfsInUse,
    kBridge,
    kSignature,
    kUnknownUse,
    kFirmwareMemory,
    kDeadDevice,
    kDriverMismatch,
    kStuck,
    kNoIommu,
    kNoDriver,
    kDriverDenies,
    kAmbiguous,
};
[[nodiscard]] const char* reason_name(ReasonCode code);
[[nodiscard]] std::optional<ReasonCode> parse_reason_code(std::string_view name);
/// Can `--force` or `in_use: {allow: ...}` lift it? Never what the kernel itself would refuse.
[[nodiscard]] bool is_forceable(ReasonCode code);
[[nodiscard]] std::vector<std::string_view> forceable_names();
[[nodiscard]] std::string forceable_list();  ///< "one of: mounted, swap, ...", for messages

}  // namespace policy
