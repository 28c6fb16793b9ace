// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/usage/device_subtree.hpp"

#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <utility>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/dependent_devices.hpp"
#include "sysfs/device/firmware_display.hpp"
#include "sysfs/device/group.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/usage/block_stack.hpp"
#include "sysfs/usage/group_devices.hpp"

namespace sysfs {
namespace {

// Directories with many entries and nothing usable below them.
constexpr std::string_view kLeafDirectories[] = {"power",   "msi_irqs", "statistics", "queues",
                                                 "holders", "slaves",   "trace",      "integrity",
                                                 "mq",      "queue"};

bool is_leaf_directory(std::string_view name) {
    return std::find(std::begin(kLeafDirectories), std::end(kLeafDirectories), name) !=
           std::end(kLeafDirectories);
}

/// Names of the real directories and of the other entries in one directory. Links are not followed:
/// below a device they lead to other devices.
struct SubtreeEntries {
    std::vector<std::string> directories;
    std::set<std::string> files;
};

base::Result<SubtreeEntries> list(const std::string& path) {
    SubtreeEntries entries;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory)
        return base::fail_errno(errno, "open", path);
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..")
            continue;
        if (entry->d_type == DT_DIR)
            entries.directories.push_back(name);
        else
            entries.files.insert(name);
    }
    std::sort(entries.directories.begin(), entries.directories.end());
    return entries;
}

std::optional<std::string> text_of(const std::string& path) {
    auto text = base::read_file(path);
    if (!text)
        return std::nullopt;
    if (text->ends_with('\n'))
        text->pop_back();
    return *std::move(text);
}

/// DEVNAME of a uevent file ("dri/card0"), else the name of the directory.
std::string node_name(const std::string& path) {
    constexpr std::string_view kKey = "DEVNAME=";
    const std::string text = "\n" + base::read_file(path + "/uevent").value_or("");
    const auto at = text.find("\n" + std::string(kKey));
    if (at == std::string::npos)
        return base::base_name(path);
    const auto start = at + 1 + kKey.size();
    return text.substr(start, text.find('\n', start) - start);
}

std::optional<NodeNumber> number_in(const std::string& path) {
    return parse_node_number(NodeKind::kChar, text_of(path).value_or(""));
}

/// The group's node is below /sys/devices/virtual/vfio, not below the device.
void add_group_node(const Root& root, const std::string& group, DeviceSubtree& subtree) {
    if (const auto number = number_in(root.path("/sys/class/vfio/" + group + "/dev")))
        subtree.nodes.emplace(*number, DeviceNode{"vfio/" + group, "vfio"});
}

class SubtreeWalker {
  public:
    SubtreeWalker(const Root& root, DeviceSubtree& subtree)
        : root_(root), subtree_(subtree), own_path_(root.path(subtree.device.syspath)) {}

    void visit(const std::string& path) {
        const auto entries = list(path);
        if (!entries) {
            if (entries.error().code != base::Code::kNotFound)
                subtree_.unknown.push_back(entries.error().text());
            return;
        }
        inspect(path, *entries);
        for (const auto& name : entries->directories) {
            if (!is_leaf_directory(name))
                visit(fmt::format("{}/{}", path, name));
        }
    }

  private:
    void inspect(const std::string& path, const SubtreeEntries& entries) {
        const auto has = [&entries](const char* name) { return entries.files.contains(name); };
        if (has("dev"))
            add_node(path);
        if (has("resource") ||
            (path == root_.path(subtree_.device.syspath) && subtree_.device.id.bus == "pci"))
            subtree_.functions.push_back(path);
        if (has("driver") && has("modalias"))
            subtree_.bus_names.insert(base::base_name(path));
        if (base::base_name(path) == "net" && entries.directories.empty() && !has("subsystem"))
            subtree_.hidden_nets.insert(base::base_name(base::directory_name(path)));
        if (has("ifindex"))
            subtree_.netdevs.push_back(base::base_name(path));
        if (has("status") && has("enabled") && base::base_name(path).starts_with("card"))
            subtree_.connectors.push_back(path);
        const bool below = path != own_path_;
        if (has("mdev_type") && below)
            add_mdev(path);
        if (has("iommu_group") && below)
            add_group_node(root_,
                           base::base_name(base::read_link(path + "/iommu_group").value_or("")),
                           subtree_);
        if (has("hidden") && text_of(path + "/hidden") == "1")
            add_multipath_head(path);
        const auto consumer = entries.files.lower_bound("consumer:");
        if ((consumer != entries.files.end() && consumer->starts_with("consumer:")) ||
            (below && base::base_name(path).starts_with("mem") && has("subsystem")))
            visit_dependents(path);
    }

