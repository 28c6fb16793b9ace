// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Some parts of the kernel open a disk without O_EXCL, so that nothing that asks for a claim is
// refused, and without bd_link_disk_holder(), so that sysfs has no link: loop devices, zram's
// backing disk in sysfs, nvmet (nvmet_bdev_ns_enable()), LIO with `exclusive=0` and its file
// backstore, USB mass storage gadgets, Xen's backends. Each has an attribute that names what it has
// open.
#include "sysfs/usage/kernel_users.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>
#include <utility>

#include "base/dir.hpp"
#include "base/path.hpp"
#include "sysfs/usage/mount_line.hpp"

namespace sysfs {
namespace {

/// A block driver whose disks stand on another disk or a file.
struct StackedDriver {
    std::string_view name;
    const char* attribute;  ///< a path; "none" or absent where there is none
};
constexpr StackedDriver kStackedDrivers[] = {{"loop", "loop/backing_file"},
                                             {"zram", "backing_dev"}};

/// A subsystem that serves disks and files to others, and its objects below its directory `top`;
/// '*' stands for one component.
struct Exporter {
    const char* text;
    const char* module;
    const char* top;
    const char* objects;
    const char* path;      ///< the attribute that names what is served, or a link to it
    const char* enabled;   ///< the attribute that says whether it is open now
    int number_base = 10;  ///< of a device number in place of a path
    const char* use = "the kernel serves it to others";
    const char* verb = "serves";
};
constexpr Exporter kExporters[] = {
    {"nvmet namespace", "nvmet", "/sys/kernel/config/nvmet", "subsystems/*/namespaces/*",
     "device_path", "enable"},
    {"nvmet passthru", "nvmet", "/sys/kernel/config/nvmet", "subsystems/*/passthru", "device_path",
     "enable"},
    {"LIO backstore", "target_core_mod", "/sys/kernel/config/target", "core/*/*", "udev_path",
     "enable"},
    {"USB gadget", "libcomposite", "/sys/kernel/config/usb_gadget", "*/functions/*/*", "file", ""},
    // rnbd_srv_create_dev_sysfs()
    {"RNBD export", "rnbd_server", "/sys/class/rnbd-server/ctl", "devices/*", "block_dev", ""},
    {"SCST device", "scst", "/sys/kernel/scst_tgt", "devices/*", "filename", "active"},
    // VBD_SHOW(physical_device): "103:1", hexadecimal
    {"Xen backend", "xen_blkback", "/sys/bus/xen-backend", "devices/*", "physical_device", "", 16},
    {"pstore_blk", "pstore_blk", "/sys/module/pstore_blk", "parameters", "blkdev", "", 10,
     "the kernel keeps its crash log on it", "writes to"},
};

std::optional<NodeNumber> parse_device_number(std::string_view text, int base) {
    NodeNumber number{.kind = NodeKind::kBlock, .major = 0, .minor = 0};
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, number.major, base);
    if (major.ec != std::errc() || major.ptr == end || *major.ptr != ':')
        return std::nullopt;
    const auto minor = std::from_chars(major.ptr + 1, end, number.minor, base);
    return minor.ec == std::errc() && minor.ptr == end ? std::optional(number) : std::nullopt;
}

/// What an attribute names: a path, a partition's id, or a number.
void set_served(const Exporter& exporter, std::string text, KernelUser& user) {
    constexpr std::string_view kPartition = "PARTUUID=";
    user.node = parse_device_number(text, exporter.number_base);
    if (text.starts_with(kPartition))
        user.path = "/dev/disk/by-partuuid/" + text.substr(kPartition.size());
    else if (!user.node && text != "(null)")
        user.path = std::move(text);
}

/// One object of an exporter: its directory below the exporter's, and the components of that which
/// were matched by '*': "nqn.x/1".
struct ExporterObject {
    std::string dir;
    std::string name;
};

/// The objects below `top` that match `pattern`, which begins after `at`.
void match_objects(const std::string& top, std::string_view pattern, const ExporterObject& at,
                   std::vector<ExporterObject>& objects) {
    const auto slash = pattern.find('/');
    const std::string_view part = pattern.substr(0, slash);
    const bool is_any = part == "*";
    const std::vector<std::string> entries =
        is_any ? base::list_directory(top + at.dir) : std::vector{std::string(part)};
    for (const auto& entry : entries) {
        ExporterObject next{.dir = at.dir + "/" + entry, .name = at.name};
        if (is_any)
            next.name += (next.name.empty() ? "" : "/") + entry;
        if (slash == std::string_view::npos)
            objects.push_back(std::move(next));
        else
            match_objects(top, pattern.substr(slash + 1), next, objects);
    }
}

/// "Major: 259 Minor: 0" of a block backstore, "File: /srv/disk.img  Size: ..." of a file, as in
/// iblock_show_configfs_dev_params() and fd_show_configfs_dev_params().
void add_backstore_info(const std::string& info, KernelUser& user) {
    const auto word_after = [&info](std::string_view key, std::string_view end) {
        const auto at = info.find(key);
        if (at == std::string::npos)
            return std::string();
        const std::string_view rest = std::string_view(info).substr(at + key.size());
        return std::string(rest.substr(0, rest.find(end)));
    };
    const std::string major = word_after("Major: ", " ");
    const std::string minor = word_after(" Minor: ", " ");
    const auto number = parse_node_number(NodeKind::kBlock, major + ":" + minor);
    if (number && number->major != 0)
        user.node = number;
    for (const auto& path : {word_after("File: ", "  Size"), word_after("UDEV PATH: ", "  ")}) {
        if (user.path.empty())
            user.path = path;
    }
}

// configfs cannot be unmounted from its users, but need not be mounted while they exist. A module
// without a reference has none.
void add_unreadable(const Root& root, const Exporter& exporter, KernelUsers& users) {
    const auto module = base::Dir::open(root.path(std::string("/sys/module/") + exporter.module));
    const auto references = module ? module->read("refcnt") : base::propagate(module);
    if (references ? *references == "0" : references.error().code == base::Code::kNotFound)
        return;
    if (!base::Dir::open(root.path(exporter.top)))
        users.unknown.push_back(
            fmt::format("{} is in use, and {} cannot be read", exporter.module, exporter.top));
}

void add_exporter(const Root& root, const Exporter& exporter, KernelUsers& users) {
    const std::string top = root.path(exporter.top);
    std::vector<ExporterObject> objects;
    match_objects(top, exporter.objects, {}, objects);
    for (const auto& object : objects) {
        const auto dir = base::Dir::open(top + object.dir);
        if (!dir || !dir->has(exporter.path))
            continue;
        const std::string text =
            fmt::format("{}{}{}", exporter.text, object.name.empty() ? "" : " ", object.name);
        if (*exporter.enabled != '\0' && dir->attr(exporter.enabled) == "0")
            continue;
        auto path = dir->read(exporter.path);
        if (const auto block = dir->link_name(exporter.path))
            path = "/dev/" + *block;
        if (!path) {
            users.unknown.push_back(fmt::format("{}: {}", text, path.error().text()));
            continue;
        }
        KernelUser user{.text = text,
                        .path = {},
                        .disk = {},
                        .node = {},
                        .file_system = {},
                        .use = exporter.use,
                        .verb = exporter.verb};
        set_served(exporter, path->substr(0, path->find('\n')), user);
        add_backstore_info(dir->attr("info").value_or(""), user);
        if (user.node || !user.path.empty())
            users.users.push_back(std::move(user));
    }
}

void add_stacked_disks(const Root& root, const StackedDriver& driver, KernelUsers& users) {
    for (const auto& name : base::list_directory(root.path("/sys/class/block"))) {
        if (!name.starts_with(driver.name))
            continue;
        const auto dir = base::Dir::open(root.path("/sys/class/block/" + name));
        auto path = dir ? dir->read(driver.attribute) : base::propagate(dir);
        if (!path && path.error().code != base::Code::kNotFound)
            users.unknown.push_back(fmt::format("{}: {}", name, path.error().text()));
        // Of a file the evidence says that it was deleted.
        if (path && path->starts_with("/dev/"))
            path = without_deleted(*path);
        if (path && *path != "none" && !path->empty())
            users.users.push_back(
                {.text = name, .path = *path, .disk = name, .node = {}, .file_system = {}});
    }
}

}  // namespace

KernelUsers read_kernel_users(const Root& root) {
    KernelUsers users;
    for (const auto& driver : kStackedDrivers)
        add_stacked_disks(root, driver, users);
    for (const auto& exporter : kExporters) {
        add_unreadable(root, exporter, users);
        add_exporter(root, exporter, users);
    }
    return users;
}

}  // namespace sysfs
