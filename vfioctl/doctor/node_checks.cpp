// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/node_checks.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "base/number.hpp"
#include "vfioctl/render/counted.hpp"

/// The device nodes: /dev/vfio/vfio is harmless and for everyone (the kernel makes it 0666), those
/// of groups are not.
namespace vfioctl {
namespace {

constexpr unsigned kPermissions = 07777;
constexpr unsigned kReadWrite = 6;

struct NodeStatus {
    std::string path;
    struct stat status {};
    [[nodiscard]] unsigned mode() const { return status.st_mode & kPermissions; }
};

std::optional<NodeStatus> read_node(const DoctorContext& context, const std::string& path) {
    NodeStatus out{.path = path, .status = {}};
    if (::stat(context.root.path(path).c_str(), &out.status) != 0)
        return std::nullopt;
    return out;
}

/// Names of users are this machine's; below --root the owner is the user who unpacked the
/// directory.
std::string owner(const DoctorContext& context, const NodeStatus& of) {
    if (!context.root.is_live())
        return {};
    const passwd* user = ::getpwuid(of.status.st_uid);
    const group* members = ::getgrgid(of.status.st_gid);
    return " " + (user == nullptr ? std::to_string(of.status.st_uid) : std::string(user->pw_name)) +
           ":" +
           (members == nullptr ? std::to_string(of.status.st_gid) : std::string(members->gr_name));
}

CheckResult container(const DoctorContext& context) {
    const auto vfio = read_node(context, "/dev/vfio/vfio");
    if (!vfio)
        return {"vfio-node",
                CheckVerdict::kSkip,
                "/dev/vfio/vfio is not there: it comes with the module vfio",
                {}};
    const std::string shown =
        "/dev/vfio/vfio is " + base::to_octal(vfio->mode()) + owner(context, *vfio);
    if (context.root.is_live() && !S_ISCHR(vfio->status.st_mode))
        return {"vfio-node", CheckVerdict::kFail, "/dev/vfio/vfio is no device",
                "remove it, and `modprobe vfio`"};
    if ((vfio->mode() & kReadWrite) == kReadWrite)
        return {"vfio-node", CheckVerdict::kOk, shown, {}};
    const std::string remedy =
        "chmod 0666 /dev/vfio/vfio, and a udev rule: SUBSYSTEM==\"misc\", KERNEL==\"vfio\", "
        "MODE=\"0666\" "
        "(it gives no access to any device)";
    const bool group = (vfio->mode() >> 3U & kReadWrite) == kReadWrite && vfio->status.st_gid != 0;
    return {"vfio-node", group ? CheckVerdict::kWarn : CheckVerdict::kFail,
            shown + (group ? ": only that group can use VFIO's groups"
                           : ": only root can use VFIO's groups"),
            remedy};
}

/// Access to a group's node is access to its devices, so no node should be accessible to all users.
CheckResult groups(const DoctorContext& context) {
    std::vector<std::string> open_to_all;
    std::size_t count = 0;
    for (const sysfs::Device& device : context.assessment.inventory.devices) {
        if (!device.vfio)
            continue;
        std::vector<std::string> paths;
        if (device.vfio->group)
            paths.push_back("/dev/vfio/" + *device.vfio->group);
        if (device.vfio->cdev)
            paths.push_back("/dev/vfio/devices/" + *device.vfio->cdev);
        for (const std::string& path : paths)
            if (const auto there = read_node(context, path)) {
                ++count;
                if ((there->mode() & kReadWrite) != 0)
                    open_to_all.push_back(path + " is " + base::to_octal(there->mode()));
            }
    }
    if (count == 0)
        return {"group-nodes", CheckVerdict::kSkip, "VFIO has no device now", {}};
    if (open_to_all.empty())
        return {"group-nodes",
                CheckVerdict::kOk,
                counted(count, "node") + ", none accessible to all users",
                {}};
    return {"group-nodes", CheckVerdict::kWarn, "accessible to all users: " + listed(open_to_all),
            "`access` in a rule gives a node to a user or group"};
}

}  // namespace

void check_nodes(const DoctorContext& context, CheckResults& results) {
    results.push_back(container(context));
    results.push_back(groups(context));
}

}  // namespace vfioctl
