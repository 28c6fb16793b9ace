// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/messages.hpp"

#include "binding/json.hpp"

namespace binding {

std::string Request::text() const {
    return (kind == Kind::kRun ? "run " : "undo ") + txn;
}

Request Request::of(const std::string& text) {
    return {.kind = text.starts_with("run ") ? Kind::kRun : Kind::kUndo,
            .txn = text.substr(text.find(' ') + 1)};
}

std::string outcome_line(const Outcome& outcome) {
    Json steps = Json::array();
    for (const policy::Step& step : outcome.steps)
        steps.push_back(json_of(step));
    Json notes = Json::array();
    for (const std::string& note : outcome.notes)
        notes.push_back(utf8(note));
    return dump({{"result", policy::step_result_name(outcome.result)},
                 {"error", utf8(outcome.error)},
                 {"steps", std::move(steps)},
                 {"notes", std::move(notes)}});
}

Outcome outcome_of(const std::string& line) {
    Outcome outcome;
    try {
        const Json object = Json::parse(line);
        outcome.result = step_result_of(object.at("result").get<std::string>()).value();
        outcome.error = object.at("error").get<std::string>();
        for (const Json& step : object.at("steps"))
            outcome.steps.push_back(step_of(step));
        outcome.notes = object.at("notes").get<std::vector<std::string>>();
    } catch (const Json::exception& error) {
        outcome.result = policy::StepResult::kFailed;
        outcome.error = std::string("the worker's answer was not understood: ") + error.what();
    } catch (const std::bad_optional_access&) {
        outcome.result = policy::StepResult::kFailed;
        outcome.error = "the worker's answer was not understood";
    }
    return outcome;
}

std::string device_line(const sysfs::Device& device) {
    const auto& vfio = device.vfio;
    return dump({{"id", utf8(device.id.text())},
                 {"syspath", utf8(device.syspath)},
                 {"driver", text_or_null(device.driver)},
                 {"iommu_group", or_null(device.iommu_group)},
                 {"vfio", vfio.has_value()},
                 {"group", vfio ? text_or_null(vfio->group) : Json(nullptr)},
                 {"cdev", vfio ? text_or_null(vfio->cdev) : Json(nullptr)},
                 {"netdevs", device.netdevs}});
}

std::optional<sysfs::Device> device_of(const std::string& line) {
    try {
        const Json object = Json::parse(line);
        sysfs::Device device;
        device.id = device_id_of(object.at("id").get<std::string>());
        device.syspath = object.at("syspath").get<std::string>();
        device.driver = optional_text(object, "driver");
        device.iommu_group = optional_int(object, "iommu_group");
        if (object.at("vfio").get<bool>())
            device.vfio = sysfs::VfioNodes{optional_text(object, "group"),
                                           optional_text(object, "cdev")};
        device.netdevs = object.at("netdevs").get<std::vector<std::string>>();
        return device;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace binding
