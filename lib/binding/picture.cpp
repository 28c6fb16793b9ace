// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/picture.hpp"

#include <nlohmann/json.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "binding/json.hpp"
#include "binding/wire.hpp"

namespace binding {
namespace {

using sysfs::Result;

tl::unexpected<sysfs::Error> invalid(std::string_view line) {
    return sysfs::fail(sysfs::Code::kInvalid, "read", "the daemon's picture of the host",
                       "it is not one that this version knows: " + utf8(line.substr(0, 60)),
                       "restart the daemon after an upgrade; --direct does without it");
}

/// The value of a line into `place`.
template <typename T>
Result<void> take(const std::string& json, T& place) {
    auto value = of_wire<T>(json);
    if (!value)
        return sysfs::propagate(value);
    place = std::move(*value);
    return {};
}

Result<void> take_device(const std::string& json, Picture& picture) {
    auto device = of_wire<sysfs::Device>(json);
    if (!device)
        return sysfs::propagate(device);
    picture.inventory.devices.push_back(std::move(*device));
    return {};
}

Result<void> take_source(const std::string& json, Picture& picture) {
    const Json object = Json::parse(json, nullptr, false);
    if (object.is_discarded() || !object.contains("name") || !object["name"].is_string() ||
        !object.contains("text") || !object["text"].is_string())
        return invalid(json);
    picture.sources.push_back({object["name"].get<std::string>(), object["text"].get<std::string>()});
    return {};
}

Result<void> take_state(const std::string& json, Picture& picture) {
    try {
        const Json object = Json::parse(json);
        picture.standings[device_id_of(object.at("device").get<std::string>())] = {
            {object.at("state").get<std::string>(), optional_text(object, "reason")},
            object.at("path").get<std::string>()};
    } catch (const Json::exception&) {
        return invalid(json);
    }
    return {};
}

Result<void> take_line(std::string_view kind, const std::string& json, Picture& picture,
                       Surround& surround) {
    if (kind == "device")
        return take_device(json, picture);
    if (kind == "host")
        return take(json, surround);
    if (kind == "usage")
        return take(json, picture.usage);
    if (kind == "source")
        return take_source(json, picture);
    if (kind == "state")
        return take_state(json, picture);
    return invalid(kind);
}

}  // namespace

void PictureText::line(const char* kind, const std::string& json) {
    text_.append(kind).append(" ").append(json).append("\n");
}

void PictureText::add(const sysfs::Inventory& inventory) {
    line("host", to_wire(Surround::of(inventory)));
    for (const sysfs::Device& device : inventory.devices)
        line("device", to_wire(device));
}

void PictureText::add(const sysfs::Usage& usage) {
    line("usage", to_wire(usage));
}

void PictureText::add(const policy::SourceFile& source) {
    line("source", dump({{"name", source.name}, {"text", source.text}}));
}

void PictureText::add(const sysfs::DeviceId& device, const Picture::Standing& standing) {
    line("state", dump({{"device", device.text()},
                        {"state", standing.state.state},
                        {"reason", text_or_null(standing.state.reason)},
                        {"path", standing.path}}));
}

Result<Picture> picture_of(const std::string& text) {
    Picture picture;
    Surround surround;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        const std::string_view line = std::string_view(text).substr(from, end - from);
        from = end + 1;
        const std::size_t blank = line.find(' ');
        if (blank == std::string_view::npos)
            return invalid(line);
        if (auto taken = take_line(line.substr(0, blank), std::string(line.substr(blank + 1)), picture, surround);
            !taken)
            return sysfs::propagate(taken);
    }
    surround.put_into(picture.inventory);
    picture.inventory.settle();
    return picture;
}

}  // namespace binding
