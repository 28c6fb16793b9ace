// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/report/history_report.hpp"

#include <array>
#include <ctime>

#include "base/try.hpp"
#include "binding/codec/json.hpp"

namespace binding {
namespace {

Json entry_json(const HistoryEntry& entry) {
    Json devices = Json::array();
    for (const sysfs::DeviceId& id : entry.devices)
        devices.push_back(utf8(id.display()));
    return {{"txn", entry.txn},
            {"time", format_time(entry.time_us)},
            {"time_us", entry.time_us},
            {"actor", text_or_null(entry.actor)},
            {"action", text_or_null(entry.action)},
            {"group", or_null(entry.group)},
            {"devices", std::move(devices)},
            {"driver", text_or_null(entry.driver)},
            {"rule", text_or_null(entry.rule)},
            {"where", text_or_null(entry.where)},
            {"result", text_or_null(entry.result)},
            {"error", text_or_null(entry.error)},
            {"attrs", entry.attrs}};
}

/// What lists show of a device, which is an address alone for pci.
sysfs::DeviceId parse_displayed_id(const std::string& text) {
    const auto id = parse_device_id(text.find('/') == std::string::npos ? "pci/" + text : text);
    if (!id)
        throw Json::other_error::create(501, "not a device: " + text, nullptr);
    return *id;
}

template <typename T>
std::optional<T> optional_value(const Json& object, const char* key) {
    const Json& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

/// Throws nlohmann's exceptions.
HistoryEntry parse_entry(const Json& json) {
    const auto text = [&](const char* key) {
        return optional_value<std::string>(json, key).value_or("");
    };
    HistoryEntry entry{.txn = text("txn"),
                       .time_us = json.at("time_us").get<std::int64_t>(),
                       .actor = text("actor"),
                       .action = text("action"),
                       .group = optional_value<int>(json, "group"),
                       .devices = {},
                       .driver = text("driver"),
                       .rule = text("rule"),
                       .where = text("where"),
                       .result = text("result"),
                       .error = text("error"),
                       .attrs = json.value("attrs", std::vector<std::string>())};
    for (const Json& device : json.at("devices"))
        entry.devices.push_back(parse_displayed_id(device.get<std::string>()));
    return entry;
}

}  // namespace

base::Result<std::vector<HistoryEntry>> parse_history(const std::string& document) {
    std::vector<HistoryEntry> history;
    const Json json = TRY(parse_json(document, kMessageLimits));
    try {
        for (const Json& entry : json.at("history"))
            history.push_back(parse_entry(entry));
    } catch (const Json::exception& error) {
        return base::fail(base::Code::kInvalid, "read", "the history", error.what());
    }
    return history;
}

namespace {

using BreakDownTime = std::tm* (*)(const std::time_t*, std::tm*);

std::string format_time_as(std::int64_t time_us, BreakDownTime break_down, const char* format) {
    const std::time_t seconds = time_us / 1'000'000;
    std::tm parts{};
    if (break_down(&seconds, &parts) == nullptr)
        return {};
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), format, &parts);
    return {text.data(), length};
}

}  // namespace

std::string format_time(std::int64_t time_us) {
    return format_time_as(time_us, gmtime_r, "%Y-%m-%dT%H:%M:%SZ");
}

std::string format_local_time(std::int64_t time_us) {
    return format_time_as(time_us, localtime_r, "%Y-%m-%d %H:%M:%S");
}

Json history_json(const std::vector<HistoryEntry>& history) {
    Json out = Json::array();
    for (const HistoryEntry& entry : history)
        out.push_back(entry_json(entry));
    return out;
}

}  // namespace binding
