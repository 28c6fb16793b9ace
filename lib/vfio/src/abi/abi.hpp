// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

// All of the VFIO side of the ABI; iommufd's is in iommufd.hpp, hwpt.hpp and viommu.hpp.
#include "vfio/abi/capability.hpp"
#include "vfio/abi/container.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/abi/feature.hpp"
#include "vfio/abi/group.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/abi/pci.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/abi/spapr.hpp"
#include "vfio/src/abi/gfx_plane.hpp"
#include "vfio/src/abi/s390.hpp"
