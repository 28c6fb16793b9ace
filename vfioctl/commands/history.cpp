// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/history.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "base/join.hpp"
#include "binding/journal/history.hpp"
#include "binding/report/history_report.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {
namespace {

Row entry_row(const binding::HistoryEntry& entry) {
    const std::string devices = base::join(entry.devices, " ", &sysfs::DeviceId::display);
    const std::string rule = entry.rule + (entry.where.empty() ? "" : " (" + entry.where + ")");
    return {{{binding::format_time(entry.time_us)},
             {entry.txn},
             {entry.actor},
             {entry.action},
             {devices},
             {entry.driver},
             {rule},
             {entry.result, state_style(entry.result)},
             {entry.error}},
            {}};
}

CliResult<std::vector<binding::HistoryEntry>> load_history(CliContext& cli) {
    if (cli.daemon != nullptr)
        return cli.daemon->history();
    return to_cli(binding::read_history(cli.state));
}

}  // namespace

CliResult<ExitCode> run_history(CliContext& cli, const Arguments& /*arguments*/) {
    const auto history = TRY(load_history(cli));
    if (cli.json()) {
        nlohmann::ordered_json json = json_document();
        json["history"] = binding::history_json(history);
        cli.out << dump(json);
        return ExitCode::kDone;
    }
    std::vector<Row> rows;
    for (const binding::HistoryEntry& entry : history)
        rows.push_back(entry_row(entry));
    cli.out << render_table({{"TIME"},
                             {"TXN"},
                             {"BY"},
                             {"ACTION"},
                             {"DEVICES"},
                             {"DRIVER"},
                             {"RULE"},
                             {"RESULT"},
                             {"ERROR", {}, Column::Fit::kCut}},
                            rows, cli.terminal);
    return ExitCode::kDone;
}

}  // namespace vfioctl
