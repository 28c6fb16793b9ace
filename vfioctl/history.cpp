// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/report.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/daemon.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/table.hpp"

namespace vfioctl {
namespace {

Row entry_row(const binding::HistoryEntry& entry) {
    std::string devices;
    for (const sysfs::DeviceId& id : entry.devices)
        devices += (devices.empty() ? "" : " ") + id.display();
    const std::string rule =
        entry.rule + (entry.where.empty() ? "" : " (" + entry.where + ")");
    return {{{binding::time_text(entry.time_us)},
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

Outcome<std::vector<binding::HistoryEntry>> told_history(Session& session) {
    if (session.daemon != nullptr)
        return session.daemon->history();
    auto history = binding::read_history(session.state);
    if (!history)
        return fail(history.error());
    return *std::move(history);
}

}  // namespace

Outcome<ExitCode> run_history(Session& session, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    const auto history = told_history(session);
    if (!history)
        return propagate(history);
    if (session.json()) {
        nlohmann::ordered_json json = document();
        json["history"] = binding::history_json(*history);
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
