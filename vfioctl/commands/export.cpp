// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/export.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "policy/decide/driver_chain.hpp"
#include "policy/plan/driver_children.hpp"
#include "policy/plan/plan_mdevs.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/context/option_values.hpp"
#include "vfioctl/exchange/export_cdi.hpp"
#include "vfioctl/exchange/export_libvirt.hpp"
#include "vfioctl/exchange/export_qemu.hpp"
#include "vfioctl/pipeline/host_assessment.hpp"

/// `vfioctl export`: devices in the words of those who use them. All of the devices or none; what
/// the consumer will stumble over (not bound yet, a group that is not viable) is a warning.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDefaultCdiKind = "bindd.org/vfio";

/// What of the host is exported, and the document that comes of it.
struct ExportRequest {
    HostAssessment assessment;
    std::vector<ExportDevice> exports;
    std::optional<std::string> file;
    std::optional<ExportBackend> backend;
};

std::optional<std::string> vfio_driver(const HostAssessment& assessment,
                                       const sysfs::Device& device) {
    if (device.vfio || (device.driver && sysfs::is_vfio_driver(*device.driver)))
        return device.driver;
    const policy::Decision* decision = assessment.decision(device.id);
    if (decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted)
        return std::nullopt;
    for (const policy::ChainLink& link : decision->chain.usable())
        if (policy::is_vfio_link(link))
            return link.driver;
    return std::nullopt;
}

std::string mdev_api(const HostAssessment& assessment, const sysfs::Device& device) {
    const sysfs::Device* parent =
        device.mdev ? policy::driver_parent(device, assessment.inventory) : nullptr;
    if (parent != nullptr)
        for (const sysfs::MdevType& type : parent->mdev_types)
            if (type.id == device.mdev->type)
                return type.device_api;
    return {};
}

void warn_if_not_assignable(CliContext& cli, HostAssessment& assessment,
                            const sysfs::Device& device) {
    if (policy::has_lost_driver(device))
        warn(cli, assessment, device.id.display() + " " + policy::kLostDriver);
    else if (!device.vfio && !(device.driver && sysfs::is_vfio_driver(*device.driver)))
        warn(cli, assessment,
             device.id.display() + ": is " +
                 (device.driver ? "on " + *device.driver : std::string("not bound")) +
                 ", not VFIO's: bind it before it is used");
    if (const sysfs::Group* group = assessment.inventory.find_group(device))
        for (const sysfs::Blocker& blocker : group->blockers)
            if (blocker.device != device.id)
                warn(cli, assessment,
                     device.id.display() + ": IOMMU group " + std::to_string(group->id) +
                         " is not viable: " + blocker.device.display() + " is on " +
                         blocker.driver);
}

void warn_of_qemu(CliContext& cli, ExportRequest& request, const ExportDevice& exported) {
    if (const std::string why = qemu_warning(exported); !why.empty())
        warn(cli, request.assessment, exported.device.id.display() + ": " + why);
}

CliResult<std::optional<ExportBackend>> parse_backend(const Arguments& arguments) {
    const auto word = arguments.one("backend");
    if (!word)
        return std::optional<ExportBackend>();
    if (*word == "legacy")
        return std::optional(ExportBackend::kGroup);
    if (*word == "iommufd")
        return std::optional(ExportBackend::kIommufd);
    return fail(ExitCode::kUsage, "--backend " + *word, "unknown value", "one of: legacy, iommufd");
}

CliResult<ExportRequest> prepare_export(CliContext& cli, const Arguments& arguments) {
    ExportRequest out;
    out.file = TRY(parse_output_file(arguments));
    out.backend = TRY(parse_backend(arguments));
    out.assessment = TRY(scan_host(cli, {}, OnPolicyError::kWarns));
    const auto ids = TRY(resolve_devices(cli, out.assessment, arguments.words));
    TRY(decide(cli, out.assessment));
    for (const sysfs::DeviceId& id : ids) {
        const sysfs::Device& device = *out.assessment.inventory.find(id);
        out.exports.push_back({.device = device,
                               .driver = vfio_driver(out.assessment, device),
                               .mdev_api = mdev_api(out.assessment, device)});
        warn_if_not_assignable(cli, out.assessment, device);
    }
    return out;
}

Json addresses(const std::vector<ExportDevice>& exports) {
    Json out = Json::array();
    for (const ExportDevice& exported : exports)
        out.push_back(exported.device.id.display());
    return out;
}

/// `text` is for people and programs, `fields` are what JSON has in its place.
CliResult<ExitCode> write_export(CliContext& cli, const ExportRequest& what, const char* format,
                                 const std::string& text, const Json& fields) {
    if (what.file)
        TRY(write_output_file(*what.file, text));
    if (cli.json()) {
        Json json = json_document();
        json["format"] = format;
        json["devices"] = addresses(what.exports);
        json.update(fields);
        json["file"] = what.file ? Json(*what.file) : Json(nullptr);
        json["warnings"] = what.assessment.warnings;
        cli.out << dump(json);
    } else if (!what.file) {
        cli.out << text;
    }
    return ExitCode::kDone;
}

}  // namespace

CliResult<ExitCode> run_export_libvirt(CliContext& cli, const Arguments& arguments) {
    auto what = TRY(prepare_export(cli, arguments));
    std::string xml;
    for (const ExportDevice& exported : what.exports) {
        const auto hostdev = TRY(libvirt_hostdev(exported));
        xml += hostdev;
        warn_of_qemu(cli, what, exported);
        const auto address = sysfs::scan_pci_address(exported.device.id.name);
        if (address && address->domain > kHighestQemuDomain)
            warn(cli, what.assessment,
                 exported.device.id.display() +
                     ": libvirt passes the address to QEMU, which takes no PCI domain above ffff");
    }
    return write_export(cli, what, "libvirt", xml, {{"xml", xml}});
}

CliResult<ExitCode> run_export_qemu(CliContext& cli, const Arguments& arguments) {
    auto what = TRY(prepare_export(cli, arguments));
    const bool no_groups =
        std::any_of(what.exports.begin(), what.exports.end(), [](const ExportDevice& exported) {
            return exported.device.vfio && !exported.device.vfio->group &&
                   exported.device.vfio->cdev;
        });
    const auto words =
        TRY(qemu_arguments(what.exports, what.backend.value_or(no_groups ? ExportBackend::kIommufd
                                                                         : ExportBackend::kGroup)));
    for (const ExportDevice& exported : what.exports)
        warn_of_qemu(cli, what, exported);
    std::string lines;
    for (std::size_t at = 0; at < words.size(); at += 2)
        lines += words.at(at) + " " + words.at(at + 1) + "\n";
    return write_export(cli, what, "qemu", lines, {{"arguments", words}});
}

CliResult<ExitCode> run_export_cdi(CliContext& cli, const Arguments& arguments) {
    const std::string kind = arguments.one("kind").value_or(kDefaultCdiKind);
    if (!is_cdi_kind(kind))
        return fail(ExitCode::kUsage, "--kind " + kind, "is no kind of CDI's",
                    "vendor.tld/class: letters, digits, '_', '-' and '.', a letter first");
    const auto what = TRY(prepare_export(cli, arguments));
    const auto spec = TRY(cdi_spec(cli.options.root, what.exports, kind, what.backend));
    return write_export(cli, what, "cdi", dump(spec), {{"cdi", spec}});
}

}  // namespace vfioctl
