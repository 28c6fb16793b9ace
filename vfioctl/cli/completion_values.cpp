// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/completion_values.hpp"

#include <algorithm>

#include "base/join.hpp"
#include "binding/journal/history.hpp"
#include "binding/mdevctl/mdev_store.hpp"
#include "binding/report/history_report.hpp"
#include "policy/model/class_and_kernel_match.hpp"
#include "policy/model/reason_code.hpp"
#include "sysfs/device/buses.hpp"
#include "sysfs/device/device_dir.hpp"
#include "sysfs/module/aliases.hpp"
#include "vfio/backend.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"
#include "vfioctl/render/device_format.hpp"
#include "vfioctl/render/list_columns.hpp"

/// Everything is read from directories, links and attributes that take no lock: a device that hangs
/// in the kernel holds its own lock, and `driver_override` and `uevent` wait for it.
namespace vfioctl {
namespace {

using CompletionValues = std::vector<CompletionPlace::Value>;
/// None when it cannot be read.
std::vector<std::string> names_in(const CliContext& cli, const std::string& directory) {
    const auto dir = base::Dir::open(cli.options.root.path(directory));
    const auto names = dir ? dir->entries() : base::propagate(dir);
    return names.value_or(std::vector<std::string>{});
}

std::string device_summary(const base::Dir& devices, const std::string& bus,
                           const std::string& name, sysfs::HardwareDatabase& hardware) {
    const auto id = [&](const char* attribute) {
        const auto text = devices.attr(name + "/" + attribute);
        return text ? sysfs::parse_hardware_id(*text) : std::nullopt;
    };
    sysfs::Device device;
    device.id = {bus, name};
    device.driver = devices.link_name(name + "/driver");
    if (const auto code = id("class"))
        device.ids.class_code = static_cast<std::uint32_t>(*code);
    const auto vendor = id("vendor");
    const auto product = id("device");
    if (vendor && product) {
        device.ids.vendor = static_cast<std::uint16_t>(*vendor);
        device.ids.device = static_cast<std::uint16_t>(*product);
    }
    const std::string full = full_name(hardware_names(hardware, device));
    return (full.empty() ? device_class_name(device.ids) : full) + ", " +
           device.driver.value_or("no driver");
}

/// Addresses, with the domain or as they are typed without it, and network interfaces.
void add_devices(CliContext& cli, const std::string& word, CompletionValues& values) {
    const auto which =
        word.find('/') == std::string::npos ? sysfs::BusFilter::kVfio : sysfs::BusFilter::kAll;
    const auto buses = sysfs::read_buses(cli.options.root, which);
    if (!buses)
        return;
    sysfs::HardwareDatabase hardware(cli.options.root);
    for (const sysfs::DeviceBus& bus : *buses)
        for (const std::string& name : bus.names) {
            const bool is_pci = bus.name == "pci";
            const bool short_form =
                is_pci && !word.empty() && name.starts_with("0000:" + word) && name != word;
            std::string text = is_pci && !word.starts_with("pci/") ? name : bus.name + "/" + name;
            if (short_form && !name.starts_with(word))
                text = name.substr(5);
            if (bus.name == "mdev" && word.find('/') == std::string::npos)
                text = name;  // a UUID is a device's name by itself
            if (text.starts_with(word))
                values.push_back({text, device_summary(bus.devices, bus.name, name, hardware)});
        }
    const auto interfaces = base::Dir::open(cli.options.root.path("/sys/class/net"));
    for (const std::string& name : names_in(cli, "/sys/class/net"))
        if (const auto device = interfaces->link_name(name + "/device"))
            values.push_back({name, "network interface of " + *device});
}

void add_groups(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string& group : names_in(cli, "/sys/kernel/iommu_groups"))
        values.push_back(
            {group,
             "group of " +
                 base::join(names_in(cli, "/sys/kernel/iommu_groups/" + group + "/devices"), " ")});
}

void add_mdevs(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string& uuid : names_in(cli, "/sys/bus/mdev/devices"))
        values.push_back({uuid, "running"});
    for (const auto& mdev : binding::MdevStore(cli.options.root).list({}).definitions)
        values.push_back({mdev.uuid, mdev.type + " on " + mdev.parent});
}

void add_mdev_parents(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string& parent : names_in(cli, "/sys/class/mdev_bus"))
        values.push_back({parent, "parent of mediated devices"});
}

void add_mdev_types(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    const std::string parents = "/sys/class/mdev_bus/";
    for (const std::string& parent : names_in(cli, parents))
        for (const std::string& type : names_in(cli, parents + parent + "/mdev_supported_types"))
            values.push_back({type, "on " + parent});
}