    /// Their uses are the device's: they end with it. Links may go round in a captured host.
    void visit_dependents(const std::string& path) {
        for (const std::string& dir : dependent_devices(root_, path))
            if (dependents_.insert(dir).second)
                visit(dir);
    }

    void add_node(const std::string& path) {
        const std::string name = base::base_name(path);
        const std::string subsystem =
            base::base_name(base::read_link(path + "/subsystem").value_or(""));
        if (subsystem == "virtio-ports")
            add_hypervisor_consoles(path);
        if (subsystem == "graphics")
            subtree_.framebuffers.push_back(name);
        if (subsystem == "drm" && name.starts_with("card"))
            subtree_.cards.push_back(name);
        const NodeKind kind = subsystem == "block" ? NodeKind::kBlock : NodeKind::kChar;
        const auto number = parse_node_number(kind, text_of(path + "/dev").value_or(""));
        if (!number)
            return;
        subtree_.nodes.emplace(*number, DeviceNode{node_name(path), subsystem});
        if (kind == NodeKind::kBlock)
            add_block(root_, path, subtree_.blocks);
    }

    // A port that the hypervisor gave no name is a console (name_show()). The kernel has a terminal
    // for it, "hvc0", that belongs to no device (hvc_alloc()), so it may be any of these.
    void add_hypervisor_consoles(const std::string& port) {
        const std::string name = text_of(port + "/name").value_or("");
        if (!name.empty() && name != "(null)")
            return;
        const std::string terminals = root_.path("/sys/class/tty");
        for (const auto& each : base::list_directory(terminals)) {
            const auto number = number_in(fmt::format("{}/{}/dev", terminals, each));
            if (each.starts_with("hvc") && number)
                subtree_.nodes.emplace(*number, DeviceNode{each, "tty"});
        }
    }

    // A controller's share of a multipath namespace is "nvme<subsystem>c<controller>n<namespace>",
    // hidden and without a node; what is mounted is the head, "nvme<subsystem>n<namespace>", below
    // the virtual nvme-subsystem (nvme_mpath_set_disk_name()). With one path only the head is the
    // disk itself.
    void add_multipath_head(const std::string& path) {
        const std::string name = base::base_name(path);
        const auto c = name.find('c');
        const auto n = name.rfind('n');
        if (!name.starts_with("nvme") || c == std::string::npos || n == std::string::npos || n < c)
            return;
        const std::string start = name.substr(0, c);
        const std::string end = name.substr(n);
        const auto disks = base::list_directory(root_.path("/sys/class/block"));
        const auto paths = std::count_if(disks.begin(), disks.end(), [&](const std::string& disk) {
            return disk.starts_with(start + "c") && disk.ends_with(end);
        });
        add_stacked(root_, start + end, paths > 1 ? name : "", subtree_.blocks);
        // Its other node, of the class nvme-generic, is beside it (nvme_mpath_set_live()).
        const std::string generic = "ng" + start.substr(sizeof "nvme" - 1) + end;
        if (const auto number =
                number_in(root_.path("/sys/class/nvme-generic/" + generic + "/dev")))
            subtree_.nodes.emplace(*number, DeviceNode{generic, "nvme-generic"});
    }

    void add_mdev(const std::string& path) {
        const std::string type = base::base_name(base::read_link(path + "/mdev_type").value_or(""));
        subtree_.mdevs.push_back(fmt::format("{} ({})", base::base_name(path), type));
    }

