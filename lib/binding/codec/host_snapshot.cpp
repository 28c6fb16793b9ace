// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/host_snapshot.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "binding/codec/codec.hpp"
#include "binding/codec/json.hpp"

namespace binding {
namespace {

using base::Result;

tl::unexpected<base::Error> not_a_snapshot(std::string_view line) {
    return base::fail(base::Code::kInvalid, "read", "the daemon's picture of the host",
                      "it is not one that this version knows: " + utf8(line.substr(0, 60)),
                      "restart the daemon after an upgrade; --direct does without it");
}

/// The value of a line into `place`.
template <typename T>
Result<void> decode_into(const std::string& json, T& out) {
    auto value = decode<T>(json);
    if (!value)
        return base::propagate(value);
    out = std::move(*value);
    return {};
}

Result<void> decode_device(const std::string& json, HostSnapshot& snapshot) {
    auto device = decode<sysfs::Device>(json);
    if (!device)
        return base::propagate(device);
    snapshot.inventory.devices.push_back(std::move(*device));
    return {};
}

Result<void> decode_source(const std::string& json, HostSnapshot& snapshot) {
    const Json object = Json::parse(json, nullptr, false);
    if (object.is_discarded() || !object.contains("name") || !object["name"].is_string() ||
        !object.contains("text") || !object["text"].is_string())
        return not_a_snapshot(json);
    snapshot.sources.push_back(
        {object["name"].get<std::string>(), object["text"].get<std::string>()});
    return {};
}

Result<void> decode_status(const std::string& json, HostSnapshot& snapshot) {
    try {
        const Json object = Json::parse(json);
        snapshot.statuses[parse_device_id(object.at("device").get<std::string>())] = {
            {object.at("state").get<std::string>(), optional_text(object, "reason")},
            object.at("path").get<std::string>()};
    } catch (const Json::exception&) {
        return not_a_snapshot(json);
    }
    return {};
}

Result<void> decode_line(std::string_view kind, const std::string& json, HostSnapshot& snapshot,
                         HostContext& context) {
    if (kind == "device")
        return decode_device(json, snapshot);
    if (kind == "host")
        return decode_into(json, context);
    if (kind == "usage")
        return decode_into(json, snapshot.usage);
    if (kind == "source")
        return decode_source(json, snapshot);
    if (kind == "state")
        return decode_status(json, snapshot);
    return not_a_snapshot(kind);
}

}  // namespace

void SnapshotWriter::line(const char* kind, const std::string& json) {
    text_.append(kind).append(" ").append(json).append("\n");
}

void SnapshotWriter::add(const sysfs::Inventory& inventory) {
    line("host", encode(HostContext::from(inventory)));
    for (const sysfs::Device& device : inventory.devices)
        line("device", encode(device));
}

void SnapshotWriter::add(const sysfs::Usage& usage) {
    line("usage", encode(usage));
}

void SnapshotWriter::add(const policy::SourceFile& source) {
    line("source", dump({{"name", source.name}, {"text", source.text}}));
}

void SnapshotWriter::add(const sysfs::DeviceId& device, const HostSnapshot::DeviceStatus& status) {
    line("state", dump({{"device", device.text()},
                        {"state", status.state.state},
                        {"reason", text_or_null(status.state.reason)},
                        {"path", status.path}}));
}

Result<HostSnapshot> parse_snapshot(const std::string& text) {
    HostSnapshot snapshot;
    HostContext context;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string_view line = std::string_view(text).substr(from, end - from);
        from = end + 1;
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos)
            return not_a_snapshot(line);
        if (auto decoded = decode_line(line.substr(0, blank), std::string(line.substr(blank + 1)),
                                       snapshot, context);
            !decoded)
            return base::propagate(decoded);
    }
    context.apply_to(snapshot.inventory);
    snapshot.inventory.rebuild_index();
    return snapshot;
}

}  // namespace binding
