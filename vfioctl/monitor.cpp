// SPDX-License-Identifier: LGPL-2.1-or-later
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/command.hpp"
#include "vfioctl/daemon.hpp"

/// `vfioctl monitor`: the daemon's signals as lines, in text or as one JSON object each, until it ends or the reader goes away.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;
using Properties = Daemon::Properties;

constexpr const char* kDevice = "org.bindd1.Device";

/// What happened, to which device or group, and the new values of what changed.
struct Event {
    std::string what;  ///< appeared, changed, vanished, transaction, policies
    std::string whose;
    Properties changes;
};

/// Turns signals into events. Knows what the objects' paths stand for.
class Watch {
  public:
    explicit Watch(const binding::Picture& picture) {
        for (const auto& [id, standing] : picture.standings)
            names_[standing.path] = id.display();
    }

    [[nodiscard]] std::vector<Event> take(sd_bus_message* signal) {
        Reader reader(signal);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.Properties", "PropertiesChanged") > 0)
            return changed(sd_bus_message_get_path(signal), reader);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded") > 0)
            return added(reader);
        if (sd_bus_message_is_signal(signal, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved") > 0)
            return removed(reader);
        if (sd_bus_message_is_signal(signal, "org.bindd1.Manager", "TransactionFinished") > 0)
            return finished(reader);
        return {};
    }

  private:
    [[nodiscard]] std::vector<Event> changed(const std::string& path, Reader& reader) const {
        const std::string interface = reader.text().value_or("");
        Properties properties = reader.properties();
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

    [[nodiscard]] std::vector<Event> added(Reader& reader) {
        const std::string path = reader.text('o').value_or("");
        std::vector<Event> events;
        if (!reader.enter('a', "{sa{sv}}"))
            return events;
        while (reader.enter('e', "sa{sv}")) {
            const std::string interface = reader.text().value_or("");
            Properties properties = reader.properties();
            if (interface == kDevice) {
                std::map<std::string, std::string> known(properties.begin(), properties.end());
                names_[path] = sysfs::DeviceId{known["Bus"], known["Address"]}.display();
                events.push_back({"appeared", names_[path],
                                  {{"Driver", known["Driver"]}, {"State", known["State"]}, {"Reason", known["Reason"]}}});
            }
            reader.leave();
        }
        return events;
    }

    [[nodiscard]] std::vector<Event> removed(Reader& reader) {
        const auto name = names_.extract(reader.text('o').value_or(""));
        if (name.empty())
            return {};
        return {{"vanished", name.mapped(), {}}};
    }

    [[nodiscard]] static std::vector<Event> finished(Reader& reader) {
        reader.skip("o");
        const std::string group = reader.text().value_or("");
        return {{"transaction", group, {{"Result", reader.text().value_or("")}}}};
    }

    std::map<std::string, std::string> names_;  ///< devices by path
};

/// "DriverOverride" → "driver_override", as the JSON of list has it.
std::string field_of(const std::string& property) {
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
std::string in_a_line(const std::string& value) {
    const std::size_t end = value.find('\n');
    return end == std::string::npos ? value : value.substr(0, end) + " ...";
}

std::string as_text(const Event& event) {
    std::string line = event.whose.empty() ? event.what : event.whose + ": " + event.what;
    std::string changes;
    for (const auto& [key, value] : event.changes)
        if (event.what == "changed" || !value.empty())
            changes += (changes.empty() ? ": " : ", ") + field_of(key) + " " + (value.empty() ? "none" : in_a_line(value));
    return printable(line + changes) + "\n";
}

std::string as_json(const Event& event) {
    Json changes = Json::object();
    for (const auto& [key, value] : event.changes)
        changes[field_of(key)] = value.empty() ? Json(nullptr) : Json(value);
    const Json json = {{"schema", "vfioctl/1"},
                       {"event", event.what},
                       {"subject", event.whose.empty() ? Json(nullptr) : Json(event.whose)},
                       {"changes", std::move(changes)}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Outcome<ExitCode> run_monitor(Session& session, const Arguments& /*arguments*/) {
    if (session.daemon == nullptr)
        return fail(ExitCode::kFailed, "monitor", "no daemon is on the bus",
                    "`systemctl start bindd`; without it nobody watches");
    Watch watch(*session.picture);
    const auto listened = session.daemon->listen([&](sd_bus_message* signal) {
        for (const Event& event : watch.take(signal))
            session.out << (session.json() ? as_json(event) : as_text(event)) << std::flush;
        return session.out ? Daemon::Next::kGoOn : Daemon::Next::kStop;
    });
    return listened ? Outcome<ExitCode>(ExitCode::kDone) : propagate(listened);
}

}  // namespace vfioctl
