// SPDX-License-Identifier: LGPL-2.1-or-later
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/bound.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/table.hpp"

namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

/// RFC 3339 in UTC to the second: the same on every machine, and it sorts.
std::string time_text(std::int64_t time_us) {
    const std::time_t seconds = time_us / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json entry_json(const binding::HistoryEntry& entry) {
    Json devices = Json::array();
    for (const sysfs::DeviceId& id : entry.devices)
        devices.push_back(id.display());
    return {{"txn", entry.txn},
            {"time", time_text(entry.time_us)},
            {"time_us", entry.time_us},
            {"actor", or_null(entry.actor)},
            {"action", or_null(entry.action)},
            {"group", entry.group ? Json(*entry.group) : Json(nullptr)},
            {"devices", devices},
            {"driver", or_null(entry.driver)},
            {"rule", or_null(entry.rule)},
            {"where", or_null(entry.where)},
            {"result", or_null(entry.result)},
            {"error", or_null(entry.error)}};
}

Row entry_row(const binding::HistoryEntry& entry) {
    std::string devices;
    for (const sysfs::DeviceId& id : entry.devices)
        devices += (devices.empty() ? "" : " ") + id.display();
    const std::string rule =
        entry.rule + (entry.where.empty() ? "" : " (" + entry.where + ")");
    return {{{time_text(entry.time_us)},
             {entry.txn},
             {entry.actor},
             {entry.action},
             {devices},
             {entry.driver},
             {rule},
             {entry.result, tint_of(entry.result)},
             {entry.error}},
            {}};
}

}  // namespace

Outcome<ExitCode> run_history(Session& session, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    const auto history = binding::read_history(session.state);
    if (!history)
        return fail(history.error());
    if (session.json()) {
        Json json = document();
        auto& list = json["history"] = Json::array();
        for (const binding::HistoryEntry& entry : *history)
            list.push_back(entry_json(entry));
        session.out << dump(json);
        return ExitCode::kDone;
    }
    std::vector<Row> rows;
    for (const binding::HistoryEntry& entry : *history)
        rows.push_back(entry_row(entry));
    session.out << render_table({{"TIME"}, {"TXN"}, {"BY"}, {"ACTION"}, {"DEVICES"}, {"DRIVER"}, {"RULE"},
                                 {"RESULT"}, {"ERROR", {}, Column::Fit::kCut}},
                                rows, session.screen);
    return ExitCode::kDone;
}

}  // namespace vfioctl
