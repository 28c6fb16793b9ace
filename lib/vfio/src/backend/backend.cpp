// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/backend.hpp"

namespace vfio {

std::string_view name(Backend backend) {
    switch (backend) {
        case Backend::kIommufd:
            return "iommufd";
        case Backend::kIommufdCompat:
            return "iommufd-compat";
        case Backend::kType1v2:
            return "type1v2";
        case Backend::kType1:
            return "type1";
        case Backend::kSpaprV2:
            return "spapr-v2";
        case Backend::kSpaprV1:
            return "spapr-v1";
        case Backend::kNoiommu:
            return "noiommu";
    }
    return "";
}

std::optional<Backend> parse_backend(std::string_view text) {
    for (const Backend backend : kBackends)
        if (name(backend) == text)
            return backend;
    return std::nullopt;
}

}  // namespace vfio
