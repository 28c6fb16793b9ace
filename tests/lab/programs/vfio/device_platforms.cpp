// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <algorithm>

#include "device_checks.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/eeh.hpp"
#include "vfio/spapr_container.hpp"

using namespace vfio;

void check_zpci(Checks& checks, VfioDevice& device) {
    const DeviceInfo& info = device.info();
    std::vector<std::uint16_t> ids;
    for (const Capability& capability : info.caps.caps) {
        ids.push_back(capability.id);
        std::printf("# capability %s, version %u\n", device_cap_name(capability.id).c_str(),
                    capability.version);
    }
    checks.that(info.caps.defect.empty(), "the chain of capabilities is sound", info.caps.defect);
    checks.that(ids == std::vector<std::uint16_t>{abi::kDeviceCapZpciBase, abi::kDeviceCapZpciGroup,
                                                  abi::kDeviceCapZpciPfip},
                "base, group and path are reported");
    if (!info.zpci_base || !info.zpci_group || !info.zpci_path)
        return checks.that(false, "they parse");
    std::printf("# DMA %#llx-%#llx, pchid %#x, vfn %u, pft %u, gid %u, fh %#x\n",
                static_cast<unsigned long long>(info.zpci_base->start_dma),
                static_cast<unsigned long long>(info.zpci_base->end_dma), info.zpci_base->pchid,
                info.zpci_base->vfn, info.zpci_base->pft, info.zpci_base->gid,
                info.zpci_base->fh.value_or(0));
    std::printf("# MSI at %#llx, %u interrupts, store blocks of %u, version %u\n",
                static_cast<unsigned long long>(info.zpci_group->msi_addr), info.zpci_group->noi,
                info.zpci_group->maxstbl, info.zpci_group->version);
    checks.that(info.zpci_base->start_dma < info.zpci_base->end_dma, "DMA has a range");
    checks.that(info.zpci_base->fh.value_or(0) != 0, "the function has a handle (version 2)");
    checks.that(info.zpci_group->noi > 0, "the group has interrupts");
    checks.that(info.zpci_group->imaxstbl.has_value(), "and its length of stores (version 2)");
    checks.that(info.zpci_path->size() == 4, "the path has four segments");
}

void check_eeh(Checks& checks, VfioDevice& device) {
    SpaprContainer* const spapr = spapr_container(*device.space());
    if (spapr == nullptr)
        return checks.that(false, "the address space is SPAPR's, v2");
    auto eeh = Eeh::enable(spapr->container(), device.name());
    if (!checks.works(eeh, "EEH is enabled"))
        return;
    checks.that(eeh->state() == abi::EehState::kNormal, "the endpoint is in order");
    checks.works(eeh->assert_reset(Eeh::Reset::kHot), "a hot reset begins");
    const auto during = eeh->state();
    std::printf("# state: %s\n", during ? eeh_state_name(*during).c_str() : "none");
    ::usleep(250'000);
    checks.works(eeh->deassert_reset(), "and ends");
    checks.works(eeh->configure(), "the bridges are configured");
    checks.that(eeh->state() == abi::EehState::kNormal, "the endpoint is in order again");
    // 32-bit load error on a memory address: QEMU's platform may not be able to.
    const auto injected = eeh->inject({.type = 0, .func = 0, .addr = 0, .mask = 0});
    std::printf("# inject: %s\n", injected ? "done" : injected.error().text().c_str());
    if (injected) {
        const auto after = eeh->state();
        std::printf("# state: %s\n", after ? eeh_state_name(*after).c_str() : "none");
    }
    checks.works(eeh->disable(), "EEH is disabled");
}
