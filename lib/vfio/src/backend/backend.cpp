// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/backend.hpp"

#include "base/name_table.hpp"

namespace vfio {

constexpr base::NameTable<Backend::kNoiommu> kBackendNames{
    "iommufd", "iommufd-compat", "type1v2", "type1", "spapr-v2", "spapr-v1", "noiommu"};

std::string_view name(Backend backend) {
    return kBackendNames[backend];
}

std::optional<Backend> parse_backend(std::string_view text) {
    for (const Backend backend : kBackends)
        if (name(backend) == text)
            return backend;
    return std::nullopt;
}

}  // namespace vfio
