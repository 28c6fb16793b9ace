// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/mapping.hpp"

#include <utility>

#include "vfio/address_space.hpp"

namespace vfio {

Mapping::Mapping(Mapping&& other) noexcept
    : space_(std::move(other.space_)),
      mapped_(other.mapped_),
      owns_(std::exchange(other.owns_, false)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    if (this != &other) {
        static_cast<void>(unmap());
        space_ = std::move(other.space_);
        mapped_ = other.mapped_;
        owns_ = std::exchange(other.owns_, false);
    }
    return *this;
}

Mapping::~Mapping() {
    static_cast<void>(unmap());
}

Result<std::uint64_t> Mapping::unmap() {
    if (!std::exchange(owns_, false))
        return 0;
    const auto space = space_.lock();
    return space ? space->unmap(mapped_.iova.first, mapped_.iova.length()) : 0;
}

MappedRange Mapping::release() {
    owns_ = false;
    return mapped_;
}

}  // namespace vfio
