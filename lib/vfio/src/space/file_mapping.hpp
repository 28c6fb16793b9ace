// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

#include "vfio/src/space/address_space_impl.hpp"

namespace vfio {

/// AddressSpace::map_file(), with its lock held.
[[nodiscard]] Result<MappedRange> map_file(AddressSpace::Impl& space, const FileRequest& request);

/// Maps here what `from` has mapped as `source`: by the kernel's own copy where both are of one
/// iommufd, else by its address. With the lock held.
[[nodiscard]] Result<MappedRange> share_mapping(AddressSpace::Impl& space, IommuBackend& from,
                                                const MappedRange& source,
                                                std::optional<std::uint64_t> iova);

}  // namespace vfio
