// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/dependent_devices.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"

namespace sysfs {
namespace {

constexpr const char* kCxlDevices = "/sys/bus/cxl/devices";
constexpr const char* kNvdimmDevices = "/sys/bus/nd/devices";

/// Where the link `name` in `dir`, a real directory below the root, leads to, with the root. The
/// links between devices are relative, and those of a captured host do not lead out of it.
std::optional<std::string> linked_dir(const Root& root, const std::string& dir,
                                      const std::string& name) {
    const auto target = base::read_link(dir + "/" + name);
    if (!target)
        return std::nullopt;
    const std::filesystem::path inside(dir.substr(root.prefix.size()));
    return root.path((inside / *target).lexically_normal().string());
}

/// A link without a state is not managed (DL_FLAG_STATELESS, status_show()); one for sync_state()
/// alone unbinds nobody.
bool unbinds_consumer(const base::Dir& link) {
    const std::string status = link.attr("status").value_or("");
    return (status == "active" || status == "consumer probing") &&
           link.attr("sync_state_only") != "1";
}

void add_consumers(const Root& root, const base::Dir& device, std::vector<std::string>& found) {
    for (const std::string& name : device.entries().value_or(std::vector<std::string>{})) {
        const auto dir =
            name.starts_with("consumer:") ? linked_dir(root, device.path(), name) : std::nullopt;
        if (!dir)
            continue;
        const auto link = base::Dir::open(*dir);
        const auto consumer = linked_dir(root, *dir, "consumer");
        if (link && consumer && unbinds_consumer(*link))
            found.push_back(*consumer);
    }
}

/// "endpoint4" of the memory device: its decoders are "decoder4.0" and so on.
std::string decoder_prefix(const Root& root, const std::string& memory) {
    const std::string devices = root.path(kCxlDevices);
    for (const std::string& name : base::list_directory(devices)) {
        constexpr std::string_view kEndpoint = "endpoint";
        const auto dir = base::Dir::open(devices + "/" + name);
        if (name.starts_with(kEndpoint) && dir && dir->link_name("uport") == memory)
            return "decoder" + name.substr(kEndpoint.size()) + ".";
    }
    return {};
}

/// The regions that have an endpoint decoder of the memory device among their targets
/// (show_targetN()).
void add_regions(const Root& root, const std::string& memory, std::vector<std::string>& found) {
    const std::string prefix = decoder_prefix(root, memory);
    const std::string devices = root.path(kCxlDevices);
    for (const std::string& name : base::list_directory(devices)) {
        const auto region = base::Dir::open(devices + "/" + name);
        if (prefix.empty() || !name.starts_with("region") || !region)
            continue;
        for (const std::string& target : region->entries().value_or(std::vector<std::string>{}))
            if (target.starts_with("target") &&
                region->attr(target).value_or("").starts_with(prefix)) {
                found.push_back(linked_dir(root, devices, name).value_or(region->path()));
                break;
            }
    }
}

/// The modules of persistent memory that are the memory device "mem0": their provider is its child
/// "pmem0" (provider_show(), since 6.5). Before, those of all memory devices may be.
std::set<std::string> modules_of(const Root& root, const std::string& memory) {
    std::set<std::string> modules;
    const std::string devices = root.path(kNvdimmDevices);
    for (const std::string& name : base::list_directory(devices)) {
        const std::string path = linked_dir(root, devices, name).value_or("");
        const auto dir = base::Dir::open(path);
        if (name.starts_with("nmem") && path.find("/nvdimm-bridge") != std::string::npos && dir &&
            dir->attr("cxl/provider").value_or("p" + memory) == "p" + memory)
            modules.insert(name);
    }
    return modules;
}

/// Persistent memory hangs on the bridge of all CXL (devm_cxl_add_nvdimm_bridge()), and ends with
/// each of its memory devices (cxl_nvd_unregister()). "nmem0,0,268435456,0" (mapping_show())
void add_persistent_memory(const Root& root, const std::string& memory,
                           std::vector<std::string>& found) {
    const std::set<std::string> modules = modules_of(root, memory);
    const std::string devices = root.path(kNvdimmDevices);
    for (const std::string& name : base::list_directory(modules.empty() ? "" : devices)) {
        const auto region = base::Dir::open(devices + "/" + name);
        if (!name.starts_with("region") || !region)
            continue;
        for (const std::string& entry : region->entries().value_or(std::vector<std::string>{})) {
            const std::string mapping =
                entry.starts_with("mapping") ? region->attr(entry).value_or("") : "";
            if (modules.contains(mapping.substr(0, mapping.find(',')))) {
                found.push_back(linked_dir(root, devices, name).value_or(region->path()));
                break;
            }
        }
    }
}

struct ParentlessNode {
    std::string_view driver;
    std::string_view node;  ///< its name, or what a number follows
};
constexpr std::array kParentlessNodes = {
    ParentlessNode{"ccp", "sev"},  // sev_misc_init()
    ParentlessNode{"nvidia-nvswitch", "nvidia-nvswitch"},
};

bool is_node_of(std::string_view name, std::string_view node) {
    return name.starts_with(node) &&
           std::all_of(name.begin() + static_cast<std::ptrdiff_t>(node.size()), name.end(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

std::string node_number(const Root& root, const std::string& name) {
    if (const auto text = base::read_file(root.path("/sys/class/misc/" + name + "/dev")))
        return *text;
    struct stat status {};
    if (!root.is_live() || ::stat(("/dev/" + name).c_str(), &status) != 0)
        return {};
    return std::to_string(::major(status.st_rdev)) + ":" + std::to_string(::minor(status.st_rdev));
}

}  // namespace

std::vector<std::string> dependent_devices(const Root& root, const std::string& dir) {
    std::vector<std::string> found;
    const auto device = base::Dir::open(dir);
    if (!device)
        return found;
    add_consumers(root, *device, found);
    if (device->link_name("subsystem") == "cxl") {
        add_regions(root, base::base_name(dir), found);
        add_persistent_memory(root, base::base_name(dir), found);
    }
    return found;
}

std::map<std::string, std::string> parentless_nodes(const Root& root, const Device& device) {
    std::map<std::string, std::string> nodes;
    for (const ParentlessNode& each : kParentlessNodes) {
        if (device.driver != each.driver)
            continue;
        for (const char* directory : {"/dev", "/sys/class/misc"})
            for (const std::string& name : base::list_directory(root.path(directory)))
                if (is_node_of(name, each.node))
                    nodes.emplace(name, node_number(root, name));
    }
    return nodes;
}

}  // namespace sysfs
