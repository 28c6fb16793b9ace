// SPDX-License-Identifier: LGPL-2.1-or-later
#include <functional>

#include "binding/json.hpp"
#include "binding/wire.hpp"
#include "sysfs/names.hpp"

/// A transaction as a line, and back with every name checked. The structured bindings are there so that
/// a field which is added to a Change, and forgotten here, does not compile.
namespace binding {
namespace {

using policy::Change;
using policy::ChainLink;
using policy::MdevWish;
using policy::Reason;
using policy::Transaction;

constexpr int kInvalidText = 501;  ///< as json.cpp's own exceptions

[[noreturn]] void no(const std::string& what) {
    throw Json::other_error::create(kInvalidText, what, nullptr);
}

template <typename Parse>
std::string checked(const std::string& text, const Parse& parse, const char* what) {
    if (!parse(text))
        no(std::string("not ") + what + ": " + text);
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
Enum enum_of(const Json& value, Enum last) {
    const int number = value.get<int>();
    if (number < 0 || number > static_cast<int>(last))
        no("out of range: " + std::to_string(number));
    return static_cast<Enum>(number);
}

Json json_of(const ChainLink& link) {
    const auto& [driver, module, origin, from, fate, why] = link;
    return {{"driver", text_or_null(driver)}, {"module", text_or_null(module)},
            {"origin", static_cast<int>(origin)}, {"from", utf8(from)},
            {"fate", static_cast<int>(fate)}, {"why", utf8(why)}};
}

ChainLink link_of(const Json& object) {
    return {.driver = checked(optional_text(object, "driver"), sysfs::parse_driver_name, "a driver"),
            .module = checked(optional_text(object, "module"), sysfs::parse_module_name, "a module"),
            .origin = enum_of(object.at("origin"), policy::Origin::kGeneric),
            .from = object.at("from").get<std::string>(),
            .fate = enum_of(object.at("fate"), policy::Fate::kAmbiguous),
            .why = object.at("why").get<std::string>()};
}

Json json_of(const MdevWish& wish) {
    const auto& [uuid, count, type, attrs, where] = wish;
    Json list = Json::array();
    for (const auto& [name, value] : attrs)
        list.push_back({utf8(name), utf8(value)});
    return {{"uuid", text_or_null(uuid)}, {"type", utf8(type)}, {"attrs", std::move(list)}};
}

Json json_of(const std::vector<MdevWish>& wishes) {
    Json list = Json::array();
    for (const MdevWish& wish : wishes)
        list.push_back(json_of(wish));
    return list;
}

MdevWish wish_of(const Json& object) {
    MdevWish wish;
    wish.uuid = checked(optional_text(object, "uuid"), sysfs::parse_uuid, "a UUID");
    wish.type = checked(object.at("type").get<std::string>(), sysfs::parse_mdev_type, "a type");
    for (const Json& attr : object.at("attrs"))
        wish.attrs.emplace_back(
            checked(attr.at(0).get<std::string>(), sysfs::parse_attr_name, "an attribute"),
            attr.at(1).get<std::string>());
    return wish;
}

Json json_of(const policy::Access& access) {
    const auto& [owner, group, mode] = access;
    return {{"owner", text_or_null(owner)}, {"group", text_or_null(group)}, {"mode", or_null(mode)}};
}

policy::Access access_of(const Json& object) {
    policy::Access access{.owner = optional_text(object, "owner"),
                          .group = optional_text(object, "group"),
                          .mode = std::nullopt};
    if (!object.at("mode").is_null())
        access.mode = object.at("mode").get<std::uint32_t>() & 07777U;
    return access;
}

Json json_of(const Change& change) {
    const auto& [target, from_driver, from_override, to, candidates, taken_along, access, check,
                 set_vfs, mdevs, mdevs_to_stop, rule, where] = change;
    Json links = Json::array();
    for (const ChainLink& link : candidates)
        links.push_back(json_of(link));
    return {{"device", utf8(target.id.text())}, {"identity", binding::json_of(target.identity)},
            {"from_driver", text_or_null(from_driver)},
            {"from_override", text_or_null(from_override)}, {"to", static_cast<int>(to)},
            {"candidates", std::move(links)}, {"taken_along", taken_along},
            {"access", json_of(access)}, {"check", static_cast<int>(check)},
            {"set_vfs", or_null(set_vfs)}, {"mdevs", json_of(mdevs)},
            {"mdevs_to_stop", json_of(mdevs_to_stop)}, {"rule", utf8(rule)},
            {"where", utf8(where)}};
}

Change change_of(const Json& object) {
    Change change;
    change.target = {device_id_of(object.at("device").get<std::string>()),
                     identity_of(object.at("identity"))};
    change.from_driver =
        checked(optional_text(object, "from_driver"), sysfs::parse_kernel_name, "a driver");
    change.from_override =
        checked(optional_text(object, "from_override"), sysfs::parse_kernel_name, "an override");
    change.to = enum_of(object.at("to"), Change::To::kHost);
    for (const Json& link : object.at("candidates"))
        change.candidates.push_back(link_of(link));
    change.taken_along = object.at("taken_along").get<bool>();
    change.access = access_of(object.at("access"));
    change.check = enum_of(object.at("check"), policy::Check::kOpen);
    if (!object.at("set_vfs").is_null())
        change.set_vfs = object.at("set_vfs").get<std::uint32_t>();
    for (const Json& wish : object.at("mdevs"))
        change.mdevs.push_back(wish_of(wish));
    for (const Json& wish : object.at("mdevs_to_stop"))
        change.mdevs_to_stop.push_back(wish_of(wish));
    change.rule = object.at("rule").get<std::string>();
    change.where = object.at("where").get<std::string>();
    return change;
}

Json json_of(const Reason& reason) {
    return {{"code", policy::reason_name(reason.code)}, {"device", utf8(reason.device.text())},
            {"text", utf8(reason.text)}, {"evidence", text_or_null(reason.evidence)},
            {"forceable", reason.forceable}};
}

Reason reason_of(const Json& object) {
    const auto code = policy::reason_code(object.at("code").get<std::string>());
    if (!code)
        no("not a reason");
    return {.code = *code,
            .device = device_id_of(object.at("device").get<std::string>()),
            .text = object.at("text").get<std::string>(),
            .evidence = optional_text(object, "evidence"),
            .forceable = object.at("forceable").get<bool>()};
}

policy::Step checked_step(const Json& object) {
    if (!op_of(object.at("op").get<std::string>()))
        no("not a step");
    return step_of(object);
}

Transaction transaction_of(const Json& object) {
    Transaction transaction;
    transaction.group = optional_int(object, "group");
    transaction.verdict = enum_of(object.at("verdict"), policy::Verdict::kConflict);
    for (const Json& device : object.at("devices"))
        transaction.devices.push_back(device_id_of(device.get<std::string>()));
    for (const Json& change : object.at("changes"))
        transaction.changes.push_back(change_of(change));
    for (const Json& step : object.at("steps"))
        transaction.steps.push_back(checked_step(step));
    for (const Json& reason : object.at("reasons"))
        transaction.reasons.push_back(reason_of(reason));
    if (const auto result = optional_text(object, "result")) {
        transaction.result = step_result_of(*result);
        if (!transaction.result)
            no("not a result: " + *result);
    }
    transaction.error = object.at("error").get<std::string>();
    return transaction;
}

template <typename T>
Json list_of(const std::vector<T>& values, const std::function<Json(const T&)>& each) {
    Json list = Json::array();
    for (const T& value : values)
        list.push_back(each(value));
    return list;
}

}  // namespace

std::string to_wire(const Transaction& transaction) {
    const auto& [group, verdict, devices, changes, steps, reasons, result, error] = transaction;
    return dump(
        {{"group", or_null(group)},
         {"verdict", static_cast<int>(verdict)},
         {"devices", list_of<sysfs::DeviceId>(devices, [](const auto& id) { return utf8(id.text()); })},
         {"changes", list_of<Change>(changes, [](const auto& each) { return json_of(each); })},
         {"steps",
          list_of<policy::Step>(steps, [](const auto& step) { return binding::json_of(step); })},
         {"reasons", list_of<Reason>(reasons, [](const auto& reason) { return json_of(reason); })},
         {"result", result ? Json(policy::step_result_name(*result)) : Json(nullptr)},
         {"error", utf8(error)}});
}

template <>
sysfs::Result<Transaction> of_wire(const std::string& line) {
    try {
        return transaction_of(Json::parse(line));
    } catch (const Json::exception& error) {
        return sysfs::fail(sysfs::Code::kInvalid, "understand", "a transaction", error.what());
    }
}

}  // namespace binding
