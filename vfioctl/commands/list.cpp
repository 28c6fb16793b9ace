// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/list.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/exchange/external_managers.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/list_columns.hpp"
#include "vfioctl/render/list_filters.hpp"

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
            const bool cuts_vendor = column->name == "NAME" && !row.names.device.empty();
            line.cells.push_back(
                {column->text(row), style, cuts_vendor ? row.names.vendor.size() : 0});
        }
        table.push_back(std::move(line));
    }
    return render_table(heads, table, terminal, Shape::kList, headings);
}

bool shows(const std::vector<const ListColumn*>& columns, std::string_view name) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const ListColumn* column) { return column->name == name; });
}

/// Beside the contract's fields: who else has to do with the devices, and the modules if that
/// column is asked for.
std::string as_json(const std::vector<ListRow>& rows, const std::vector<const ListColumn*>& columns,
                    const HostAssessment& assessment, const ExternalManagers& external_managers) {
    nlohmann::ordered_json json = json_document();
    auto& devices = json["devices"] = nlohmann::ordered_json::array();
    for (const ListRow& row : rows) {
        devices.push_back(binding::device_json(*row.device, row.names, row.decision, row.state));
        devices.back()["ours"] = row.ours;
        devices.back()["modules"] = shows(columns, "MODULES") ? nlohmann::ordered_json(row.modules)
                                                              : nlohmann::ordered_json(nullptr);
        devices.back()["managers"] = external_managers_json(external_managers, row.device->id);
    }
    json["warnings"] = assessment.warnings;
    return dump(json);
}

CliResult<std::vector<const ListColumn*>> parse_columns(const Arguments& arguments) {
    if (!arguments.has("all-columns"))
        return select_columns(split_commas(arguments.all("output")));
    if (!arguments.all("output").empty())
        return fail(ExitCode::kUsage, "--all-columns", "cannot be used with -o");
    return every_column();
}

/// The modules by a device's alias, each alias looked up once. As plan does, it leaves out those
/// that modprobe's configuration denies.
class ModuleLookup {
  public:
    explicit ModuleLookup(sysfs::Kernel& kernel) : kernel_(kernel) {}
    const std::vector<std::string>& modules(const std::string& modalias) {
        const auto [at, added] = known_.try_emplace(modalias);
        if (added && !modalias.empty())
            at->second = kernel_.modules_for(modalias).value_or(std::vector<std::string>{});
        return at->second;
    }

  private:
    sysfs::Kernel& kernel_;
    std::map<std::string, std::vector<std::string>> known_;
};

/// The columns decide what is read: names, modules and other tools cost time.
std::vector<ListRow> make_rows(CliContext& cli, const HostAssessment& assessment,
                               const std::vector<const sysfs::Device*>& devices,
                               const std::vector<const ListColumn*>& columns,
                               const ExternalManagers& external_managers) {
    sysfs::HardwareDatabase hardware(cli.options.root);
    ModuleLookup modules(cli.kernel);
    const bool named = cli.json() || shows(columns, "NAME");
    const bool with_modules = shows(columns, "MODULES");
    std::vector<ListRow> rows;
    for (const sysfs::Device* device : devices) {
        const policy::Decision* decision = assessment.decision(device->id);
        const bool is_wanted =
            decision != nullptr && decision->outcome == policy::DecisionOutcome::kWanted;
        rows.push_back({.device = device,
                        .decision = decision,
                        .state = assessment.state(*device),
                        .names = named ? hardware_names(hardware, *device) : binding::DeviceNames{},
                        .managers = tool_names(external_managers, device->id),
                        .modules = with_modules ? modules.modules(device->modalias)
                                                : std::vector<std::string>{},
                        .ours = is_wanted || assessment.bound_rules.contains(device->id)});
    }
    return rows;
}

}  // namespace

CliResult<ExitCode> run_list(CliContext& cli, const Arguments& arguments) {
    const auto columns = TRY(parse_columns(arguments));
    const auto filters = TRY(ListFilters::parse(arguments));
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

    const bool managers = cli.json() || shows(columns, "MANAGER");
    const ExternalManagers external_managers =
        managers ? read_external_managers(cli.options.root) : ExternalManagers{};
    std::vector<ListRow> rows = make_rows(cli, assessment, devices, columns, external_managers);
    filters.apply(rows);
    const Headings headings = arguments.has("noheadings") ? Headings::kHidden : Headings::kShown;
    if (cli.json())
        cli.out << as_json(rows, columns, assessment, external_managers);
    else if (rows.empty() && !filters.empty())
        cli.err << "vfioctl: no device matches\n";
    else
        cli.out << as_text(rows, columns, cli.terminal, headings);
    return ExitCode::kDone;
}

}  // namespace vfioctl
