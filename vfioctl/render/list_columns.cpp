// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/list_columns.hpp"

#include <algorithm>
#include <array>

#include "base/edit_distance.hpp"
#include "base/join.hpp"
#include "vfioctl/render/device_format.hpp"

namespace vfioctl {
namespace {

constexpr std::array kUsual = {"ADDRESS", "CLASS", "NAME", "DRIVER", "GROUP", "WANTED", "STATE"};

std::string number(const std::optional<int>& value) {
    return value ? std::to_string(*value) : std::string{};
}

std::string id(const std::optional<std::uint16_t>& value) {
    return value ? base::to_hex(*value, 4) : std::string{};
}

std::string name(const ListRow& row) {
    if (row.device->mdev)
        return row.device->mdev->type;  // no database names it
    return full_name(row.names);
}

const policy::Rule* rule(const ListRow& row) {
    return row.decision == nullptr ? nullptr : row.decision->rule;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    });
    return text;
}

const ListColumn* find_column(const std::string& column_name) {
    const std::string wanted = upper(column_name);
    for (const ListColumn& column : list_columns())
        if (column.name == wanted)
            return &column;
    return nullptr;
}

tl::unexpected<Failure> unknown_column(const std::string& column_name) {
    std::vector<std::string_view> names;
    std::string all;
    for (const ListColumn& column : list_columns()) {
        names.push_back(column.name);
        all += (all.empty() ? "" : " ") + std::string(column.name);
    }
    const std::string meant = base::did_you_mean(column_name, names);
    return fail(ExitCode::kUsage, "-o '" + column_name + "'", "unknown column",
                (meant.empty() ? "" : meant + " ") + "columns: " + all);
}

}  // namespace

const std::vector<ListColumn>& list_columns() {
    constexpr auto kLeft = Column::Align::kLeft;
    constexpr auto kRight = Column::Align::kRight;
    constexpr auto kWhole = Column::Fit::kWhole;
    constexpr auto kCut = Column::Fit::kCut;
    static const std::vector<ListColumn> kColumns = {
        {"ADDRESS", "address; BUS/NAME for buses other than PCI", kLeft, kWhole,
         [](const ListRow& r) { return r.device->id.display(); }},
        {"CLASS", "device class, as policies name it", kLeft, kWhole,
         [](const ListRow& r) { return device_class_name(r.device->ids); }},
        {"NAME", "vendor and device by the hardware database", kLeft, kCut, name},
        {"DRIVER", "driver now bound", kLeft, kWhole,
         [](const ListRow& r) { return r.device->driver.value_or(""); }},
        {"GROUP", "IOMMU group", kRight, kWhole,
         [](const ListRow& r) { return number(r.device->iommu_group); }},
        {"WANTED", "driver that the policies want", kLeft, kWhole,
         [](const ListRow& r) { return wanted_driver(r.decision); }},
        {"STATE",
         "unmanaged, bound, pending, refused, conflict, failed or stuck; with it manual, "
         "released, rule-gone, drift or kept",
         kLeft, kWhole, [](const ListRow& r) { return binding::state_text(r.state); }},
        {"VENDOR", "vendor id", kLeft, kWhole,
         [](const ListRow& r) { return id(r.device->ids.vendor); }},
        {"DEVICE", "device id", kLeft, kWhole,
         [](const ListRow& r) { return id(r.device->ids.device); }},
        {"SUBSYSTEM", "subsystem ids", kLeft, kWhole,
         [](const ListRow& r) {
             return id_pair(r.device->ids.subsystem_vendor, r.device->ids.subsystem_device);
         }},
        {"NUMA", "NUMA node", kRight, kWhole,
         [](const ListRow& r) { return number(r.device->numa_node); }},
        {"OVERRIDE", "driver_override", kLeft, kWhole,
         [](const ListRow& r) { return r.device->driver_override.value_or(""); }},
        {"RULE", "rule that decides over the device", kLeft, kWhole,
         [](const ListRow& r) { return rule(r) == nullptr ? std::string{} : rule(r)->name; }},
        {"WHERE", "file and line of that rule", kLeft, kWhole,
         [](const ListRow& r) {
             return rule(r) == nullptr ? std::string{} : rule(r)->where.text();
         }},
        {"REASON", "why the device is in this state", kLeft, kCut,
         [](const ListRow& r) { return r.state.reason.value_or(""); }},
        {"SLOT", "the firmware's slot name", kLeft, kWhole,
         [](const ListRow& r) { return r.device->slot.value_or(""); }},
        {"PATH", "path from the root complex, stable", kLeft, kWhole,
         [](const ListRow& r) { return r.device->path; }},
        {"SERIAL", "serial number (may be slow to read)", kLeft, kWhole,
         [](const ListRow& r) { return r.device->serial.value_or(""); }},
        {"NETDEVS", "network interfaces", kLeft, kWhole,
         [](const ListRow& r) { return base::join(r.device->netdevs, ","); }},
        {"VFIO", "nodes below /dev/vfio: group, cdev", kLeft, kWhole,
         [](const ListRow& r) { return vfio_nodes_text(*r.device); }},
        {"MANAGER", "other tools that manage it", kLeft, kWhole,
         [](const ListRow& r) { return base::join(r.managers, ","); }},
        {"MODULES", "kernel modules that claim it, as lspci -k", kLeft, kWhole,
         [](const ListRow& r) { return base::join(r.modules, ","); }},
        {"BUS", "bus", kLeft, kWhole, [](const ListRow& r) { return r.device->id.bus; }},
        {"MODALIAS", "modalias", kLeft, kWhole,
         [](const ListRow& r) { return r.device->modalias; }},
    };
    return kColumns;
}

std::vector<const ListColumn*> every_column() {
    std::vector<const ListColumn*> out;
    for (const ListColumn& column : list_columns())
        out.push_back(&column);
    return out;
}

CliResult<std::vector<const ListColumn*>> select_columns(
    const std::vector<std::string>& requested) {
    std::vector<const ListColumn*> out;
    const bool adding = std::all_of(requested.begin(), requested.end(),
                                    [](const std::string& w) { return !w.empty() && w[0] == '+'; });
    if (adding)
        for (const char* usual : kUsual)
            out.push_back(find_column(usual));
    for (const std::string& column_name : requested) {
        const std::string bare =
            !column_name.empty() && column_name[0] == '+' ? column_name.substr(1) : column_name;
        const ListColumn* column = find_column(bare);
        if (column == nullptr)
            return unknown_column(bare);
        if (std::find(out.begin(), out.end(), column) == out.end())
            out.push_back(column);
    }
    return out;
}

std::string column_help() {
    std::string out = "Columns, those marked with * by default:\n";
    for (const ListColumn& column : list_columns()) {
        const bool usual = std::find(kUsual.begin(), kUsual.end(), column.name) != kUsual.end();
        std::string left = (usual ? "* " : "  ") + std::string(column.name);
        left.resize(14, ' ');
        out += left + std::string(column.help) + "\n";
    }
    return out;
}

}  // namespace vfioctl
