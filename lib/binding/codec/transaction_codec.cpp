// SPDX-License-Identifier: LGPL-2.1-or-later
#include <functional>

#include "binding/codec/codec.hpp"
#include "binding/codec/json.hpp"
#include "sysfs/device/names.hpp"

/// A transaction as a line, and back with every name checked. The structured bindings are there so
/// that a field which is added to a Change, and forgotten here, does not compile.
namespace binding {
namespace {

using policy::ChainLink;
using policy::Change;
using policy::MdevSpec;
using policy::Reason;
using policy::Transaction;

constexpr int kInvalidText = 501;  ///< as json.cpp's own exceptions

[[noreturn]] void reject(const std::string& what) {
    throw Json::other_error::create(kInvalidText, what, nullptr);
}

template <typename Parse>
std::string checked(const std::string& text, const Parse& parse, const char* what) {
    if (!parse(text))
        reject(std::string("not ") + what + ": " + text);
    return text;
}

template <typename Parse>
std::optional<std::string> checked(std::optional<std::string> text, const Parse& parse,
                                   const char* what) {
    if (text)
        (void)checked(*text, parse, what);
    return text;
}

template <typename Enum>
Enum parse_enum(const Json& value, Enum last) {
    const int number = value.get<int>();
    if (number < 0 || number > static_cast<int>(last))
        reject("out of range: " + std::to_string(number));
    return static_cast<Enum>(number);
}

Json to_json(const ChainLink& link) {
    const auto& [driver, module, origin, from, fate, why] = link;
    return {{"driver", text_or_null(driver)},     {"module", text_or_null(module)},
            {"origin", static_cast<int>(origin)}, {"from", utf8(from)},
            {"fate", static_cast<int>(fate)},     {"why", utf8(why)}};
}

ChainLink parse_link(const Json& object) {
    return {
        .driver = checked(optional_text(object, "driver"), sysfs::parse_driver_name, "a driver"),
        .module = checked(optional_text(object, "module"), sysfs::parse_module_name, "a module"),
        .origin = parse_enum(object.at("origin"), policy::CandidateOrigin::kGeneric),
        .from = object.at("from").get<std::string>(),
        .status = parse_enum(object.at("fate"), policy::CandidateStatus::kAmbiguous),
        .why = object.at("why").get<std::string>()};
}

Json to_json(const MdevSpec& wish) {
    const auto& [uuid, count, type, attrs, where] = wish;
    Json list = Json::array();
    for (const auto& [name, value] : attrs)
        list.push_back({utf8(name), utf8(value)});
    return {{"uuid", text_or_null(uuid)}, {"type", utf8(type)}, {"attrs", std::move(list)}};
}

Json to_json(const std::vector<MdevSpec>& wishes) {
    Json list = Json::array();
    for (const MdevSpec& wish : wishes)
        list.push_back(to_json(wish));
    return list;
}

MdevSpec parse_mdev(const Json& object) {
    MdevSpec wish;
    wish.uuid = checked(optional_text(object, "uuid"), sysfs::parse_uuid, "a UUID");
    wish.type = checked(object.at("type").get<std::string>(), sysfs::parse_mdev_type, "a type");
    for (const Json& attr : object.at("attrs"))
        wish.attrs.emplace_back(
            checked(attr.at(0).get<std::string>(), sysfs::parse_attr_name, "an attribute"),
            attr.at(1).get<std::string>());
    return wish;
}

Json to_json(const policy::AccessSpec& access) {
    const auto& [owner, group, mode] = access;
    return {
        {"owner", text_or_null(owner)}, {"group", text_or_null(group)}, {"mode", or_null(mode)}};
}

policy::AccessSpec parse_access(const Json& object) {
    policy::AccessSpec access{.owner = optional_text(object, "owner"),
                              .group = optional_text(object, "group"),
                              .mode = std::nullopt};
    if (!object.at("mode").is_null())
        access.mode = object.at("mode").get<std::uint32_t>() & 07777U;
    return access;
}

Json to_json(const Change& change) {
    const auto& [target, from_driver, from_override, to, candidates, taken_along, access, check,
                 set_vfs, mdevs, mdevs_to_stop, rule, where] = change;
    Json links = Json::array();
    for (const ChainLink& link : candidates)
        links.push_back(to_json(link));
    return {{"device", utf8(target.id.text())},
            {"identity", binding::to_json(target.identity)},
            {"from_driver", text_or_null(from_driver)},
            {"from_override", text_or_null(from_override)},
            {"to", static_cast<int>(to)},
            {"candidates", std::move(links)},
            {"taken_along", taken_along},
            {"access", to_json(access)},
            {"check", static_cast<int>(check)},
            {"set_vfs", or_null(set_vfs)},
            {"mdevs", to_json(mdevs)},
            {"mdevs_to_stop", to_json(mdevs_to_stop)},
            {"rule", utf8(rule)},
            {"where", utf8(where)}};
}

Change parse_change(const Json& object) {
    Change change;
    change.target = {parse_device_id(object.at("device").get<std::string>()),
                     parse_identity(object.at("identity"))};
    change.from_driver =
        checked(optional_text(object, "from_driver"), sysfs::parse_kernel_name, "a driver");
    change.from_override =
        checked(optional_text(object, "from_override"), sysfs::parse_kernel_name, "an override");
    change.to = parse_enum(object.at("to"), Change::To::kHost);
    for (const Json& link : object.at("candidates"))
        change.candidates.push_back(parse_link(link));
    change.taken_along = object.at("taken_along").get<bool>();
    change.access = parse_access(object.at("access"));
    change.check = parse_enum(object.at("check"), policy::Check::kOpen);
    if (!object.at("set_vfs").is_null())
        change.set_vfs = object.at("set_vfs").get<std::uint32_t>();
    for (const Json& wish : object.at("mdevs"))
        change.mdevs.push_back(parse_mdev(wish));
    for (const Json& wish : object.at("mdevs_to_stop"))
        change.mdevs_to_stop.push_back(parse_mdev(wish));
    change.rule = object.at("rule").get<std::string>();
    change.where = object.at("where").get<std::string>();
    return change;
}

Json to_json(const Reason& reason) {
    return {{"code", policy::reason_name(reason.code)},
            {"device", utf8(reason.device.text())},
            {"text", utf8(reason.text)},
            {"evidence", text_or_null(reason.evidence)},
            {"forceable", reason.forceable}};
}

Reason parse_reason(const Json& object) {
    const auto code = policy::parse_reason_code(object.at("code").get<std::string>());
    if (!code)
        reject("not a reason");
    return {.code = *code,
            .device = parse_device_id(object.at("device").get<std::string>()),
            .text = object.at("text").get<std::string>(),
            .evidence = optional_text(object, "evidence"),
            .forceable = object.at("forceable").get<bool>()};
}

policy::Step checked_step(const Json& object) {
    if (!parse_op(object.at("op").get<std::string>()))
        reject("not a step");
    return parse_step(object);
}

Transaction parse_transaction(const Json& object) {
    Transaction transaction;
    transaction.group = optional_int(object, "group");
    transaction.verdict = parse_enum(object.at("verdict"), policy::Verdict::kConflict);
    for (const Json& device : object.at("devices"))
        transaction.devices.push_back(parse_device_id(device.get<std::string>()));
    for (const Json& change : object.at("changes"))
        transaction.changes.push_back(parse_change(change));
    for (const Json& step : object.at("steps"))
        transaction.steps.push_back(checked_step(step));
    for (const Json& reason : object.at("reasons"))
        transaction.reasons.push_back(parse_reason(reason));
    if (const auto result = optional_text(object, "result")) {
        transaction.result = parse_step_result(*result);
        if (!transaction.result)
            reject("not a result: " + *result);
    }
    transaction.error = object.at("error").get<std::string>();
    return transaction;
}

template <typename T>
Json list_to_json(const std::vector<T>& values, const std::function<Json(const T&)>& each) {
    Json list = Json::array();
    for (const T& value : values)
        list.push_back(each(value));
    return list;
}

}  // namespace

std::string encode(const Transaction& transaction) {
    const auto& [group, verdict, devices, changes, steps, reasons, result, error] = transaction;
    return dump(
        {{"group", or_null(group)},
         {"verdict", static_cast<int>(verdict)},
         {"devices",
          list_to_json<sysfs::DeviceId>(devices, [](const auto& id) { return utf8(id.text()); })},
         {"changes", list_to_json<Change>(changes, [](const auto& each) { return to_json(each); })},
         {"steps", list_to_json<policy::Step>(
                       steps, [](const auto& step) { return binding::to_json(step); })},
         {"reasons",
          list_to_json<Reason>(reasons, [](const auto& reason) { return to_json(reason); })},
         {"result", result ? Json(policy::step_result_name(*result)) : Json(nullptr)},
         {"error", utf8(error)}});
}

template <>
base::Result<Transaction> decode(const std::string& line) {
    try {
        return parse_transaction(Json::parse(line));
    } catch (const Json::exception& error) {
        return base::fail(base::Code::kInvalid, "understand", "a transaction", error.what());
    }
}

}  // namespace binding
