// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/monitor.hpp"

#include <algorithm>
#include <ostream>
#include <set>

#include "base/clock.hpp"
#include "sysfs/device/resolve.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

/// `vfioctl monitor`: the state of the devices and then the daemon's signals, until the connection
/// to the bus is closed or the reader of the output goes away. The daemon may go and come back.
namespace vfioctl {
namespace {

constexpr const char* kDevice = "org.bindd1.Device";

/// What an event of a device shows of it: a value that is not there is empty.
BusProperties shown_properties(const BusProperties& all) {
    BusProperties out;
    for (const char* name : {"Driver", "State", "Reason"}) {
        const auto found = all.find(name);
        out[name] = found == all.end() ? "" : found->second;
    }
    return out;
}

BusProperties snapshot_properties(const binding::HostSnapshot& snapshot,
                                  const sysfs::DeviceId& id) {
    const sysfs::Device* device = snapshot.inventory.find(id);
    const binding::DeviceState& state = snapshot.statuses.at(id).state;
    return {{"Driver", device == nullptr ? "" : device->driver.value_or("")},
            {"State", state.state},
            {"Reason", state.reason.value_or("")}};
}

}  // namespace

std::vector<MonitorEvent> SignalDecoder::update(const binding::HostSnapshot& snapshot) {
    std::vector<MonitorEvent> out;
    const auto earlier = std::exchange(devices_, {});
    for (const auto& [id, status] : snapshot.statuses) {
        const BusProperties now = snapshot_properties(snapshot, id);
        devices_[status.path] = {id.display(), now};
        const auto known = earlier.find(status.path);
        if (known == earlier.end()) {
            out.push_back({is_first_ ? "present" : "appeared", id.display(), now});
            continue;
        }
        MonitorEvent changed{"changed", id.display(), {}};
        for (const char* name : {"Driver", "State"})  // signals shorten the reason
            if (const auto& before = known->second.properties.at(name); before != now.at(name))
                changed.changes[name] = now.at(name);
        if (!changed.changes.empty())
            out.push_back(std::move(changed));
    }
    for (const auto& [path, device] : earlier)
        if (!devices_.contains(path))
            out.push_back({"vanished", device.name, {}});
    is_first_ = false;
    return out;
}

std::optional<MonitorEvent> SignalDecoder::decode(const BusSignal& signal) {
    return std::visit([this](const auto& each) { return event(each); }, signal);
}

std::optional<MonitorEvent> SignalDecoder::event(const PropertiesChanged& signal) {
    if (signal.interface == "org.bindd1.Manager" && signal.properties.contains("PolicyGeneration"))
        return MonitorEvent{"policies", "", signal.properties};
    const auto device = devices_.find(signal.path);
    if (signal.interface != kDevice || device == devices_.end())
        return std::nullopt;
    for (auto& [name, value] : device->second.properties)
        if (const auto now = signal.properties.find(name); now != signal.properties.end())
            value = now->second;
    return MonitorEvent{"changed", device->second.name, signal.properties};
}

std::optional<MonitorEvent> SignalDecoder::event(const InterfacesAdded& signal) {
    const auto device = signal.interfaces.find(kDevice);
    if (device == signal.interfaces.end())
        return std::nullopt;
    BusProperties known = device->second;
    const std::string name = sysfs::DeviceId{known["Bus"], known["Address"]}.display();
    const BusProperties shown = shown_properties(known);
    // The snapshot of a daemon that has just come may have had it already.
    if (!devices_.insert_or_assign(signal.path, MonitoredDevice{name, shown}).second)
        return std::nullopt;
    return MonitorEvent{"appeared", name, shown};
}

std::optional<MonitorEvent> SignalDecoder::event(const InterfacesRemoved& signal) {
    const auto device = devices_.extract(signal.path);
    if (device.empty())
        return std::nullopt;
    return MonitorEvent{"vanished", device.mapped().name, {}};
}

std::optional<MonitorEvent> SignalDecoder::event(const TransactionFinishedSignal& signal) const {
    return MonitorEvent{"transaction", signal.group, {{"Result", signal.result}}};
}

std::optional<MonitorEvent> SignalDecoder::event(const DaemonPresence& signal) const {
    if (is_first_)  // it was there when we came
        return std::nullopt;
    return MonitorEvent{"daemon", "", {{"State", signal.is_there ? "started" : "stopped"}}};
}

namespace {

/// The devices of the command line, by name, and their groups. A word may name a device that is not
/// there yet.
class SubjectFilter {
  public:
    explicit SubjectFilter(std::vector<std::string> words) : words_(std::move(words)) {}

    void update(CliContext& cli, const binding::HostSnapshot& snapshot) {
        HostAssessment assessment;
        assessment.inventory = snapshot.inventory;
        for (const std::string& word : words_) {
            const auto ids = resolve_devices(cli, assessment, {word});
            if (!ids && subjects_.empty())
                cli.err << "vfioctl: " << printable(word) << ": not there yet\n";
            for (const sysfs::DeviceId& id : ids.value_or(std::vector<sysfs::DeviceId>{})) {
                subjects_.insert(id.display());
                subjects_.insert(assessment.group_key(id));
            }
        }
    }

    [[nodiscard]] bool matches(const MonitorEvent& event) const {
        return words_.empty() || event.subject.empty() || subjects_.contains(event.subject) ||
               std::any_of(words_.begin(), words_.end(), [&](const std::string& word) {
                   return names_unlisted(word, event.subject);
               });
    }

  private:
    static bool names_unlisted(const std::string& word, const std::string& subject) {
        const std::size_t slash = subject.find('/');
        sysfs::Inventory one;
        one.devices.emplace_back().id =
            slash == std::string::npos
                ? sysfs::DeviceId{"pci", subject}
                : sysfs::DeviceId{subject.substr(0, slash), subject.substr(slash + 1)};
        one.rebuild_index();
        return sysfs::resolve(one, word).has_value();
    }

    std::vector<std::string> words_;
    std::set<std::string> subjects_;
};

void print_event(CliContext& cli, const SubjectFilter& filter, const MonitorEvent& event) {
    const std::int64_t now = base::unix_time_us();
    if (filter.matches(event))
        cli.out << (cli.json() ? event_json(event, now) : event_text(event, now)) << std::flush;
}

}  // namespace

CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& arguments) {
    if (cli.daemon == nullptr)
        return fail(ExitCode::kFailed, "monitor", "no daemon is on the bus",
                    "`systemctl start bindd`");
    SignalDecoder decoder;
    SubjectFilter filter(arguments.words);
    TRY(cli.daemon->listen([&](const BusSignal& signal) {
        if (const auto event = decoder.decode(signal))
            print_event(cli, filter, *event);
        const auto* presence = std::get_if<DaemonPresence>(&signal);
        if (presence != nullptr && presence->is_there) {
            // One that fails has gone again: its successor will be asked.
            if (const auto snapshot = cli.daemon->fetch_snapshot({})) {
                filter.update(cli, *snapshot);
                for (const MonitorEvent& event : decoder.update(*snapshot))
                    print_event(cli, filter, event);
            }
        }
        return cli.out ? AfterSignal::kContinue : AfterSignal::kStop;
    }));
    return ExitCode::kDone;
}

}  // namespace vfioctl
