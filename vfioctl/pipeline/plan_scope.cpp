// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/pipeline/plan_scope.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/edit_distance.hpp"
#include "base/file_io.hpp"
#include "base/join.hpp"
#include "binding/codec/json.hpp"
#include "binding/report/plan_report.hpp"

namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kSchema = "vfioctl-plan/1";

CliResult<void> check_rule_name(const HostAssessment& assessment, const std::string& name) {
    std::vector<std::string> names;
    for (const policy::Rule& rule : assessment.policies.rules)
        names.push_back(rule.name);
    if (std::find(names.begin(), names.end(), name) != names.end())
        return {};
    const std::string meant = base::did_you_mean(base::similar_names(name, names));
    return fail(ExitCode::kUsage, "--rule " + name, "no such rule",
                meant.empty() ? "`vfioctl policy show` shows the rules" : meant);
}

bool is_decided_by(const HostAssessment& assessment, const sysfs::DeviceId& id,
                   const std::vector<std::string>& rules) {
    const policy::Decision* decision = assessment.decision(id);
    return decision != nullptr && decision->rule != nullptr &&
           std::find(rules.begin(), rules.end(), decision->rule->name) != rules.end();
}

/// Who a device is and what it is bound to: what a plan relies on beside its steps.
Json device_facts(const HostAssessment& assessment, const sysfs::DeviceId& id) {
    const sysfs::Device* device = assessment.inventory.find(id);
    if (device == nullptr)
        return {{"device", id.display()}};
    return {{"device", binding::utf8(id.display())},
            {"modalias", binding::utf8(device->modalias)},
            {"iommu_group", binding::or_null(device->iommu_group)},
            {"driver", binding::text_or_null(device->driver)},
            {"driver_override", binding::text_or_null(device->driver_override)}};
}

/// The names of what is in one list and not in the other.
void add_differences(const Json& before, const Json& now, std::vector<std::string>& names) {
    const auto missing = [&](const Json& from, const Json& in) {
        for (const Json& each : from)
            if (std::find(in.begin(), in.end(), each) == in.end()) {
                const Json name = !each.is_object()         ? Json()
                                  : each.contains("device") ? each["device"]
                                                            : each.value("devices", Json());
                std::string text = name.is_string() ? name.get<std::string>() : "";
                if (name.is_array())
                    for (const Json& device : name)
                        if (device.is_string())
                            text += (text.empty() ? "" : " ") + device.get<std::string>();
                if (std::find(names.begin(), names.end(), text) == names.end())
                    names.push_back(text);
            }
    };
    missing(now, before);
    missing(before, now);
}

}  // namespace

CliResult<PlanScope> parse_scope(CliContext& cli, const HostAssessment& assessment,
                                 const std::vector<std::string>& devices,
                                 const std::vector<std::string>& rules) {
    if (devices.empty() && rules.empty())
        return PlanScope{};
    for (const std::string& rule : rules)
        TRY(check_rule_name(assessment, rule));
    std::vector<sysfs::DeviceId> ids = TRY(resolve_devices(cli, assessment, devices));
    if (devices.empty())
        for (const sysfs::Device& device : assessment.inventory.devices)
            ids.push_back(device.id);
    if (!rules.empty())
        std::erase_if(
            ids, [&](const sysfs::DeviceId& id) { return !is_decided_by(assessment, id, rules); });
    return PlanScope{std::move(ids)};
}

Json saved_plan(const HostAssessment& assessment, const PlanScope& scope) {
    Json json = {{"schema", kSchema}, {"scope", nullptr}};
    if (scope) {
        json["scope"] = Json::array();
        for (const sysfs::DeviceId& id : *scope)
            json["scope"].push_back(binding::utf8(id.text()));
    }
    auto& devices = json["devices"] = Json::array();
    for (const policy::Transaction& transaction : assessment.plan.transactions)
        for (const sysfs::DeviceId& id : transaction.devices)
            devices.push_back(device_facts(assessment, id));
    json["transactions"] = binding::plan_json(assessment.plan)["transactions"];
    return json;
}

std::optional<Json> read_saved_plan(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
        return std::nullopt;
    const auto text = base::read_file(path);
    if (!text)
        return std::nullopt;
    auto json = binding::parse_json(*text, binding::kRecordLimits);
    if (!json || !json->is_object() || json->value("schema", Json()) != kSchema)
        return std::nullopt;
    return std::make_optional(*std::move(json));
}

CliResult<PlanScope> scope_of(const Json& saved, const std::string& path) {
    const Json scope = saved.value("scope", Json());
    if (scope.is_null())
        return PlanScope{};
    std::vector<sysfs::DeviceId> ids;
    for (const Json& each : scope) {  // a lone value is visited as well
        const auto id =
            each.is_string() ? binding::parse_device_id(each.get<std::string>()) : std::nullopt;
        if (!id)
            return fail(ExitCode::kFailed, path, "is no plan of `vfioctl plan --out`");
        ids.push_back(*id);
    }
    return PlanScope{std::move(ids)};
}

CliResult<void> check_unchanged(const Json& saved, const HostAssessment& assessment,
                                const PlanScope& scope, const std::string& path) {
    const Json now = saved_plan(assessment, scope);
    if (saved == now)
        return {};
    std::vector<std::string> names;
    for (const char* list : {"devices", "transactions"})
        if (const Json before = saved.value(list, Json()); before.is_array())
            add_differences(before, now[list], names);
    return fail(ExitCode::kRefused, path,
                "the host or the policies have changed since this plan was made" +
                    (names.empty() ? "" : ": " + base::join(names, ", ")) + "; nothing was done",
                "`vfioctl plan --out FILE` makes a new one");
}

}  // namespace vfioctl
