// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/json.hpp"

#include <algorithm>

#include "sysfs/device/names.hpp"

namespace binding {
namespace {

constexpr int kCompact = -1;

/// Hex text as written by hex_or_null; throws for anything else, as the callers' JSON reads do.
template <typename T>
std::optional<T> optional_hex(const Json& object, const char* key, std::size_t digits) {
    const auto text = optional_text(object, key);
    if (!text)
        return std::nullopt;
    const auto value = base::parse_hex(*text, digits);
    if (!value)
        throw Json::other_error::create(501, "not hex: " + *text, nullptr);
    return static_cast<T>(*value);
}

}  // namespace

std::string dump(const Json& value) {
    return value.dump(kCompact, ' ', false, Json::error_handler_t::replace);
}

std::string utf8(std::string_view bytes) {
    const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
    if (std::all_of(bytes.begin(), bytes.end(), is_ascii))
        return std::string(bytes);
    // The library's own replacement, by a round trip through a dumped string.
    const std::string quoted = dump(Json(std::string(bytes)));
    return Json::parse(quoted).get<std::string>();
}

Json text_or_null(const std::optional<std::string>& value) {
    return value ? Json(utf8(*value)) : Json(nullptr);
}

Json text_or_null(const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(utf8(value));
}

Json hex_or_null(const std::optional<std::uint32_t>& value, std::size_t digits) {
    return value ? Json(base::to_hex(*value, digits)) : Json(nullptr);
}

Json to_json(const sysfs::Identity& identity) {
    return {{"vendor", hex_or_null(identity.ids.vendor, 4)},
            {"device", hex_or_null(identity.ids.device, 4)},
            {"subsystem_vendor", hex_or_null(identity.ids.subsystem_vendor, 4)},
            {"subsystem_device", hex_or_null(identity.ids.subsystem_device, 4)},
            {"class", hex_or_null(identity.ids.class_code, 6)},
            {"revision", hex_or_null(identity.ids.revision, 2)},
            {"modalias", utf8(identity.modalias)},
            {"iommu_group", or_null(identity.iommu_group)}};
}

std::optional<std::string> optional_text(const Json& object, const char* key) {
    const Json& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}

std::optional<int> optional_int(const Json& object, const char* key) {
    const Json& value = object.at(key);
    return value.is_null() ? std::nullopt : std::optional(value.get<int>());
}

sysfs::DeviceId parse_device_id(const std::string& text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos)
        throw Json::other_error::create(501, "not a device: " + text, nullptr);
    const auto bus = sysfs::parse_bus_name(text.substr(0, slash));
    const auto name = sysfs::parse_device_name(text.substr(slash + 1));
    if (!bus || !name)
        throw Json::other_error::create(501, "not a device: " + text, nullptr);
    return {*bus, *name};
}

sysfs::Identity parse_identity(const Json& object) {
    sysfs::Identity identity;
    identity.ids.vendor = optional_hex<std::uint16_t>(object, "vendor", 4);
    identity.ids.device = optional_hex<std::uint16_t>(object, "device", 4);
    identity.ids.subsystem_vendor = optional_hex<std::uint16_t>(object, "subsystem_vendor", 4);
    identity.ids.subsystem_device = optional_hex<std::uint16_t>(object, "subsystem_device", 4);
    identity.ids.class_code = optional_hex<std::uint32_t>(object, "class", 6);
    identity.ids.revision = optional_hex<std::uint8_t>(object, "revision", 2);
    identity.modalias = object.at("modalias").get<std::string>();
    identity.iommu_group = optional_int(object, "iommu_group");
    return identity;
}

Json to_json(const policy::Step& step) {
    return {{"op", policy::op_name(step.op)},
            {"device", utf8(step.device.text())},
            {"value", text_or_null(step.value)},
            {"module", text_or_null(step.module)},
            {"result", step.result ? Json(policy::step_result_name(*step.result)) : Json(nullptr)},
            {"error", utf8(step.error)}};
}

policy::Step parse_step(const Json& object) {
    policy::Step step{.op = parse_op(object.at("op").get<std::string>()).value(),
                      .device = parse_device_id(object.at("device").get<std::string>()),
                      .value = optional_text(object, "value"),
                      .module = optional_text(object, "module"),
                      .result = std::nullopt,
                      .error = object.at("error").get<std::string>()};
    if (const auto result = optional_text(object, "result"))
        step.result = parse_step_result(*result);
    return step;
}

std::optional<policy::Op> parse_op(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(policy::Op::kCheckOpen); ++i)
        if (name == policy::op_name(static_cast<policy::Op>(i)))
            return static_cast<policy::Op>(i);
    return std::nullopt;
}

std::optional<policy::StepResult> parse_step_result(std::string_view name) {
    for (int i = 0; i <= static_cast<int>(policy::StepResult::kSkipped); ++i)
        if (name == policy::step_result_name(static_cast<policy::StepResult>(i)))
            return static_cast<policy::StepResult>(i);
    return std::nullopt;
}

}  // namespace binding
