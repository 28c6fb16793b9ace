// SPDX-License-Identifier: LGPL-2.1-or-later
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/command.hpp"

/// `vfioctl monitor`: the daemon's signals as lines, in text or as one JSON object each, until it
/// ends or the reader goes away.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDevice = "org.bindd1.Device";

/// What happened, to which device or group, and the new values of what changed.
struct MonitorEvent {
    std::string what;  ///< appeared, changed, vanished, transaction, policies
    std::string subject;
    DaemonClient::BusProperties changes;
};

/// Turns signals into events. Knows what the objects' paths stand for.
class SignalDecoder {
  public:
    explicit SignalDecoder(const binding::HostSnapshot& snapshot) {
        for (const auto& [id, status] : snapshot.statuses)
            names_[status.path] = id.display();
    }

    [[nodiscard]] std::vector<MonitorEvent> decode(sd_bus_message* signal) {
        ClientMessageReader reader(signal);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.Properties",
                                     "PropertiesChanged") > 0)
            return changed(sd_bus_message_get_path(signal), reader);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.ObjectManager",
                                     "InterfacesAdded") > 0)
            return added(reader);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.ObjectManager",
                                     "InterfacesRemoved") > 0)
            return removed(reader);
        if (sd_bus_message_is_signal(signal, "org.bindd1.Manager", "TransactionFinished") > 0)
            return finished(reader);
        return {};
    }

  private:
    [[nodiscard]] std::vector<MonitorEvent> changed(const std::string& path,
                                                    ClientMessageReader& reader) const {
        const std::string interface = reader.text().value_or("");
        DaemonClient::BusProperties properties = reader.properties();
        if (interface == "org.bindd1.Manager") {
            for (const auto& [key, value] : properties)
                if (key == "PolicyGeneration")
                    return {{"policies", "", std::move(properties)}};
            return {};
        }
        const auto name = names_.find(path);
        if (interface != kDevice || name == names_.end())
            return {};
        return {{"changed", name->second, std::move(properties)}};
    }

    [[nodiscard]] std::vector<MonitorEvent> added(ClientMessageReader& reader) {
        const std::string path = reader.text('o').value_or("");
        std::vector<MonitorEvent> events;
        if (!reader.enter('a', "{sa{sv}}"))
            return events;
        while (reader.enter('e', "sa{sv}")) {
            const std::string interface = reader.text().value_or("");
            DaemonClient::BusProperties properties = reader.properties();
            if (interface == kDevice) {
                std::map<std::string, std::string> known(properties.begin(), properties.end());
                names_[path] = sysfs::DeviceId{known["Bus"], known["Address"]}.display();
                events.push_back({"appeared",
                                  names_[path],
                                  {{"Driver", known["Driver"]},
                                   {"State", known["State"]},
                                   {"Reason", known["Reason"]}}});
            }
            reader.leave();
        }
        return events;
    }

    [[nodiscard]] std::vector<MonitorEvent> removed(ClientMessageReader& reader) {
        const auto name = names_.extract(reader.text('o').value_or(""));
        if (name.empty())
            return {};
        return {{"vanished", name.mapped(), {}}};
    }

    [[nodiscard]] static std::vector<MonitorEvent> finished(ClientMessageReader& reader) {
        reader.skip("o");
        const std::string group = reader.text().value_or("");
        return {{"transaction", group, {{"Result", reader.text().value_or("")}}}};
    }

    std::map<std::string, std::string> names_;  ///< devices by path
};

/// "DriverOverride" → "driver_override", as the JSON of list has it.
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

/// What has several lines is told by its first; status shows them all.
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
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

CliResult<ExitCode> run_monitor(CliContext& cli, const Arguments& /*arguments*/) {
    if (cli.daemon == nullptr)
        return fail(ExitCode::kFailed, "monitor", "no daemon is on the bus",
                    "`systemctl start bindd`; without it nobody watches");
    SignalDecoder decoder(*cli.snapshot);
    const auto listened = cli.daemon->listen([&](sd_bus_message* signal) {
        for (const MonitorEvent& event : decoder.decode(signal))
            cli.out << (cli.json() ? as_json(event) : as_text(event)) << std::flush;
        return cli.out ? DaemonClient::AfterSignal::kContinue : DaemonClient::AfterSignal::kStop;
    });
    return listened ? CliResult<ExitCode>(ExitCode::kDone) : propagate(listened);
}

}  // namespace vfioctl