/// Those of policies, those that are registered, and VFIO's variants that could be loaded.
void add_drivers(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    for (const auto& [name, help] :
         {std::pair{"auto", "the best VFIO driver"}, std::pair{"host", "the native driver"},
          std::pair{"none", "no driver"}})
        values.push_back({name, help});
    std::vector<std::string> warnings;
    for (const auto& generic : sysfs::generic_vfio_drivers())
        values.push_back({generic.driver, "VFIO driver for " + generic.bus});
    for (const auto& alias : sysfs::read_aliases(cli.options.root, warnings))
        values.push_back({alias.module, "VFIO driver module"});
    for (const std::string& bus : names_in(cli, "/sys/bus"))
        for (const std::string& driver : names_in(cli, "/sys/bus/" + bus + "/drivers"))
            values.push_back({driver, "driver on " + bus});
}

void add_rules(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    for (const policy::Rule& rule : load_policies_for(cli, {}).set.rules)
        values.push_back({rule.name, rule.where.text()});
}

void add_transactions(CliContext& cli, const std::string& /*word*/, CompletionValues& values) {
    auto history = binding::read_history(cli.state).value_or(std::vector<binding::HistoryEntry>{});
    std::reverse(history.begin(), history.end());
    for (const binding::HistoryEntry& entry : history)
        values.push_back(
            {entry.txn, binding::format_time(entry.time_us) + " " + entry.action + " " +
                            base::join(entry.devices, " ", &sysfs::DeviceId::display)});
}

/// In the case that is typed; "+COL" adds to the usual ones.
void add_columns(CliContext& /*cli*/, const std::string& word, CompletionValues& values) {
    const bool lower = std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a'; });
    const std::string plus = word.starts_with('+') ? "+" : "";
    for (const ListColumn& column : list_columns()) {
        std::string name(column.name);
        if (lower)
            for (char& c : name)
                c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        values.push_back({plus + name, std::string(column.help)});
    }
}

void add_classes(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string_view name : policy::class_names())
        values.push_back({std::string(name), ""});
}

void add_states(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string_view state : binding::kDeviceStates)
        values.push_back({std::string(state), ""});
}

void add_results(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    using policy::StepResult;
    for (const StepResult result : {StepResult::kDone, StepResult::kRolledBack, StepResult::kFailed,
                                    StepResult::kStuck, StepResult::kSkipped})
        values.push_back({policy::step_result_name(result), ""});
}

void add_reasons(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    for (const std::string_view name : policy::forceable_names())
        values.push_back({std::string(name), ""});
}

void add_backends(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    for (const vfio::Backend backend : vfio::kBackends)
        values.push_back({std::string(vfio::name(backend)), ""});
}

void add_files(CliContext& /*cli*/, const std::string& /*word*/, CompletionValues& values) {
    values.push_back({":files", ""});
}

enum class Separator { kNone, kComma };
/// What an argument of the table of commands stands for.
struct ArgumentValues {
    std::string_view name;
    void (*add)(CliContext&, const std::string& word, CompletionValues&);
    Separator separator = Separator::kNone;  ///< kComma: a list
};

constexpr ArgumentValues kArguments[] = {
    {"DEVICE", add_devices},
    {"GROUP", add_groups, Separator::kComma},
    {"UUID", add_mdevs},
    {"PARENT", add_mdev_parents},
    {"TYPE", add_mdev_types},
    {"D", add_drivers, Separator::kComma},
    {"RULE", add_rules, Separator::kComma},
    {"TXN", add_transactions},
    {"COLS", add_columns, Separator::kComma},
    {"CLASS", add_classes, Separator::kComma},
    {"STATE", add_states, Separator::kComma},
    {"RESULT", add_results, Separator::kComma},
    {"REASON", add_reasons},
    {"B", add_backends},
    {"FILE", add_files},
    {"PATH", add_files},
    {"DIR", add_files},
};

/// Numbers, and names that are made up.
constexpr std::string_view kFreeText[] = {"N", "S", "NAME", "VALUE", "KIND", "NODE", "ID", "TIME"};

bool is_literal(std::string_view argument) {
    return !argument.empty() && argument[0] >= 'a' && argument[0] <= 'z';
}

const ArgumentValues* find_argument(std::string_view name) {
    const auto* found = std::find_if(std::begin(kArguments), std::end(kArguments),
                                     [&](const auto& each) { return each.name == name; });
    return found == std::end(kArguments) ? nullptr : found;
}

}  // namespace

bool is_known_argument(std::string_view argument) {
    return is_literal(argument) || find_argument(argument) != nullptr ||
           std::find(std::begin(kFreeText), std::end(kFreeText), argument) != std::end(kFreeText);
}

void add_argument_values(CliContext& cli, std::string_view argument, const std::string& word,
                         CompletionValues& values) {
    if (is_literal(argument))
        values.push_back({std::string(argument), ""});
    const ArgumentValues* found = find_argument(argument);
    if (found == nullptr)
        return;
    const std::size_t last = found->separator == Separator::kComma ? word.rfind(',') + 1 : 0;
    CompletionValues own;
    found->add(cli, word.substr(last), own);
    for (CompletionPlace::Value& value : own)
        values.push_back(
            {value.text.starts_with(':') ? value.text : word.substr(0, last) + value.text,
             std::move(value.help)});
}

}  // namespace vfioctl
