// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/probe_json.hpp"

#include <bit>
#include <nlohmann/json.hpp>

#include "binding/codec/json.hpp"
#include "vfio/abi/migration.hpp"
#include "vfio/abi/region.hpp"
#include "vfioctl/context/json_document.hpp"

namespace vfioctl {
namespace {

using binding::Json;

Json sizes(std::uint64_t mask) {
    Json out = Json::array();
    for (; mask != 0; mask &= mask - 1)
        out.push_back(std::uint64_t{1} << std::countr_zero(mask));
    return out;
}

/// What the library does not take apart, as hex: a consumer may know more than we do.
std::string raw(const vfio::Capability& capability) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const std::byte b : capability.bytes) {
        out += kDigits[std::to_integer<unsigned>(b) >> 4];
        out += kDigits[std::to_integer<unsigned>(b) & 15];
    }
    return out;
}

Json iommu_json(const ProbeReport& report) {
    Json iommu;
    iommu["pgsizes"] = sizes(report.geometry.page_sizes);
    iommu["iova_ranges"] = Json::array();
    iommu["windows"] = Json::array();
    for (const vfio::Window& window : report.geometry.windows) {
        iommu["iova_ranges"].push_back({window.range.first, window.range.last});
        iommu["windows"].push_back({{"first", window.range.first},
                                    {"last", window.range.last},
                                    {"page_size", window.page_size}});
    }
    iommu["dma_avail"] = binding::or_null(report.geometry.dma_avail);
    iommu["dirty_pgsizes"] = sizes(report.geometry.dirty_page_sizes);
    iommu["ddw"] = nullptr;
    if (report.spapr)
        iommu["ddw"] = {{"pgsizes", sizes(report.spapr->page_sizes)},
                        {"max_windows", report.spapr->max_windows},
                        {"levels", report.spapr->levels}};
    iommu["eeh"] = binding::or_null(report.eeh);
    return iommu;
}

Json zpci_base_json(const vfio::ZpciBase& base) {
    return {{"start_dma", base.start_dma},
            {"end_dma", base.end_dma},
            {"pchid", base.pchid},
            {"vfn", base.vfn},
            {"fmb_length", base.fmb_length},
            {"pft", base.pft},
            {"gid", base.gid},
            {"fh", binding::or_null(base.fh)}};
}

Json zpci_group_json(const vfio::ZpciGroup& group) {
    return {{"dasm", group.dasm},       {"msi_addr", group.msi_addr},
            {"flags", group.flags},     {"mui", group.mui},
            {"noi", group.noi},         {"maxstbl", group.maxstbl},
            {"version", group.version}, {"imaxstbl", binding::or_null(group.imaxstbl)}};
}

Json device_caps_json(const vfio::DeviceInfo& info) {
    Json caps = Json::array();
    for (const vfio::Capability& capability : info.caps.caps) {
        Json one = {{"id", capability.id},
                    {"name", vfio::device_cap_name(capability.id)},
                    {"version", capability.version}};
        if (one["name"] == "zpci-base" && info.zpci_base)
            one.update(zpci_base_json(*info.zpci_base));
        else if (one["name"] == "zpci-group" && info.zpci_group)
            one.update(zpci_group_json(*info.zpci_group));
        else if (one["name"] == "zpci-util" && info.zpci_util)
            one["utility"] = *info.zpci_util;
        else if (one["name"] == "zpci-pfip" && info.zpci_path)
            one["path"] = *info.zpci_path;
        else if (info.atomics && one["name"] == "pci-atomic-completion")
            one.update({{"32", info.atomics->bits32},
                        {"64", info.atomics->bits64},
                        {"128", info.atomics->bits128}});
        else
            one["raw"] = raw(capability);
        caps.push_back(std::move(one));
    }
    return caps;
}

