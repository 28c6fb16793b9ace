// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/noiommu_backing.hpp"

#include "vfio/error.hpp"

namespace vfio {

NoiommuBacking::~NoiommuBacking() = default;

Result<void> NoiommuBacking::map(const Mapped& piece) {
    return unsupported("map " + text(piece.iova),
                       "there is no translation: the device sees physical addresses");
}

Result<void> NoiommuBacking::attach_group(const GroupFd& group, const std::string& object) {
    return container_.add(group, object);
}

Result<void> NoiommuBacking::detach_group(const GroupFd& group, const std::string& object) {
    return container_.remove(group, object);
}

}  // namespace vfio
