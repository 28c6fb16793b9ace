// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/record.hpp"

#include "binding/codec/json.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

constexpr std::size_t kChecksumDigits = 8;

/// FNV-1a: tells a torn or rotted line from a whole one; nobody is kept from forging one, the file
/// is root's.
std::uint32_t checksum(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

Json previous_to_json(const BindingSnapshot::PreviousBinding& origin) {
    return {{"driver", text_or_null(origin.driver)},
            {"override", text_or_null(origin.driver_override)}};
}

BindingSnapshot::PreviousBinding parse_previous(const Json& object) {
    return {optional_text(object, "driver"), optional_text(object, "override")};
}

Json snapshot_to_json(const BindingSnapshot& snapshot) {
    return {{"device", utf8(snapshot.device.text())},
            {"identity", to_json(snapshot.identity)},
            {"before", previous_to_json(snapshot.before)},
            {"origin", snapshot.origin ? previous_to_json(*snapshot.origin) : Json(nullptr)},
            {"rule", utf8(snapshot.rule)},
            {"where", utf8(snapshot.where)},
            {"taken_along", snapshot.taken_along},
            {"early", snapshot.early}};
}

BindingSnapshot parse_binding_snapshot(const Json& object) {
    BindingSnapshot snapshot{.device = parse_device_id(object.at("device").get<std::string>()),
                             .identity = parse_identity(object.at("identity")),
                             .before = parse_previous(object.at("before")),
                             .origin = std::nullopt,
                             .rule = object.at("rule").get<std::string>(),
                             .where = object.at("where").get<std::string>(),
                             .taken_along = object.at("taken_along").get<bool>(),
                             .early = object.value("early", false)};
    if (!object.at("origin").is_null())
        snapshot.origin = parse_previous(object.at("origin"));
    return snapshot;
}

/// One overload for each kind of record.
struct RecordToJson {
    Json operator()(const BootRecord& r) const { return {{"record", "boot"}, {"id", r.id}}; }
    Json operator()(const BeginRecord& r) const {
        Json devices = Json::array();
        for (const BindingSnapshot& snapshot : r.devices)
            devices.push_back(snapshot_to_json(snapshot));
        return {{"record", "begin"},
                {"txn", r.txn},
                {"time_us", r.time_us},
                {"actor", utf8(r.actor)},
                {"action", r.action},
                {"group", or_null(r.group)},
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
    Json operator()(const ManagedDevice& r) const {
        Json made = Json::array();
        for (const SideEffect& one : r.side_effects)
            made.push_back({{"op", policy::op_name(one.op)},
                            {"value", utf8(one.value)},
                            {"before", utf8(one.before)}});
        return {{"record", "bound"},
                {"device", utf8(r.device.text())},
                {"identity", to_json(r.identity)},
                {"txn", r.txn},
                {"rule", utf8(r.rule)},
                {"where", utf8(r.where)},
                {"driver", utf8(r.driver)},
                {"before", previous_to_json({r.before_driver, r.before_override})},
                {"taken_along", r.taken_along},
                {"made", std::move(made)},
                {"early", r.early}};
    }
};

BeginRecord parse_begin(const Json& object) {
    BeginRecord record{.txn = object.at("txn").get<std::string>(),
                       .time_us = object.at("time_us").get<std::int64_t>(),
                       .actor = object.at("actor").get<std::string>(),
                       .action = object.at("action").get<std::string>(),
                       .group = optional_int(object, "group"),
                       .devices = {}};
    for (const Json& snapshot : object.at("devices"))
        record.devices.push_back(parse_binding_snapshot(snapshot));
    return record;
}

IntentRecord parse_intent(const Json& object) {
    return {.txn = object.at("txn").get<std::string>(),
            .step = object.at("step").get<unsigned>(),
            .op = parse_op(object.at("op").get<std::string>()).value(),
            .device = parse_device_id(object.at("device").get<std::string>()),
            .value = object.at("value").get<std::string>(),
            .before = object.at("before").get<std::string>()};
}

CommitRecord parse_commit(const Json& object) {
    CommitRecord record{.txn = object.at("txn").get<std::string>(), .bound = {}, .released = {}};
    for (const Json& taken : object.at("bound"))
        record.bound.push_back({parse_device_id(taken.at("device").get<std::string>()),
                                taken.at("driver").get<std::string>()});
    for (const Json& device : object.at("released"))
        record.released.push_back(parse_device_id(device.get<std::string>()));
    return record;
}

ManagedDevice parse_managed(const Json& object) {
    const BindingSnapshot::PreviousBinding before = parse_previous(object.at("before"));
    ManagedDevice bound{.device = parse_device_id(object.at("device").get<std::string>()),
                        .identity = parse_identity(object.at("identity")),
                        .txn = object.at("txn").get<std::string>(),
                        .rule = object.at("rule").get<std::string>(),
                        .where = object.at("where").get<std::string>(),
                        .driver = object.at("driver").get<std::string>(),
                        .before_driver = before.driver,
                        .before_override = before.driver_override,
                        .taken_along = object.at("taken_along").get<bool>(),
                        .side_effects = {},
                        .early = object.value("early", false)};
    for (const Json& made : object.at("made"))
        bound.side_effects.push_back({parse_op(made.at("op").get<std::string>()).value(),
                                      made.at("value").get<std::string>(),
                                      made.at("before").get<std::string>()});
    return bound;
}

std::optional<Record> parse_record(const Json& object) {
    const std::string kind = object.at("record").get<std::string>();
    if (kind == "boot")
        return BootRecord{object.at("id").get<std::string>()};
    if (kind == "begin")
        return parse_begin(object);
    if (kind == "intent")
        return parse_intent(object);
    if (kind == "done")
        return DoneRecord{object.at("txn").get<std::string>(), object.at("step").get<unsigned>(),
                          object.at("errno").get<int>()};
    if (kind == "commit")
        return parse_commit(object);
    if (kind == "rolled_back")
        return RolledBackRecord{object.at("txn").get<std::string>(),
                                object.at("notes").get<std::vector<std::string>>()};
    if (kind == "released")
        return ReleasedRecord{parse_device_id(object.at("device").get<std::string>()),
                              object.at("why").get<std::string>()};
    if (kind == "bound")
        return parse_managed(object);
    return std::nullopt;
}

}  // namespace

std::string encode_record(const Record& record) {
    const std::string text = dump(std::visit(RecordToJson{}, record));
    return base::to_hex(checksum(text), kChecksumDigits) + " " + text;
}

base::Result<Record> decode_record(std::string_view line) {
    const auto bad = [&] {
        return base::fail(base::Code::kInvalid, "read", "journal line", "damaged");
    };
    if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ')
        return bad();
    const auto sum = base::parse_hex(line.substr(0, kChecksumDigits), kChecksumDigits);
    const std::string_view text = line.substr(kChecksumDigits + 1);
    if (!sum || *sum != checksum(text))
        return bad();
    try {
        if (auto record = parse_record(Json::parse(text)))
            return *std::move(record);
    } catch (const Json::exception&) {
        return bad();
    } catch (const std::bad_optional_access&) {
        return bad();
    }
    return bad();
}

}  // namespace binding
