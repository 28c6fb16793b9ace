// SPDX-License-Identifier: LGPL-2.1-or-later
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/chain.hpp"
#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/exported.hpp"
#include "vfioctl/output_file.hpp"
#include "vfioctl/world.hpp"

/// `vfioctl export`: devices in the words of those who use them. All of the devices or none; what the consumer will
/// stumble over (not bound yet, a group that is not viable) is a warning.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "bindd.org/vfio";

/// What of the host is exported, and the document that comes of it.
struct Export {
    World world;
    std::vector<Subject> subjects;
    std::optional<std::string> file;
    std::optional<Door> door;
};

std::optional<std::string> vfio_driver(const World& world, const sysfs::Device& device) {
    if (device.vfio || (device.driver && sysfs::is_vfio_driver(*device.driver)))
        return device.driver;
    const policy::Decision* decision = world.decision(device.id);
    if (decision == nullptr || decision->outcome != policy::Outcome::kWanted)
        return std::nullopt;
    for (const policy::ChainLink& link : decision->chain.usable())
        if (policy::is_vfio_link(link))
            return link.driver;
    return std::nullopt;
}

std::string mdev_api(const World& world, const sysfs::Device& device) {
    if (!device.mdev)
        return {};
    for (const sysfs::Device& parent : world.inventory.devices)
        if (parent.mdev_parent_name == device.mdev->parent)
            for (const sysfs::MdevType& type : parent.mdev_types)
                if (type.id == device.mdev->type)
                    return type.device_api;
    return {};
}

void warn_of(Session& session, World& world, const sysfs::Device& device) {
    if (!device.vfio && !(device.driver && sysfs::is_vfio_driver(*device.driver)))
        warn(session, world,
             device.id.display() + ": is " +
                 (device.driver ? "on " + *device.driver : std::string("not bound")) +
                 ", not VFIO's: bind it before it is used");
    if (const sysfs::Group* group = world.inventory.group_of(device))
        for (const sysfs::Blocker& blocker : group->blockers)
            if (blocker.device != device.id)
                warn(session, world,
                     device.id.display() + ": IOMMU group " + std::to_string(group->id) +
                         " is not viable: " + blocker.device.display() + " is on " + blocker.driver);
}

Outcome<std::optional<Door>> door_of(const Arguments& arguments) {
    const auto word = arguments.one("backend");
    if (!word)
        return std::optional<Door>();
    if (*word == "legacy")
        return std::optional(Door::kGroup);
    if (*word == "iommufd")
        return std::optional(Door::kIommufd);
    return fail(ExitCode::kUsage, "--backend " + *word, "unknown value", "one of: legacy, iommufd");
}

Outcome<Export> look(Session& session, const Arguments& arguments) {
    Export out;
    auto file = output_file_of(arguments);
    if (!file)
        return propagate(file);
    out.file = *std::move(file);
    const auto door = door_of(arguments);
    if (!door)
        return propagate(door);
    out.door = *door;
    auto world = see_host(session, {}, BadPolicy::kWarns);
    if (!world)
        return propagate(world);
    out.world = *std::move(world);
    const auto ids = devices_of(out.world, arguments.words);
    if (!ids)
        return propagate(ids);
    if (auto decided = decide(session, out.world); !decided)
        return propagate(decided);
    for (const sysfs::DeviceId& id : *ids) {
        const sysfs::Device& device = *out.world.inventory.find(id);
        out.subjects.push_back({.device = device,
                                .driver = vfio_driver(out.world, device),
                                .mdev_api = mdev_api(out.world, device)});
        warn_of(session, out.world, device);
    }
    return out;
}

Json addresses(const std::vector<Subject>& subjects) {
    Json out = Json::array();
    for (const Subject& subject : subjects)
        out.push_back(subject.device.id.display());
    return out;
}

/// `text` is for people and programs, `fields` are what JSON has in its place.
Outcome<ExitCode> hand_out(Session& session, const Export& what, const char* format,
                           const std::string& text, const Json& fields) {
    if (what.file)
        if (auto written = write_output_file(*what.file, text); !written)
            return propagate(written);
    if (session.json()) {
        Json json = document();
        json["format"] = format;
        json["devices"] = addresses(what.subjects);
        json.update(fields);
        json["file"] = what.file ? Json(*what.file) : Json(nullptr);
        json["warnings"] = what.world.warnings;
        session.out << dump(json);
    } else if (!what.file) {
        session.out << text;
    }
    return ExitCode::kDone;
}

}  // namespace

Outcome<ExitCode> run_export_libvirt(Session& session, const Arguments& arguments) {
    const auto what = look(session, arguments);
    if (!what)
        return propagate(what);
    std::string xml;
    for (const Subject& subject : what->subjects) {
        const auto hostdev = libvirt_hostdev(subject);
        if (!hostdev)
            return propagate(hostdev);
        xml += *hostdev;
    }
    return hand_out(session, *what, "libvirt", xml, {{"xml", xml}});
}

Outcome<ExitCode> run_export_qemu(Session& session, const Arguments& arguments) {
    const auto what = look(session, arguments);
    if (!what)
        return propagate(what);
    const bool no_groups = std::any_of(
        what->subjects.begin(), what->subjects.end(), [](const Subject& subject) {
            return subject.device.vfio && !subject.device.vfio->group && subject.device.vfio->cdev;
        });
    const auto words = qemu_arguments(
        what->subjects, what->door.value_or(no_groups ? Door::kIommufd : Door::kGroup));
    if (!words)
        return propagate(words);
    std::string lines;
    for (std::size_t at = 0; at < words->size(); at += 2)
        lines += words->at(at) + " " + words->at(at + 1) + "\n";
    return hand_out(session, *what, "qemu", lines, {{"arguments", *words}});
}

Outcome<ExitCode> run_export_cdi(Session& session, const Arguments& arguments) {
    const std::string kind = arguments.one("kind").value_or(kKind);
    if (!is_cdi_kind(kind))
        return fail(ExitCode::kUsage, "--kind " + kind, "is no kind of CDI's",
                    "vendor.tld/class: letters, digits, '_', '-' and '.', a letter first");
    const auto what = look(session, arguments);
    if (!what)
        return propagate(what);
    const auto spec = cdi_spec(what->subjects, kind, what->door);
    if (!spec)
        return propagate(spec);
    return hand_out(session, *what, "cdi", dump(*spec), {{"cdi", *spec}});
}

}  // namespace vfioctl
