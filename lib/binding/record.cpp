// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/record.hpp"

#include "binding/json.hpp"
#include "sysfs/names.hpp"

namespace binding {
namespace {

constexpr std::size_t kChecksumDigits = 8;

/// FNV-1a: tells a torn or rotted line from a whole one; nobody is kept from forging one, the file is
/// root's.
std::uint32_t checksum(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

Json json_of_origin(const Held::Origin& origin) {
    return {{"driver", text_or_null(origin.driver)},
            {"override", text_or_null(origin.driver_override)}};
}

Held::Origin origin_of(const Json& object) {
    return {optional_text(object, "driver"), optional_text(object, "override")};
}

Json json_of_held(const Held& held) {
    return {{"device", utf8(held.device.text())},
            {"identity", json_of(held.identity)},
            {"before", json_of_origin(held.before)},
            {"origin", held.origin ? json_of_origin(*held.origin) : Json(nullptr)},
            {"rule", utf8(held.rule)},
            {"where", utf8(held.where)},
            {"taken_along", held.taken_along},
            {"early", held.early}};
}

Held held_of(const Json& object) {
    Held held{.device = device_id_of(object.at("device").get<std::string>()),
              .identity = identity_of(object.at("identity")),
              .before = origin_of(object.at("before")),
              .origin = std::nullopt,
              .rule = object.at("rule").get<std::string>(),
              .where = object.at("where").get<std::string>(),
              .taken_along = object.at("taken_along").get<bool>(),
              .early = object.value("early", false)};
    if (!object.at("origin").is_null())
        held.origin = origin_of(object.at("origin"));
    return held;
}

/// One overload for each kind of record.
struct ToJson {
    Json operator()(const BootRecord& r) const { return {{"record", "boot"}, {"id", r.id}}; }
    Json operator()(const BeginRecord& r) const {
        Json devices = Json::array();
        for (const Held& held : r.devices)
            devices.push_back(json_of_held(held));
        return {{"record", "begin"},        {"txn", r.txn},
                {"time_us", r.time_us},     {"actor", utf8(r.actor)},
                {"action", r.action},       {"group", or_null(r.group)},
                {"devices", std::move(devices)}};
    }
    Json operator()(const IntentRecord& r) const {
        return {{"record", "intent"},
                {"txn", r.txn},
                {"step", r.step},
                {"op", policy::op_name(r.op)},
                {"device", utf8(r.device.text())},
                {"value", utf8(r.value)},
                {"before", utf8(r.before)}};
    }
    Json operator()(const DoneRecord& r) const {
        return {{"record", "done"}, {"txn", r.txn}, {"step", r.step}, {"errno", r.errnum}};
    }
    Json operator()(const CommitRecord& r) const {
        Json bound = Json::array();
        for (const auto& [device, driver] : r.bound)
            bound.push_back({{"device", utf8(device.text())}, {"driver", utf8(driver)}});
        Json released = Json::array();
        for (const sysfs::DeviceId& device : r.released)
            released.push_back(utf8(device.text()));
        return {{"record", "commit"},
                {"txn", r.txn},
                {"bound", std::move(bound)},
                {"released", std::move(released)}};
    }
    Json operator()(const RolledBackRecord& r) const {
        Json notes = Json::array();
        for (const std::string& note : r.notes)
            notes.push_back(utf8(note));
        return {{"record", "rolled_back"}, {"txn", r.txn}, {"notes", std::move(notes)}};
    }
    Json operator()(const ReleasedRecord& r) const {
        return {{"record", "released"}, {"device", utf8(r.device.text())}, {"why", utf8(r.why)}};
    }
    Json operator()(const Bound& r) const {
        Json made = Json::array();
        for (const Made& one : r.made)
            made.push_back({{"op", policy::op_name(one.op)},
                            {"value", utf8(one.value)},
                            {"before", utf8(one.before)}});
        return {{"record", "bound"},
                {"device", utf8(r.device.text())},
                {"identity", json_of(r.identity)},
                {"txn", r.txn},
                {"rule", utf8(r.rule)},
                {"where", utf8(r.where)},
                {"driver", utf8(r.driver)},
                {"before", json_of_origin({r.before_driver, r.before_override})},
                {"taken_along", r.taken_along},
                {"made", std::move(made)},
                {"early", r.early}};
    }
};

BeginRecord begin_of(const Json& object) {
    BeginRecord record{.txn = object.at("txn").get<std::string>(),
                       .time_us = object.at("time_us").get<std::int64_t>(),
                       .actor = object.at("actor").get<std::string>(),
                       .action = object.at("action").get<std::string>(),
                       .group = optional_int(object, "group"),
                       .devices = {}};
    for (const Json& held : object.at("devices"))
        record.devices.push_back(held_of(held));
    return record;
}

IntentRecord intent_of(const Json& object) {
    return {.txn = object.at("txn").get<std::string>(),
            .step = object.at("step").get<unsigned>(),
            .op = op_of(object.at("op").get<std::string>()).value(),
            .device = device_id_of(object.at("device").get<std::string>()),
            .value = object.at("value").get<std::string>(),
            .before = object.at("before").get<std::string>()};
}

CommitRecord commit_of(const Json& object) {
    CommitRecord record{.txn = object.at("txn").get<std::string>(), .bound = {}, .released = {}};
    for (const Json& taken : object.at("bound"))
        record.bound.push_back({device_id_of(taken.at("device").get<std::string>()),
                                taken.at("driver").get<std::string>()});
    for (const Json& device : object.at("released"))
        record.released.push_back(device_id_of(device.get<std::string>()));
    return record;
}

Bound bound_of(const Json& object) {
    const Held::Origin before = origin_of(object.at("before"));
    Bound bound{.device = device_id_of(object.at("device").get<std::string>()),
                .identity = identity_of(object.at("identity")),
                .txn = object.at("txn").get<std::string>(),
                .rule = object.at("rule").get<std::string>(),
                .where = object.at("where").get<std::string>(),
                .driver = object.at("driver").get<std::string>(),
                .before_driver = before.driver,
                .before_override = before.driver_override,
                .taken_along = object.at("taken_along").get<bool>(),
                .made = {},
                .early = object.value("early", false)};
    for (const Json& made : object.at("made"))
        bound.made.push_back({op_of(made.at("op").get<std::string>()).value(),
                              made.at("value").get<std::string>(),
                              made.at("before").get<std::string>()});
    return bound;
}

std::optional<Record> record_of(const Json& object) {
    const std::string kind = object.at("record").get<std::string>();
    if (kind == "boot")
        return BootRecord{object.at("id").get<std::string>()};
    if (kind == "begin")
        return begin_of(object);
    if (kind == "intent")
        return intent_of(object);
    if (kind == "done")
        return DoneRecord{object.at("txn").get<std::string>(), object.at("step").get<unsigned>(),
                          object.at("errno").get<int>()};
    if (kind == "commit")
        return commit_of(object);
    if (kind == "rolled_back")
        return RolledBackRecord{object.at("txn").get<std::string>(),
                                object.at("notes").get<std::vector<std::string>>()};
    if (kind == "released")
        return ReleasedRecord{device_id_of(object.at("device").get<std::string>()),
                              object.at("why").get<std::string>()};
    if (kind == "bound")
        return bound_of(object);
    return std::nullopt;
}

}  // namespace

std::string encode(const Record& record) {
    const std::string text = dump(std::visit(ToJson{}, record));
    return sysfs::hex(checksum(text), kChecksumDigits) + " " + text;
}

sysfs::Result<Record> decode(std::string_view line) {
    const auto bad = [&] {
        return sysfs::fail(sysfs::Code::kInvalid, "read", "journal line", "damaged");
    };
    if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ')
        return bad();
    const auto sum = sysfs::parse_hex(line.substr(0, kChecksumDigits), kChecksumDigits);
    const std::string_view text = line.substr(kChecksumDigits + 1);
    if (!sum || *sum != checksum(text))
        return bad();
    try {
        if (auto record = record_of(Json::parse(text)))
            return *std::move(record);
    } catch (const Json::exception&) {
        return bad();
    } catch (const std::bad_optional_access&) {
        return bad();
    }
    return bad();
}

}  // namespace binding
