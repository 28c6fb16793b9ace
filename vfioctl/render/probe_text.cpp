// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/probe_text.hpp"

#include <bit>

#include "base/join.hpp"
#include "vfio/abi/device.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/iova_range.hpp"
#include "vfioctl/render/key_value_list.hpp"

namespace vfioctl {
namespace {

/// "4K", "2M", "1G", or bytes.
std::string size_text(std::uint64_t bytes) {
    for (const auto& [shift, unit] : {std::pair{40, "T"}, {30, "G"}, {20, "M"}, {10, "K"}})
        if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0)
            return std::to_string(bytes >> shift) + unit;
    return std::to_string(bytes);
}

/// Page sizes as a list; a mask of all sizes from one on as "4K and larger".
std::string sizes_text(std::uint64_t mask) {
    if (mask == 0)
        return {};
    const int lowest = std::countr_zero(mask);
    if (std::countr_one(mask >> lowest) > 8)
        return size_text(std::uint64_t{1} << lowest) + " and larger";
    std::string out;
    for (; mask != 0; mask &= mask - 1)
        out += (out.empty() ? "" : ", ") + size_text(std::uint64_t{1} << std::countr_zero(mask));
    return out;
}

std::vector<std::string> skipped_lines(const ProbeReport& report) {
    std::vector<std::string> lines;
    for (const vfio::RejectedBackend& skipped : report.skipped)
        lines.push_back(std::string(vfio::name(skipped.backend)) + ": " + skipped.why +
                        (skipped.hint.empty() ? "" : " (" + skipped.hint + ")"));
    return lines;
}

void add_iommu(KeyValueList& list, const ProbeReport& report) {
    list.add("page sizes", sizes_text(report.geometry.page_sizes));
    std::vector<std::string> ranges;
    for (const vfio::Window& window : report.geometry.windows)
        ranges.push_back(vfio::text(window.range) +
                         (report.spapr ? ", pages of " + size_text(window.page_size) : ""));
    list.add(report.spapr ? "windows" : "IOVA ranges", ranges);
    if (report.geometry.dma_avail)
        list.add("mappings left", std::to_string(*report.geometry.dma_avail));
    list.add("dirty tracking", sizes_text(report.geometry.dirty_page_sizes));
    if (report.spapr) {
        list.add("DDW page sizes", sizes_text(report.spapr->page_sizes));
        list.add("DDW windows", std::to_string(report.spapr->max_windows) + " at most, " +
                                    std::to_string(report.spapr->levels) + " levels");
    }
    if (report.eeh)
        list.add("EEH", std::string(*report.eeh ? "offered" : "not offered"));
}

std::string path_text(const std::vector<std::uint8_t>& segments) {
    return base::join(segments, " ",
                      [](const std::uint8_t segment) { return vfio::hex_text(segment); });
}

std::string widths_text(const vfio::AtomicCompletion& atomics) {
    std::string out;
    for (const auto& [there, bits] :
         {std::pair{atomics.bits32, "32"}, {atomics.bits64, "64"}, {atomics.bits128, "128"}})
        if (there)
            out += (out.empty() ? "" : ", ") + std::string(bits);
    return out.empty() ? "none" : out + " bits";
}

std::vector<std::string> cap_lines(const vfio::DeviceInfo& info) {
    std::vector<std::string> lines;
    for (const vfio::Capability& capability : info.caps.caps) {
        std::string line =
            vfio::device_cap_name(capability.id) + " v" + std::to_string(capability.version);
        if (info.zpci_base && line.starts_with("zpci-base"))
            line += ": DMA " + vfio::text({info.zpci_base->start_dma, info.zpci_base->end_dma}) +
                    ", pchid " + vfio::hex_text(info.zpci_base->pchid) + ", vfn " +
                    std::to_string(info.zpci_base->vfn) + ", pft " +
                    std::to_string(info.zpci_base->pft) +
                    (info.zpci_base->fh ? ", fh " + vfio::hex_text(*info.zpci_base->fh) : "");
        else if (info.zpci_group && line.starts_with("zpci-group"))
            line += ": MSI at " + vfio::hex_text(info.zpci_group->msi_addr) + ", " +
                    std::to_string(info.zpci_group->noi) + " interrupts, store blocks of " +
                    std::to_string(info.zpci_group->maxstbl);
        else if (info.zpci_util && line.starts_with("zpci-util"))
            line += ": \"" + *info.zpci_util + "\"";
        else if (info.zpci_path && line.starts_with("zpci-pfip"))
            line += ": path " + path_text(*info.zpci_path);
        else if (info.atomics && capability.id == vfio::abi::kDeviceCapPciAtomicComp)
            line += ": " + widths_text(*info.atomics);
        lines.push_back(std::move(line));
    }
    if (!info.caps.defect.empty())
        lines.push_back("the chain is malformed: " + info.caps.defect);
    return lines;
}

std::string region_line(const vfio::Region& region, bool is_pci) {
    std::string line = vfio::region_name(region, is_pci) + ": " + size_text(region.size) + " at " +
                       vfio::hex_text(region.offset) + ",";
    if (region.readable())
        line += " read";
    if (region.writable())
        line += " write";
    if ((region.flags & vfio::abi::kRegionMmap) != 0)
        line += " mmap";
    if (region.sparse) {
        line += "; maps";
        for (const vfio::RegionArea& area : *region.sparse)
            line += " " + vfio::hex_text(area.offset) + "+" + size_text(area.size);
    }
    if (region.msix_mappable)
        line += "; MSI-X table mappable";
    for (const vfio::Capability& capability : region.caps.caps)
        if (capability.id > vfio::abi::kRegionCapNvlink2Lnkspd)
            line += "; capability " + std::to_string(capability.id);
    return line;
}

std::string reset_text(const ProbeReport& report) {
    if (!report.info.is_pci())
        return report.info.can_reset() ? "the device alone" : "none";
    std::string text = report.info.can_reset() ? "the device alone" : "";
    if (!report.hot_reset)
        return text.empty() ? "none; " + report.no_hot_reset : text;
    text += (text.empty() ? "" : "; ") + std::string("hot reset with");
    for (const vfio::AffectedDevice& device : report.hot_reset->devices)
        text += " " + device.address;
    return text;
}

std::vector<std::string> feature_words(const ProbeReport& report) {
    std::vector<std::string> words;
    for (const vfio::FeatureSupport& feature : report.features)
        words.push_back(vfio::feature_name(feature.id));
    return words;
}

std::string migration_text(std::uint64_t flags) {
    std::string text = (flags & vfio::abi::kMigrationStopCopy) != 0 ? "stop-copy" : "";
    if ((flags & vfio::abi::kMigrationPreCopy) != 0)
        text += ", pre-copy";
    if ((flags & vfio::abi::kMigrationP2p) != 0)
        text += ", P2P";
    return text;
}

}  // namespace

