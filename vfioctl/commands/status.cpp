// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/status.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/render/key_value_list.hpp"

/// `vfioctl status` and `vfioctl reload`: of the daemon, so without one they fail.
namespace vfioctl {
namespace {

CliResult<DaemonClient*> require_daemon(CliContext& cli, const char* command) {
    if (cli.daemon != nullptr)
        return cli.daemon;
    return fail(ExitCode::kFailed, command, "no daemon is on the bus",
                "`systemctl start bindd`; the other commands work on the kernel itself");
}

/// The property that counts the devices in a state.
std::string count_property(std::string_view state) {
    std::string name(state);
    name.front() = static_cast<char>(name.front() - 'a' + 'A');
    return name;
}

struct DaemonStatus {
    std::map<std::string, std::string> properties;
    std::vector<std::pair<std::string, std::string>> stuck;  ///< device, why
    std::map<sysfs::DeviceId, binding::DeviceState> exceptions{};

    [[nodiscard]] const std::string& at(const std::string& key) { return properties[key]; }
    [[nodiscard]] unsigned long count(const std::string& key) {
        const auto number = base::parse_decimal(at(key));
        return number ? *number : 0;
    }
};

std::string as_text(DaemonStatus& status) {
    KeyValueList list;
    list.add("daemon", "bindd " + status.at("Version") +
                           (status.at("Ready") == "true" ? ", ready" : ", starting"));
    list.add("policies", "generation " + status.at("PolicyGeneration"));
    if (status.at("ApplyMode") == "manual")
        list.add("apply", std::string("manual: changes wait for `vfioctl apply`"));
    std::string counts;
    for (const std::string_view state : binding::kDeviceStates)
        if (const auto count = status.count(count_property(state)); count > 0)
            counts +=
                (counts.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(state);
    list.add("devices", counts.empty() ? "none" : counts);
    std::vector<std::string> stuck;
    for (const auto& [device, why] : status.stuck)
        stuck.push_back(printable(device + ": " + why));
    list.add("stuck", stuck);
    std::vector<std::string> exceptions;
    for (const auto& [id, state] : status.exceptions)
        exceptions.push_back(printable(id.display() + " " + binding::state_line(state)));
    list.add("exceptions", exceptions);
    std::string out = list.text(0);
    if (!status.at("PolicyError").empty())
        out += "the current policy files are not loaded, the last valid set is in force:\n" +
               whole_lines(status.at("PolicyError"));
    return out;
}

nlohmann::ordered_json as_json(DaemonStatus& status) {
    nlohmann::ordered_json json = json_document();
    json["version"] = status.at("Version");
    json["ready"] = status.at("Ready") == "true";
    json["policy_generation"] = status.count("PolicyGeneration");
    json["apply"] = status.at("ApplyMode") == "manual" ? "manual" : "automatic";
    json["policy_error"] = status.at("PolicyError").empty()
                               ? nlohmann::ordered_json(nullptr)
                               : nlohmann::ordered_json(status.at("PolicyError"));
    for (const std::string_view state : binding::kDeviceStates)
        json["counts"][std::string(state)] = status.count(count_property(state));
    auto& stuck = json["stuck"] = nlohmann::ordered_json::array();
    for (const auto& [device, why] : status.stuck)
        stuck.push_back({{"device", device}, {"why", why}});
    auto& exceptions = json["exceptions"] = nlohmann::ordered_json::array();
    for (const auto& [id, state] : status.exceptions)
        exceptions.push_back(binding::exception_json(id, state));
    return json;
}

}  // namespace

CliResult<ExitCode> run_status(CliContext& cli, const Arguments& /*arguments*/) {
    const auto daemon = TRY(require_daemon(cli, "status"));
    const auto properties = TRY(daemon->properties("/org/bindd1", "org.bindd1.Manager"));
    DaemonStatus status;
    status.properties = {properties.begin(), properties.end()};
    for (const auto& [id, device_status] : cli.snapshot->statuses) {
        if (device_status.state.state == "stuck")
            status.stuck.emplace_back(id.display(), device_status.state.reason.value_or(""));
        if (!device_status.state.note.empty())
            status.exceptions[id] = device_status.state;
    }
    if (cli.json())
        cli.out << dump(as_json(status));
    else
        cli.out << as_text(status);
    return status.at("PolicyError").empty() ? ExitCode::kDone : ExitCode::kFailed;
}

CliResult<ExitCode> run_reload(CliContext& cli, const Arguments& /*arguments*/) {
    const auto daemon = TRY(require_daemon(cli, "reload"));
    TRY(daemon->reload());
    if (cli.json())
        cli.out << dump(json_document());
    return ExitCode::kDone;
}

}  // namespace vfioctl
