// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/history.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "base/join.hpp"
#include "binding/journal/history.hpp"
#include "binding/report/history_report.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"
#include "vfioctl/render/table.hpp"

namespace vfioctl {
namespace {

enum class TimeZone { kLocal, kUtc };

Row entry_row(const binding::HistoryEntry& entry, TimeZone zone) {
    const std::string devices = base::join(entry.devices, " ", &sysfs::DeviceId::display);
    const std::string rule = entry.rule + (entry.where.empty() ? "" : " (" + entry.where + ")");
    return {{{zone == TimeZone::kUtc ? binding::format_time(entry.time_us)
                                     : binding::format_local_time(entry.time_us)},
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

/// A column before the result, where some transaction has set attributes.
void add_attributes(const std::vector<binding::HistoryEntry>& history, std::vector<Column>& columns,
                    std::vector<Row>& rows) {
    constexpr std::ptrdiff_t kAt = 7;
    if (std::all_of(history.begin(), history.end(),
                    [](const binding::HistoryEntry& entry) { return entry.attrs.empty(); }))
        return;
    columns.insert(columns.begin() + kAt, {"ATTRS"});
    for (std::size_t at = 0; at < rows.size(); ++at)
        rows[at].cells.insert(rows[at].cells.begin() + kAt, {base::join(history[at].attrs, ", ")});
}

/// "2026-11-30", with " 09:22" or " 09:22:38" in local time, or as JSON has it; "90s", "5m", "2h",
/// "3d" ago.
CliResult<std::int64_t> parse_since(const std::string& text) {
    constexpr std::int64_t kSecond = 1'000'000;
    for (const auto& [unit, seconds] : {std::pair{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}})
        if (text.ends_with(unit))
            if (const auto number = base::parse_decimal(text.substr(0, text.size() - 1));
                number && *number < 1'000'000)
                return (std::time(nullptr) - static_cast<std::int64_t>(*number) * seconds) *
                       kSecond;
    for (const char* format :
         {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
        std::tm parts{};
        parts.tm_isdst = -1;
        const char* end = strptime(text.c_str(), format, &parts);
        if (end != nullptr && *end == '\0')
            return (text.ends_with('Z') ? timegm(&parts) : std::mktime(&parts)) * kSecond;
    }
    return fail(ExitCode::kUsage, "--since " + text, "not a time",
                "such as 2026-11-30, '2026-11-30 09:22', 2026-11-30T09:22:38Z, or 2h (ago)");
}

/// The devices of these words: of this host, and those that only the history knows any more.
CliResult<std::set<sysfs::DeviceId>> select_devices_of(
    CliContext& cli, const std::vector<std::string>& words,
    const std::vector<binding::HistoryEntry>& history) {
    if (words.empty())
        return {};
    HostAssessment assessment;
    assessment.inventory = TRY(to_cli(cli.kernel.inventory({})));
    std::set<sysfs::DeviceId> gone;
    for (const binding::HistoryEntry& entry : history)
        for (const sysfs::DeviceId& id : entry.devices)
            if (assessment.inventory.find(id) == nullptr)
                gone.insert(id);
    for (const sysfs::DeviceId& id : gone)
        assessment.inventory.devices.emplace_back().id = id;
    assessment.inventory.rebuild_index();
    const auto ids = TRY(resolve_devices(cli, assessment, words));
    return std::set<sysfs::DeviceId>(ids.begin(), ids.end());
}

/// What the options leave of the history.
CliResult<std::vector<binding::HistoryEntry>> select_entries(CliContext& cli,
                                                             const Arguments& arguments) {
    auto history = TRY(load_history(cli));
    const auto devices = TRY(select_devices_of(cli, arguments.words, history));
    const auto since = arguments.one("since");
    const std::int64_t begin = since ? TRY(parse_since(*since)) : 0;
    const auto rules = split_commas(arguments.all("rule"));
    const auto results = split_commas(arguments.all("result"));
    const auto is_listed = [](const std::vector<std::string>& wanted, const std::string& value) {
        return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
    };
    std::erase_if(history, [&](const binding::HistoryEntry& entry) {
        const bool concerns =
            devices.empty() ||
            std::any_of(entry.devices.begin(), entry.devices.end(),
                        [&](const sysfs::DeviceId& id) { return devices.contains(id); });
        return !concerns || entry.time_us < begin || !is_listed(rules, entry.rule) ||
               !is_listed(results, entry.result);
    });
    if (const auto limit = arguments.one("limit")) {
        const auto number = base::parse_decimal(*limit);
        if (!number || *number == 0)
            return fail(ExitCode::kUsage, "--limit " + *limit, "not a number of transactions");
        if (history.size() > *number)
            history.erase(history.begin(), history.end() - static_cast<std::ptrdiff_t>(*number));
    }
    return history;
}

}  // namespace

CliResult<std::vector<binding::HistoryEntry>> load_history(CliContext& cli) {
    if (cli.daemon != nullptr)
        return cli.daemon->history();
    return to_cli(binding::read_history(cli.state));
}

CliResult<ExitCode> run_history(CliContext& cli, const Arguments& arguments) {
    const auto history = TRY(select_entries(cli, arguments));
    if (cli.json()) {
        nlohmann::ordered_json json = json_document();
        json["history"] = binding::history_json(history);
        cli.out << dump(json);
        return ExitCode::kDone;
    }
    if (history.empty())
        cli.err << "vfioctl: no transactions\n";
    const TimeZone zone = arguments.has("utc") ? TimeZone::kUtc : TimeZone::kLocal;
    std::vector<Column> columns{{"TIME"},   {"TXN"},     {"BY"},
                                {"ACTION"}, {"DEVICES"}, {"DRIVER"},
                                {"RULE"},   {"RESULT"},  {"ERROR", {}, Column::Fit::kCut}};
    std::vector<Row> rows;
    for (const binding::HistoryEntry& entry : history)
        rows.push_back(entry_row(entry, zone));
    add_attributes(history, columns, rows);
    cli.out << render_table(columns, rows, cli.terminal);
    return ExitCode::kDone;
}

}  // namespace vfioctl
