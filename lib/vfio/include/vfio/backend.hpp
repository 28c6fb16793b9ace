// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "vfio/export.hpp"

namespace vfio {

/// The kernel's interfaces that give devices an address space, best first.
enum class Backend {
    kIommufd,        ///< /dev/iommu and a device's cdev
    kIommufdCompat,  ///< /dev/iommu in the place of a container
    kType1v2,
    kType1,
    kSpaprV2,
    kSpaprV1,
    kNoiommu,  ///< no translation at all
};

/// The order in which backend_selection.hpp tries them.
inline constexpr std::array kBackends{Backend::kIommufd, Backend::kIommufdCompat, Backend::kType1v2,
                                      Backend::kType1,   Backend::kSpaprV2,       Backend::kSpaprV1,
                                      Backend::kNoiommu};

/// "iommufd", "iommufd-compat", "type1v2", "type1", "spapr-v2", "spapr-v1", "noiommu".
[[nodiscard]] VFIO_EXPORT std::string_view name(Backend backend);
[[nodiscard]] VFIO_EXPORT std::optional<Backend> parse_backend(std::string_view text);

}  // namespace vfio
