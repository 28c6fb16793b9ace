// SPDX-License-Identifier: LGPL-2.1-or-later
// The numbers of vfio/abi against the distribution's linux/vfio.h, as far as it defines them.
#include <linux/vfio.h>

#include "vfio/src/abi/abi.hpp"

#include <gtest/gtest.h>

namespace {

using namespace vfio::abi;

TEST(Abi, HasTheNumbersOfTheKernelsHeader) {
    const auto is = [](auto ours, unsigned long theirs) {
        return static_cast<unsigned long>(ours) == theirs;
    };
    EXPECT_TRUE(is(ContainerCall::kGetApiVersion, VFIO_GET_API_VERSION));
    EXPECT_TRUE(is(ContainerCall::kCheckExtension, VFIO_CHECK_EXTENSION));
    EXPECT_TRUE(is(ContainerCall::kSetIommu, VFIO_SET_IOMMU));
    EXPECT_TRUE(is(ContainerCall::kType1GetInfo, VFIO_IOMMU_GET_INFO));
    EXPECT_TRUE(is(ContainerCall::kSpaprGetInfo, VFIO_IOMMU_SPAPR_TCE_GET_INFO));
    EXPECT_TRUE(is(ContainerCall::kMapDma, VFIO_IOMMU_MAP_DMA));
    EXPECT_TRUE(is(ContainerCall::kUnmapDma, VFIO_IOMMU_UNMAP_DMA));
    EXPECT_TRUE(is(ContainerCall::kSpaprEnable, VFIO_IOMMU_ENABLE));
    EXPECT_TRUE(is(ContainerCall::kSpaprDisable, VFIO_IOMMU_DISABLE));
    EXPECT_TRUE(is(ContainerCall::kDirtyPages, VFIO_IOMMU_DIRTY_PAGES));
    EXPECT_TRUE(is(ContainerCall::kSpaprRegisterMemory, VFIO_IOMMU_SPAPR_REGISTER_MEMORY));
    EXPECT_TRUE(is(ContainerCall::kSpaprUnregisterMemory, VFIO_IOMMU_SPAPR_UNREGISTER_MEMORY));
    EXPECT_TRUE(is(ContainerCall::kSpaprTceCreate, VFIO_IOMMU_SPAPR_TCE_CREATE));
    EXPECT_TRUE(is(ContainerCall::kSpaprTceRemove, VFIO_IOMMU_SPAPR_TCE_REMOVE));
    EXPECT_TRUE(is(ContainerCall::kEehPeOp, VFIO_EEH_PE_OP));
    EXPECT_TRUE(is(GroupCall::kGetStatus, VFIO_GROUP_GET_STATUS));
    EXPECT_TRUE(is(GroupCall::kSetContainer, VFIO_GROUP_SET_CONTAINER));
    EXPECT_TRUE(is(GroupCall::kUnsetContainer, VFIO_GROUP_UNSET_CONTAINER));
    EXPECT_TRUE(is(GroupCall::kGetDeviceFd, VFIO_GROUP_GET_DEVICE_FD));
    EXPECT_TRUE(is(DeviceCall::kGetInfo, VFIO_DEVICE_GET_INFO));
    EXPECT_TRUE(is(DeviceCall::kGetRegionInfo, VFIO_DEVICE_GET_REGION_INFO));
    EXPECT_TRUE(is(DeviceCall::kGetIrqInfo, VFIO_DEVICE_GET_IRQ_INFO));
    EXPECT_TRUE(is(DeviceCall::kSetIrqs, VFIO_DEVICE_SET_IRQS));
    EXPECT_TRUE(is(DeviceCall::kReset, VFIO_DEVICE_RESET));
    EXPECT_TRUE(is(DeviceCall::kGetPciHotResetInfo, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO));
    EXPECT_TRUE(is(DeviceCall::kPciHotReset, VFIO_DEVICE_PCI_HOT_RESET));
    EXPECT_TRUE(is(DeviceCall::kQueryGfxPlane, VFIO_DEVICE_QUERY_GFX_PLANE));
    EXPECT_TRUE(is(DeviceCall::kGetGfxDmabuf, VFIO_DEVICE_GET_GFX_DMABUF));
    EXPECT_TRUE(is(DeviceCall::kIoeventfd, VFIO_DEVICE_IOEVENTFD));
    EXPECT_TRUE(is(DeviceCall::kFeature, VFIO_DEVICE_FEATURE));
}

TEST(Abi, HasTheLayoutsOfTheKernelsHeader) {
    EXPECT_EQ(sizeof(CapHeader), sizeof(vfio_info_cap_header));
    EXPECT_EQ(sizeof(DmaMap), sizeof(vfio_iommu_type1_dma_map));
    EXPECT_EQ(sizeof(DmaUnmap), sizeof(vfio_iommu_type1_dma_unmap));
    EXPECT_EQ(sizeof(DirtyBitmapGet), sizeof(vfio_iommu_type1_dirty_bitmap_get));
    EXPECT_EQ(sizeof(Type1CapMigration), sizeof(vfio_iommu_type1_info_cap_migration));
    EXPECT_EQ(sizeof(Type1CapIovaRange), sizeof(vfio_iommu_type1_info_cap_iova_range));
    EXPECT_EQ(sizeof(SpaprInfo), sizeof(vfio_iommu_spapr_tce_info));
    EXPECT_EQ(sizeof(SpaprTceCreate), sizeof(vfio_iommu_spapr_tce_create));
    EXPECT_EQ(sizeof(SpaprMemory), sizeof(vfio_iommu_spapr_register_memory));
    EXPECT_EQ(sizeof(EehPeOp), sizeof(vfio_eeh_pe_op));
    EXPECT_EQ(sizeof(RegionInfo), sizeof(vfio_region_info));
    EXPECT_EQ(sizeof(IrqSet), sizeof(vfio_irq_set));
    EXPECT_EQ(sizeof(GfxPlaneInfo), sizeof(vfio_device_gfx_plane_info));
    EXPECT_EQ(sizeof(Ioeventfd), sizeof(vfio_device_ioeventfd));
    EXPECT_EQ(offsetof(SpaprTceCreate, start_addr),
              offsetof(vfio_iommu_spapr_tce_create, start_addr));
    EXPECT_EQ(offsetof(RegionInfo, cap_offset), offsetof(vfio_region_info, cap_offset));
}

}  // namespace