    const Root& root_;
    DeviceSubtree& subtree_;
    std::string own_path_;
    std::set<std::string> dependents_;
};

/// A group can be open because of another member, which is no use of an unbound member.
void add_vfio_group(const Root& root, DeviceSubtree& subtree) {
    const Device& device = subtree.device;
    std::optional<std::string> name;
    if (device.vfio && device.vfio->group)
        name = device.vfio->group;
    else if (device.iommu_group && device.driver)
        name = std::to_string(*device.iommu_group);
    if (name)
        add_group_node(root, *name, subtree);
}

// NVIDIA's driver registers no devices for its nodes; only its own table relates them to the
// device.
void add_nvidia(const Root& root, DeviceSubtree& subtree) {
    constexpr unsigned kNvidiaMajor = 195;
    constexpr std::string_view kKey = "Device Minor:";
    const auto text = base::read_file(
        root.path("/proc/driver/nvidia/gpus/" + subtree.device.id.name + "/information"));
    const auto at = text ? text->find(kKey) : std::string::npos;
    if (at == std::string::npos)
        return;
    const auto start = at + kKey.size();
    const auto minor =
        base::parse_kernel_number(text->substr(start, text->find('\n', start) - start));
    if (!minor)
        return;
    subtree.nodes.emplace(NodeNumber{NodeKind::kChar, kNvidiaMajor, static_cast<unsigned>(*minor)},
                          DeviceNode{"nvidia" + std::to_string(*minor), "nvidia"});
}

/// On a captured host a node may have no number; its name is enough there.
void add_parentless_nodes(const Root& root, DeviceSubtree& subtree) {
    unsigned unnumbered = 0;
    for (const auto& [name, number] : parentless_nodes(root, subtree.device))
        subtree.nodes.emplace(parse_node_number(NodeKind::kChar, number)
                                  .value_or(NodeNumber{NodeKind::kChar, 0, ++unnumbered}),
                              DeviceNode{name, "misc"});
}

void add_firmware_displays(const Root& root, SubtreeWalker& walker, DeviceSubtree& subtree) {
    for (const FirmwareDisplay& display : find_firmware_displays(root, subtree.device)) {
        subtree.firmware_display = display.name;
        if (!display.dir.empty())
            walker.visit(display.dir);
        auto& framebuffers = subtree.framebuffers;
        if (display.name.starts_with("fb") &&
            std::find(framebuffers.begin(), framebuffers.end(), display.name) == framebuffers.end())
            framebuffers.push_back(display.name);  // its class link is all that a capture may have
    }
}

void add_stack_nodes(DeviceSubtree& subtree) {
    for (const auto& block : subtree.blocks)
        subtree.nodes.emplace(block.number, DeviceNode{block.name, "block"});
}

}  // namespace

std::string Block::text() const {
    return label.empty() ? name : name + " (" + label + ")";
}

std::optional<NodeNumber> parse_node_number(NodeKind kind, std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const auto major = base::parse_decimal(text.substr(0, colon));
    const auto minor = base::parse_decimal(text.substr(colon + 1));
    if (!major || !minor)
        return std::nullopt;
    return NodeNumber{kind, static_cast<unsigned>(*major), static_cast<unsigned>(*minor)};
}

DeviceSubtree read_device_subtree(const Root& root, const Device& device) {
    DeviceSubtree subtree;
    subtree.device = device;
    subtree.bus_names.insert(device.id.name);
    SubtreeWalker walker(root, subtree);
    if (!device.syspath.empty())
        walker.visit(root.path(device.syspath));
    add_firmware_displays(root, walker, subtree);
    if (device.id.bus == "css" || device.id.bus == "ccw") {
        for (const auto& group : group_device_dirs(root, root.path(device.syspath)))
            walker.visit(group);
    }
    add_vfio_group(root, subtree);
    if (device.id.bus == "pci")
        add_nvidia(root, subtree);
    add_parentless_nodes(root, subtree);
    add_stack_nodes(subtree);
    return subtree;
}

}  // namespace sysfs