Json region_caps_json(const vfio::Region& region) {
    Json caps = Json::array();
    for (const vfio::Capability& capability : region.caps.caps) {
        Json one = {{"id", capability.id}, {"version", capability.version}};
        if (capability.id == vfio::abi::kRegionCapSparseMmap && region.sparse) {
            one["name"] = "sparse-mmap";
            one["areas"] = Json::array();
            for (const vfio::RegionArea& area : *region.sparse)
                one["areas"].push_back({{"offset", area.offset}, {"size", area.size}});
        } else if (capability.id == vfio::abi::kRegionCapType && region.type) {
            one["name"] = "type";
            one["type"] = region.type->type;
            one["subtype"] = region.type->subtype;
        } else if (capability.id == vfio::abi::kRegionCapMsixMappable) {
            one["name"] = "msix-mappable";
        } else {
            one["name"] = "id " + std::to_string(capability.id);
            one["raw"] = raw(capability);
        }
        caps.push_back(std::move(one));
    }
    return caps;
}

Json flags_json(const vfio::Region& region) {
    Json flags = Json::array();
    if (region.readable())
        flags.push_back("read");
    if (region.writable())
        flags.push_back("write");
    if ((region.flags & vfio::abi::kRegionMmap) != 0)
        flags.push_back("mmap");
    return flags;
}

Json features_json(const ProbeReport& report) {
    Json features = Json::array();
    for (const vfio::FeatureSupport& feature : report.features)
        features.push_back(
            {{"name", vfio::feature_name(feature.id)}, {"get", feature.get}, {"set", feature.set}});
    return features;
}

Json hot_reset_json(const vfio::HotResetScope& scope) {
    Json devices = Json::array();
    for (const vfio::AffectedDevice& device : scope.devices)
        devices.push_back({{"address", device.address},
                           {"group", binding::or_null(device.group)},
                           {"owned", device.owned}});
    return {{"protocol", scope.by_devid ? "cdev" : "group"}, {"devices", std::move(devices)}};
}

}  // namespace

Json probe_json(const ProbeReport& report) {
    Json json = json_document();
    json["name"] = report.device;
    json["backend"] = vfio::name(report.backend);
    json["skipped"] = Json::array();
    for (const vfio::RejectedBackend& skipped : report.skipped)
        json["skipped"].push_back(
            {{"backend", vfio::name(skipped.backend)},
             {"why", skipped.why},
             {"hint", skipped.hint.empty() ? Json(nullptr) : Json(skipped.hint)}});
    json["iommu"] = iommu_json(report);
    json["device"] = {{"flags", vfio::device_flag_names(report.info.flags)},
                      {"caps", device_caps_json(report.info)}};
    json["regions"] = Json::array();
    for (const vfio::Region& region : report.regions)
        json["regions"].push_back({{"index", region.index},
                                   {"name", vfio::region_name(region, report.info.is_pci())},
                                   {"size", region.size},
                                   {"offset", region.offset},
                                   {"flags", flags_json(region)},
                                   {"caps", region_caps_json(region)}});
    json["irqs"] = Json::array();
    for (const vfio::Irq& irq : report.irqs)
        json["irqs"].push_back({{"index", irq.index},
                                {"name", vfio::irq_name(irq.index, report.info.flags)},
                                {"count", irq.count},
                                {"flags", vfio::irq_flag_names(irq.flags)}});
    json["reset"] = {{"device", report.info.can_reset()},
                     {"hot", report.hot_reset ? hot_reset_json(*report.hot_reset) : Json(nullptr)}};
    json["migration"] = nullptr;
    if (report.migration_flags)
        json["migration"] = {
            {"stop_copy", (*report.migration_flags & vfio::abi::kMigrationStopCopy) != 0},
            {"p2p", (*report.migration_flags & vfio::abi::kMigrationP2p) != 0},
            {"pre_copy", (*report.migration_flags & vfio::abi::kMigrationPreCopy) != 0}};
    json["features"] = features_json(report);
    json["pci_caps"] = nullptr;
    if (report.pci_caps) {
        json["pci_caps"] = Json::array();
        for (const vfio::PciCap& cap : report.pci_caps->caps)
            json["pci_caps"].push_back(
                {{"offset", cap.offset}, {"id", cap.id}, {"name", vfio::pci_cap_name(cap)}});
    }
    return json;
}

}  // namespace vfioctl
