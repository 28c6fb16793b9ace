// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/columns.hpp"

#include <algorithm>
#include <array>

#include "policy/near.hpp"
#include "vfioctl/device_words.hpp"

namespace vfioctl {
namespace {

constexpr std::array kUsual = {"ADDRESS", "CLASS", "NAME", "DRIVER", "GROUP", "WANTED", "STATE"};

std::string number(const std::optional<int>& value) {
    return value ? std::to_string(*value) : std::string{};
}

std::string id(const std::optional<std::uint16_t>& value) {
    return value ? sysfs::hex(*value, 4) : std::string{};
}

std::string name(const Listed& row) {
    if (row.device->mdev)
        return row.device->mdev->type;  // no database names it
    return full_name(row.names);
}

const policy::Rule* rule(const Listed& row) {
    return row.decision == nullptr ? nullptr : row.decision->rule;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : ",") + word;
    return out;
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    });
    return text;
}

const ListColumn* find_column(const std::string& wish) {
    const std::string wanted = upper(wish);
    for (const ListColumn& column : list_columns())
        if (column.name == wanted)
            return &column;
    return nullptr;
}

tl::unexpected<Failure> unknown_column(const std::string& wish) {
    std::vector<std::string_view> names;
    std::string all;
    for (const ListColumn& column : list_columns()) {
        names.push_back(column.name);
        all += (all.empty() ? "" : " ") + std::string(column.name);
    }
    const std::string meant = policy::did_you_mean(wish, names);
    return fail(ExitCode::kUsage, "-o '" + wish + "'", "unknown column",
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
         [](const Listed& r) { return r.device->id.display(); }},
        {"CLASS", "device class, as policies name it", kLeft, kWhole,
         [](const Listed& r) { return class_word(r.device->ids); }},
        {"NAME", "vendor and device by the hardware database", kLeft, kCut, name},
        {"DRIVER", "driver now bound", kLeft, kWhole,
         [](const Listed& r) { return r.device->driver.value_or(""); }},
        {"GROUP", "IOMMU group", kRight, kWhole,
         [](const Listed& r) { return number(r.device->iommu_group); }},
        {"WANTED", "driver that the policies want", kLeft, kWhole,
         [](const Listed& r) { return wanted_driver(r.decision); }},
        {"STATE", "unmanaged, bound, pending, refused, conflict, failed or stuck", kLeft, kWhole,
         [](const Listed& r) { return r.state.state; }},
        {"VENDOR", "vendor id", kLeft, kWhole, [](const Listed& r) { return id(r.device->ids.vendor); }},
        {"DEVICE", "device id", kLeft, kWhole, [](const Listed& r) { return id(r.device->ids.device); }},
        {"SUBSYSTEM", "subsystem ids", kLeft, kWhole,
         [](const Listed& r) {
             return id_pair(r.device->ids.subsystem_vendor, r.device->ids.subsystem_device);
         }},
        {"NUMA", "NUMA node", kRight, kWhole,
         [](const Listed& r) { return number(r.device->numa_node); }},
        {"OVERRIDE", "driver_override", kLeft, kWhole,
         [](const Listed& r) { return r.device->driver_override.value_or(""); }},
        {"RULE", "rule that decides over the device", kLeft, kWhole,
         [](const Listed& r) { return rule(r) == nullptr ? std::string{} : rule(r)->name; }},
        {"WHERE", "file and line of that rule", kLeft, kWhole,
         [](const Listed& r) { return rule(r) == nullptr ? std::string{} : rule(r)->where.text(); }},
        {"REASON", "why the device is in this state", kLeft, kCut,
         [](const Listed& r) { return r.state.reason.value_or(""); }},
        {"SLOT", "the firmware's slot name", kLeft, kWhole,
         [](const Listed& r) { return r.device->slot.value_or(""); }},
        {"PATH", "path from the root complex, stable", kLeft, kWhole,
         [](const Listed& r) { return r.device->path; }},
        {"SERIAL", "serial number (may be slow to read)", kLeft, kWhole,
         [](const Listed& r) { return r.device->serial.value_or(""); }},
        {"NETDEVS", "network interfaces", kLeft, kWhole,
         [](const Listed& r) { return joined(r.device->netdevs); }},
        {"VFIO", "nodes below /dev/vfio: group, cdev", kLeft, kWhole,
         [](const Listed& r) { return vfio_words(*r.device); }},
        {"MANAGER", "other tools that have to do with it", kLeft, kWhole,
         [](const Listed& r) { return joined(r.managers); }},
        {"BUS", "bus", kLeft, kWhole, [](const Listed& r) { return r.device->id.bus; }},
        {"MODALIAS", "modalias", kLeft, kWhole, [](const Listed& r) { return r.device->modalias; }},
    };
    return kColumns;
}

Outcome<std::vector<const ListColumn*>> choose_columns(const std::vector<std::string>& wishes) {
    std::vector<const ListColumn*> out;
    const bool adding = std::all_of(wishes.begin(), wishes.end(),
                                    [](const std::string& w) { return !w.empty() && w[0] == '+'; });
    if (adding)
        for (const char* usual : kUsual)
            out.push_back(find_column(usual));
    for (const std::string& wish : wishes) {
        const std::string bare = !wish.empty() && wish[0] == '+' ? wish.substr(1) : wish;
        const ListColumn* column = find_column(bare);
        if (column == nullptr)
            return unknown_column(bare);
        if (std::find(out.begin(), out.end(), column) == out.end())
            out.push_back(column);
    }
    return out;
}

}  // namespace vfioctl
