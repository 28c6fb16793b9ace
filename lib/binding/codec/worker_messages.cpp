// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/worker_messages.hpp"

#include "binding/codec/json.hpp"

namespace binding {

std::string WorkerRequest::text() const {
    return (operation == Operation::kRun ? "run " : "undo ") + txn;
}

WorkerRequest WorkerRequest::parse(const std::string& text) {
    return {.operation = text.starts_with("run ") ? Operation::kRun : Operation::kUndo,
            .txn = text.substr(text.find(' ') + 1)};
}

std::string encode_outcome(const TransactionOutcome& outcome) {
    Json steps = Json::array();
    for (const policy::Step& step : outcome.steps)
        steps.push_back(to_json(step));
    Json notes = Json::array();
    for (const std::string& note : outcome.notes)
        notes.push_back(utf8(note));
    return dump({{"result", policy::step_result_name(outcome.result)},
                 {"error", utf8(outcome.error)},
                 {"steps", std::move(steps)},
                 {"notes", std::move(notes)}});
}

TransactionOutcome decode_outcome(const std::string& line) {
    TransactionOutcome outcome;
    try {
        const Json object = Json::parse(line);
        outcome.result = parse_step_result(object.at("result").get<std::string>()).value();
        outcome.error = object.at("error").get<std::string>();
        for (const Json& step : object.at("steps"))
            outcome.steps.push_back(parse_step(step));
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

std::string encode_device_summary(const sysfs::Device& device) {
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

std::optional<sysfs::Device> decode_device_summary(const std::string& line) {
    try {
        const Json object = Json::parse(line);
        sysfs::Device device;
        device.id = parse_device_id(object.at("id").get<std::string>());
        device.syspath = object.at("syspath").get<std::string>();
        device.driver = optional_text(object, "driver");
        device.iommu_group = optional_int(object, "iommu_group");
        if (object.at("vfio").get<bool>())
            device.vfio =
                sysfs::VfioNodes{optional_text(object, "group"), optional_text(object, "cdev")};
        device.netdevs = object.at("netdevs").get<std::vector<std::string>>();
        return device;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace binding
