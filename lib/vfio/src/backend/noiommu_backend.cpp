// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/src/backend/noiommu_backend.hpp"

#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {

NoiommuBackend::~NoiommuBackend() = default;

Result<void> NoiommuBackend::map(const MappedRange& piece) {
    return unsupported("map " + text(piece.iova),
                       "there is no translation: the device sees physical addresses");
}

Result<void> NoiommuBackend::attach_group(const GroupFd& group, const std::string& object) {
    return container_.add(group, object);
}

Result<void> NoiommuBackend::detach_group(const GroupFd& group, const std::string& object) {
    return container_.remove(group, object);
}

}  // namespace vfio
