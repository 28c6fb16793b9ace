// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/monitor.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

/// `vfioctl monitor`: the daemon's signals as lines, in text or as one JSON object each, until the
/// connection is closed or the reader of the output goes away.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDevice = "org.bindd1.Device";

}  // namespace

SignalDecoder::SignalDecoder(const binding::HostSnapshot& snapshot) {
    for (const auto& [id, status] : snapshot.statuses)
        names_[status.path] = id.display();
}

std::optional<MonitorEvent> SignalDecoder::decode(const BusSignal& signal) {
    return std::visit([this](const auto& each) { return event(each); }, signal);
}

std::optional<MonitorEvent> SignalDecoder::event(const PropertiesChanged& signal) const {
    if (signal.interface == "org.bindd1.Manager" && signal.properties.contains("PolicyGeneration"))
        return MonitorEvent{"policies", "", signal.properties};
    const auto name = names_.find(signal.path);
    if (signal.interface != kDevice || name == names_.end())
        return std::nullopt;
    return MonitorEvent{"changed", name->second, signal.properties};
}

std::optional<MonitorEvent> SignalDecoder::event(const InterfacesAdded& signal) {
    const auto device = signal.interfaces.find(kDevice);
    if (device == signal.interfaces.end())
        return std::nullopt;
    BusProperties known = device->second;
    const std::string name = sysfs::DeviceId{known["Bus"], known["Address"]}.display();
    names_[signal.path] = name;
    return MonitorEvent{
        "appeared",
        name,
        {{"Driver", known["Driver"]}, {"State", known["State"]}, {"Reason", known["Reason"]}}};
}

std::optional<MonitorEvent> SignalDecoder::event(const InterfacesRemoved& signal) {
    const auto name = names_.extract(signal.path);
    if (name.empty())
        return std::nullopt;
    return MonitorEvent{"vanished", name.mapped(), {}};
}

std::optional<MonitorEvent> SignalDecoder::event(const TransactionFinishedSignal& signal) const {
    return MonitorEvent{"transaction", signal.group, {{"Result", signal.result}}};
}

namespace {

/// "DriverOverride" → "driver_override", as in the JSON of list.
std::string to_field_name(const std::string& property) {
    std::string out;
    for (const char c : property) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper && !out.empty())
            out += '_';
        out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

/// The first line of a value; status shows all of them.
std::string shortened(const std::string& value) {
    const std::size_t end = value.find('\n');
    return end == std::string::npos ? value : value.substr(0, end) + " ...";
}

std::string as_text(const MonitorEvent& event) {
    std::string line = event.subject.empty() ? event.what : event.subject + ": " + event.what;
    std::string changes;
    for (const auto& [key, value] : event.changes)
        if (event.what == "changed" || !value.empty())
            changes += (changes.empty() ? ": " : ", ") + to_field_name(key) + " " +
                       (value.empty() ? "none" : shortened(value));
    return printable(line + changes) + "\n";
}

std::string as_json(const MonitorEvent& event) {
    Json changes = Json::object();
    for (const auto& [key, value] : event.changes)
        changes[to_field_name(key)] = value.empty() ? Json(nullptr) : Json(value);
    const Json json = {{"schema", "vfioctl/1"},
                       {"event", event.what},
                       {"subject", event.subject.empty() ? Json(nullptr) : Json(event.subject)},
                       {"changes", std::move(changes)}};
    return binding::dump(json) + "\n";
}

}  // namespace

CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& /*arguments*/) {
    if (cli.daemon == nullptr)
        return fail(ExitCode::kFailed, "monitor", "no daemon is on the bus",
                    "`systemctl start bindd`");
    SignalDecoder decoder(*cli.snapshot);
    TRY(cli.daemon->listen([&](const BusSignal& signal) {
        if (const auto event = decoder.decode(signal))
            cli.out << (cli.json() ? as_json(*event) : as_text(*event)) << std::flush;
        return cli.out ? AfterSignal::kContinue : AfterSignal::kStop;
    }));
    return ExitCode::kDone;
}

}  // namespace vfioctl
