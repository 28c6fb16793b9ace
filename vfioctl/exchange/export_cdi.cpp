// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/export_cdi.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

/// The Container Device Interface: https://github.com/cncf-tags/container-device-interface. A
/// consumer refuses a file with an unknown field, and one whose version is lower than its fields
/// need; so the file has few fields, and the lowest version that has them.
namespace vfioctl {
namespace {

using Json = nlohmann::ordered_json;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Letters, digits and `others`, a letter first and a letter or digit last.
bool is_cdi_word(std::string_view text, std::string_view others) {
    const auto allowed = [&](char c) {
        return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
    };
    return !text.empty() && is_letter(text.front()) &&
           (is_letter(text.back()) || is_digit(text.back())) &&
           std::all_of(text.begin(), text.end(), allowed);
}

/// Names have letters, digits and "_-." only, so an address loses its colons: "0000-01-00.0".
std::string cdi_name(const sysfs::DeviceId& id) {
    std::string name = id.bus == "pci" || id.bus == "mdev" ? id.name : id.bus + "-" + id.name;
    std::replace_if(
        name.begin(), name.end(),
        [](char c) { return !is_letter(c) && !is_digit(c) && c != '_' && c != '.'; }, '-');
    return name;
}

/// 0.5.0: names may begin with a digit; 0.6.0: a class may have dots.
const char* lowest_version(const std::string& kind, const std::vector<std::string>& names) {
    if (kind.find('.', kind.find('/')) != std::string::npos)
        return "0.6.0";
    const bool digit_first = std::any_of(names.begin(), names.end(),
                                         [](const std::string& name) { return is_digit(name[0]); });
    return digit_first ? "0.5.0" : "0.3.0";
}

/// Without owner and mode a runtime makes the node anew for root, whatever udev or a rule's
/// `access` gave it. They are as old as the node's other fields (0.3.0).
Json device_node(const sysfs::Root& root, const std::string& path) {
    constexpr unsigned kModeBits = 07777;
    Json node = {{"path", path}, {"type", "c"}, {"permissions", "rw"}};
    struct stat status {};
    if (::lstat(root.path(path).c_str(), &status) == 0 && !S_ISLNK(status.st_mode)) {
        node["fileMode"] = status.st_mode & kModeBits;
        node["uid"] = status.st_uid;
        node["gid"] = status.st_gid;
    }
    return node;
}

CliResult<Json> device_nodes(const sysfs::Root& root, const sysfs::Device& device,
                             std::optional<ExportBackend> backend) {
    if (!device.vfio)
        return fail(ExitCode::kFailed, device.id.display(), "is not VFIO's now, so it has no node",
                    "`vfioctl bind` or `vfioctl apply` first");
    const auto& group = device.vfio->group;
    const auto& cdev = device.vfio->cdev;
    const ExportBackend backend_used =
        backend.value_or(group ? ExportBackend::kGroup : ExportBackend::kIommufd);
    switch (backend_used) {
        case ExportBackend::kGroup:
            if (!group)
                return fail(ExitCode::kFailed, device.id.display(),
                            "this kernel makes no group node", "--backend iommufd");
            return Json{device_node(root, "/dev/vfio/" + *group),
                        device_node(root, "/dev/vfio/vfio")};
        case ExportBackend::kIommufd:
            if (!cdev)
                return fail(ExitCode::kFailed, device.id.display(),
                            "this kernel makes no node below /dev/vfio/devices",
                            "--backend legacy");
            return Json{device_node(root, "/dev/vfio/devices/" + *cdev),
                        device_node(root, "/dev/iommu")};
    }
    return fail(ExitCode::kFailed, device.id.display(), "has no node");
}

}  // namespace

bool is_cdi_kind(const std::string& kind) {
    const std::size_t slash = kind.find('/');
    return slash != std::string::npos &&
           is_cdi_word(std::string_view(kind).substr(0, slash), "_-.") &&
           is_cdi_word(std::string_view(kind).substr(slash + 1), "_-.");
}

CliResult<Json> cdi_spec(const sysfs::Root& root, const std::vector<ExportDevice>& exports,
                         const std::string& kind, std::optional<ExportBackend> backend) {
    Json devices = Json::array();
    std::vector<std::string> names;
    for (const ExportDevice& exported : exports) {
        auto nodes = TRY(device_nodes(root, exported.device, backend));
        names.push_back(cdi_name(exported.device.id));
        devices.push_back({{"name", names.back()}, {"containerEdits", {{"deviceNodes", nodes}}}});
    }
    return Json{{"cdiVersion", lowest_version(kind, names)}, {"kind", kind}, {"devices", devices}};
}

}  // namespace vfioctl