std::string probe_text(const ProbeReport& report) {
    KeyValueList list;
    list.add("backend", std::string(vfio::name(report.backend)));
    list.add("skipped", skipped_lines(report));
    add_iommu(list, report);
    list.add("device", base::join(vfio::device_flag_names(report.info.flags), ", "));
    list.add("capabilities", cap_lines(report.info));
    std::vector<std::string> regions;
    for (const vfio::Region& region : report.regions)
        regions.push_back(region_line(region, report.info.is_pci()));
    list.add("regions", regions);
    std::vector<std::string> irqs;
    for (const vfio::Irq& irq : report.irqs)
        irqs.push_back(vfio::irq_name(irq.index, report.info.flags) + ": " +
                       std::to_string(irq.count) + " (" +
                       base::join(vfio::irq_flag_names(irq.flags), ", ") + ")");
    list.add("interrupts", irqs);
    list.add("reset", reset_text(report));
    if (report.migration_flags)
        list.add("migration", migration_text(*report.migration_flags));
    list.add("features", report.features.empty() ? std::string("none")
                                                 : base::join(feature_words(report), ", "));
    if (report.pci_caps) {
        std::vector<std::string> caps;
        for (const vfio::PciCap& cap : report.pci_caps->caps)
            caps.push_back(vfio::pci_cap_name(cap));
        list.add("PCI capabilities", base::join(caps, ", "));
    }
    return report.device + "\n" + list.text();
}

}  // namespace vfioctl
