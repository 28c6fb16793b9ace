// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/list.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/exchange/external_managers.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/list_columns.hpp"

/// `vfioctl list`. It runs often and must be quick: the users of a device are not determined (that
/// walks /proc), so a wanted device that is in use is `pending` here and `refused` in `plan`.
namespace vfioctl {
namespace {

/// Without -a: PCI devices, and those of other buses that VFIO or a rule has to do with.
bool is_usual(const sysfs::Device& device, const policy::Decision* decision) {
    return device.id.bus == "pci" || device.mdev.has_value() || device.vfio.has_value() ||
           (decision != nullptr && decision->outcome != policy::DecisionOutcome::kUnmanaged);
}

CliResult<std::vector<const sysfs::Device*>> select_devices(CliContext& cli,
                                                            const HostAssessment& assessment,
                                                            const Arguments& arguments) {
    std::vector<const sysfs::Device*> out;
    if (arguments.words.empty()) {
        for (const sysfs::Device& device : assessment.inventory.devices)
            if (arguments.has("all") || is_usual(device, assessment.decision(device.id)))
                out.push_back(&device);
        return out;
    }
    const auto ids = TRY(resolve_devices(cli, assessment, arguments.words));
    for (const sysfs::DeviceId& id : ids)
        out.push_back(assessment.inventory.find(id));
    return out;
}

std::string as_text(const std::vector<ListRow>& rows, const std::vector<const ListColumn*>& columns,
                    const Terminal& terminal, Headings headings) {
    std::vector<Column> heads;
    for (const ListColumn* column : columns)
        heads.push_back({std::string(column->name), column->align, column->fit});
    std::vector<Row> table;
    for (const ListRow& row : rows) {
        Row line;
        for (const ListColumn* column : columns) {
            const TextStyle style =
                column->name == "STATE" ? state_style(row.state.state) : TextStyle::kNone;
            line.cells.push_back({column->text(row), style});
        }
        table.push_back(std::move(line));
    }
    return render_table(heads, table, terminal, Shape::kList, headings);
}

/// Who else has to do with the devices, beside the contract's fields.
std::string as_json(const std::vector<ListRow>& rows, const HostAssessment& assessment,
                    const ExternalManagers& external_managers) {
    nlohmann::ordered_json json = json_document();
    auto& devices = json["devices"] = nlohmann::ordered_json::array();
    for (const ListRow& row : rows) {
        devices.push_back(binding::device_json(*row.device, row.names, row.decision, row.state));
        devices.back()["managers"] = external_managers_json(external_managers, row.device->id);
    }
    json["warnings"] = assessment.warnings;
    return dump(json);
}

bool shows(const std::vector<const ListColumn*>& columns, std::string_view name) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const ListColumn* column) { return column->name == name; });
}

}  // namespace

CliResult<ExitCode> run_list(CliContext& cli, const Arguments& arguments) {
    const auto columns = TRY(select_columns(split_commas(arguments.all("output"))));
    sysfs::ScanOptions extra;
    extra.brief = !cli.json() && !arguments.has("all") && arguments.words.empty();
    extra.numa_nodes = shows(columns, "NUMA");
    extra.serial = shows(columns, "SERIAL");
    extra.slots = shows(columns, "SLOT");
    auto assessment = TRY(scan_host(cli, extra, OnPolicyError::kWarns));
    TRY(decide(cli, assessment));
    make_plan(cli, assessment, UsageScan::kSkip);
    load_last_results(cli, assessment);
    const auto devices = TRY(select_devices(cli, assessment, arguments));

    sysfs::HardwareDatabase hardware(cli.options.root);
    const bool named = cli.json() || shows(columns, "NAME");
    const bool managers = cli.json() || shows(columns, "MANAGER");
    const ExternalManagers external_managers =
        managers ? read_external_managers(cli.options.root) : ExternalManagers{};
    std::vector<ListRow> rows;
    for (const sysfs::Device* device : devices)
        rows.push_back({.device = device,
                        .decision = assessment.decision(device->id),
                        .state = assessment.state(*device),
                        .names = named ? hardware_names(hardware, *device) : binding::DeviceNames{},
                        .managers = tool_names(external_managers, device->id)});
    const Headings headings = arguments.has("noheadings") ? Headings::kHidden : Headings::kShown;
    cli.out << (cli.json() ? as_json(rows, assessment, external_managers)
                           : as_text(rows, columns, cli.terminal, headings));
    return ExitCode::kDone;
}

}  // namespace vfioctl
