// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/columns.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/device_words.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/neighbours.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/world.hpp"

/// `vfioctl list`. It is asked often and must be quick: who uses a device is not looked up (that walks
/// /proc), so a device that is wanted but in use reads `pending` here and `refused` in `plan`.
namespace vfioctl {
namespace {

/// Without -a: PCI devices, and those of other buses that VFIO or a rule has to do with.
bool is_usual(const sysfs::Device& device, const policy::Decision* decision) {
    return device.id.bus == "pci" || device.mdev.has_value() || device.vfio.has_value() ||
           (decision != nullptr && decision->outcome != policy::Outcome::kUnmanaged);
}

Outcome<std::vector<const sysfs::Device*>> chosen(const World& world, const Arguments& arguments) {
    std::vector<const sysfs::Device*> out;
    if (arguments.words.empty()) {
        for (const sysfs::Device& device : world.inventory.devices)
            if (arguments.has("all") || is_usual(device, world.decision(device.id)))
                out.push_back(&device);
        return out;
    }
    const auto ids = devices_of(world, arguments.words);
    if (!ids)
        return propagate(ids);
    for (const sysfs::DeviceId& id : *ids)
        out.push_back(world.inventory.find(id));
    return out;
}

std::string as_text(const std::vector<Listed>& rows, const std::vector<const ListColumn*>& columns,
                    const Screen& screen, Headings headings) {
    std::vector<Column> heads;
    for (const ListColumn* column : columns)
        heads.push_back({std::string(column->name), column->align, column->fit});
    std::vector<Row> table;
    for (const Listed& row : rows) {
        Row line;
        for (const ListColumn* column : columns) {
            const Tint tint = column->name == "STATE" ? tint_of(row.state.state) : Tint::kNone;
            line.cells.push_back({column->text(row), tint});
        }
        table.push_back(std::move(line));
    }
    return render_table(heads, table, screen, Shape::kList, headings);
}

/// Who else has to do with the devices, beside the contract's fields.
std::string as_json(const std::vector<Listed>& rows, const World& world,
                    const Neighbours& neighbours) {
    nlohmann::ordered_json json = document();
    auto& devices = json["devices"] = nlohmann::ordered_json::array();
    for (const Listed& row : rows) {
        devices.push_back(binding::device_json(*row.device, row.names, row.decision, row.state));
        devices.back()["managers"] = neighbours_json(neighbours, row.device->id);
    }
    json["warnings"] = world.warnings;
    return dump(json);
}

bool shows(const std::vector<const ListColumn*>& columns, std::string_view name) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const ListColumn* column) { return column->name == name; });
}

}  // namespace

Outcome<ExitCode> run_list(Session& session, const Arguments& arguments) {
    const auto columns = choose_columns(split_commas(arguments.all("output")));
    if (!columns)
        return propagate(columns);
    sysfs::Wanted extra;
    extra.brief = !session.json() && !arguments.has("all") && arguments.words.empty();
    extra.numa_nodes = shows(*columns, "NUMA");
    extra.serial = shows(*columns, "SERIAL");
    extra.slots = shows(*columns, "SLOT");
    auto world = see_host(session, extra, BadPolicy::kWarns);
    if (!world)
        return propagate(world);
    if (auto decided = decide(session, *world); !decided)
        return propagate(decided);
    make_plan(session, *world, UseScan::kSkip);
    recall(session, *world);
    const auto devices = chosen(*world, arguments);
    if (!devices)
        return propagate(devices);

    sysfs::HardwareDatabase hardware(session.options.root);
    const bool named = session.json() || shows(*columns, "NAME");
    const bool managers = session.json() || shows(*columns, "MANAGER");
    const Neighbours neighbours = managers ? read_neighbours(session.options.root) : Neighbours{};
    std::vector<Listed> rows;
    for (const sysfs::Device* device : *devices)
        rows.push_back({.device = device,
                        .decision = world->decision(device->id),
                        .state = world->state(*device),
                        .names = named ? names_of(hardware, *device) : binding::HardwareNames{},
                        .managers = tools_of(neighbours, device->id)});
    const Headings headings = arguments.has("noheadings") ? Headings::kHidden : Headings::kShown;
    session.out << (session.json() ? as_json(rows, *world, neighbours)
                                   : as_text(rows, *columns, session.screen, headings));
    return ExitCode::kDone;
}

}  // namespace vfioctl
