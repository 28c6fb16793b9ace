// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/capture.hpp"

#include <ostream>

#include "base/dir.hpp"
#include "policy/yaml/parse_policy.hpp"
#include "vfioctl/hosts/tar_archive.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

/// `vfioctl capture`: what `--root` needs to show this host elsewhere. Files are selected by name:
/// reading some attributes wakes a device, resets it or discloses a secret. All links are included.
/// Left out: environments and command lines of processes, the machine's id, and config space
/// (unless a policy matches on serial numbers).
namespace vfioctl {
namespace {

constexpr std::size_t kMaxFileSize = 64U << 20U;  // modules.alias and its like are a few MiB
constexpr unsigned kMaxDepth = 32;

/// Attributes of devices, groups, slots, mdev types, disks and modules that lib/sysfs reads.
const std::set<std::string, std::less<>> kAttributes = {
    "address",
    "available_instances",
    "boot_vga",
    "class",
    "description",
    "dev",
    "device",
    "device_api",
    "driver_override",
    "enabled",
    "flags",
    "fstype",
    "ifindex",
    "initstate",
    "label",
    "modalias",
    "name",
    "numa_node",
    "operstate",
    "partition",
    "power_state",
    "reserved_regions",
    "reset_method",
    "revision",
    "secondary_bus_number",
    "size",
    "sriov_drivers_autoprobe",
    "sriov_numvfs",
    "sriov_totalvfs",
    "status",
    "subsystem_device",
    "subsystem_vendor",
    "type",
    "uevent",
    "uuid",
    "vendor",
    "bind",
};
/// Directories that hold nothing for us and much of something else.
const std::set<std::string, std::less<>> kSkipped = {
    "power",    "msi_irqs",   "statistics", "queues", "hwmon",    "wakeup",
    "link",     "trace",      "integrity",  "system", "cpu",      "breakpoint",
    "software", "tracepoint", "sections",   "notes",  "inflight", "mq",
};

const char* const kTrees[] = {
    "/sys/devices",
    "/sys/bus",
    "/sys/class/block",
    "/sys/class/drm",
    "/sys/class/graphics",
    "/sys/class/iommu",
    "/sys/class/mdev_bus",
    "/sys/class/net",
    "/sys/class/vfio",
    "/sys/class/vfio-dev",
    "/sys/class/vtconsole",
    "/sys/fs/btrfs",
    "/sys/kernel/iommu_groups",
};
const char* const kDirectories[] = {
    "/etc/bindd/policies.d",
    "/run/bindd/policies.d",
    "/usr/lib/bindd/policies.d",
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
    "/run/udev/data",
    "/etc/driverctl.d",
    "/sys/module/vfio_iommu_type1/parameters",
};
const char* const kFiles[] = {
    "/proc/cmdline",
    "/proc/consoles",
    "/proc/swaps",
    "/proc/net/route",
    "/proc/net/ipv6_route",
    "/proc/sys/kernel/arch",
    "/proc/sys/kernel/osrelease",
    "/proc/interrupts",
    "/proc/meminfo",
    "/proc/fb",
    "/sys/kernel/security/lockdown",
    "/run/bindd/journal",
    "/var/lib/bindd/history",
    "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
};
const char* const kModuleFiles[] = {
    "modules.alias",       "modules.alias.bin",
    "modules.builtin",     "modules.builtin.alias.bin",
    "modules.builtin.bin", "modules.builtin.modinfo",
    "modules.dep",         "modules.dep.bin",
    "modules.softdep",     "modules.symbols.bin",
};

class HostCapture {
  public:
    HostCapture(const sysfs::Root& root, TarArchive& archive, const sysfs::ScanOptions& wanted)
        : root_(root), archive_(archive), attributes_(kAttributes) {
        for (const std::string& attr : wanted.attrs)
            attributes_.insert(attr.substr(attr.rfind('/') + 1));
        if (wanted.serial)
            attributes_.insert({"config", "vpd"});
    }

    void add_all() {
        for (const char* tree : kTrees)
            if (const auto dir = base::Dir::open(root_.path(tree)))
                add_tree(*dir, tree, 0);
        add_modules();
        for (const char* directory : kDirectories)
            add_files(directory);
        for (const char* file : kFiles)
            add_file(file);
        add_mdevctl();
        add_mounts();
    }

    [[nodiscard]] std::size_t files() const { return files_; }

  private:
    void add_tree(const base::Dir& dir, const std::string& path, unsigned depth) {
        const auto names = dir.entries();
        if (!names || depth > kMaxDepth)
            return;
        archive_.add_directory(path);
        for (const std::string& name : *names) {
            const std::string below = path + "/" + name;
            if (const auto target = dir.link(name))
                archive_.add_link(below, *target);
            else if (!(attributes_.contains(name) && add_attribute(dir, name, below)) &&
                     !kSkipped.contains(name))
                add_below(dir, name, below, depth);
        }
    }

    void add_below(const base::Dir& dir, const std::string& name, const std::string& below,
                   unsigned depth) {
        if (!dir.entries(name))
            return;
        if (const auto sub = dir.sub(name))
            add_tree(*sub, below, depth + 1);
    }

    /// Reads the file first: sysfs reports a size of 4096 for any file.
    bool add_attribute(const base::Dir& dir, const std::string& name, const std::string& path) {
        const auto content = dir.read_bytes(name, kMaxFileSize);
        if (!content)
            return false;
        archive_.add_file(path, *content);
        ++files_;
        return true;
    }

    void add_file(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        if (const auto dir = base::Dir::open(root_.path(path.substr(0, slash))))
            add_attribute(*dir, path.substr(slash + 1), path);
    }

    void add_files(const std::string& directory) {
        const auto dir = base::Dir::open(root_.path(directory));
        const auto names = dir ? dir->entries() : base::propagate(dir);
        if (!names)
            return;
        for (const std::string& name : *names) {
            const std::string path = directory + "/" + name;
            if (const auto target = dir->link(name); target == "/dev/null")
                archive_.add_link(path, *target);
            else
                add_attribute(*dir, name, path);
        }
    }

    /// A directory for each parent. Callout scripts are left out.
    void add_mdevctl() {
        constexpr const char* kMdevctlDirectory = "/etc/mdevctl.d";
        if (const auto dir = base::Dir::open(root_.path(kMdevctlDirectory)))
            if (const auto parents = dir->entries())
                for (const std::string& parent : *parents)
                    if (parent != "scripts.d")
                        add_files(std::string(kMdevctlDirectory) + "/" + parent);
    }

    void add_modules() {
        if (const auto dir = base::Dir::open(root_.path("/sys/module")))
            if (const auto names = dir->entries())
                for (const std::string& name : *names) {
                    const std::string path = "/sys/module/" + name;
                    archive_.add_directory(path);
                    add_attribute(*dir, name + "/initstate", path + "/initstate");
                    if (const auto drivers = dir->sub(name + "/drivers"))
                        add_tree(*drivers, path + "/drivers", 0);
                }
        const auto proc = base::Dir::open(root_.path("/proc/sys/kernel"));
        const auto release = proc ? proc->attr("osrelease") : std::nullopt;
        if (release)
            for (const char* file : kModuleFiles)
                add_file("/lib/modules/" + *release + "/" + file);
    }

    /// The mounts of every process's namespace, with its name for the evidence; and which device
    /// nodes it holds open.
    void add_mounts() {
        const auto proc = base::Dir::open(root_.path("/proc"));
        const auto names = proc ? proc->entries() : base::propagate(proc);
        if (!names)
            return;
        std::set<std::string> namespaces;
        for (const std::string& pid : *names) {
            if (!base::parse_decimal(pid))
                continue;
            const std::string path = "/proc/" + pid;
            const auto space = proc->link(pid + "/ns/mnt");
            const bool new_space = namespaces.insert(space.value_or(pid)).second;
            const bool uses_nodes = add_open_nodes(*proc, pid);
            if (!new_space && !uses_nodes)
                continue;
            add_attribute(*proc, pid + "/comm", path + "/comm");
            if (space)
                archive_.add_link(path + "/ns/mnt", *space);
            if (new_space)
                add_attribute(*proc, pid + "/mountinfo", path + "/mountinfo");
        }
    }

    bool add_open_nodes(const base::Dir& proc, const std::string& pid) {
        const auto fds = proc.entries(pid + "/fd");
        bool any = false;
        if (!fds)
            return any;
        for (const std::string& fd : *fds) {
            const auto target = proc.link(pid + "/fd/" + fd);
            if (!target || !target->starts_with("/dev/") || target->starts_with("/dev/pts/") ||
                *target == "/dev/null")
                continue;
            archive_.add_link("/proc/" + pid + "/fd/" + fd, *target);
            any = true;
        }
        return any;
    }

    const sysfs::Root& root_;
    TarArchive& archive_;
    std::set<std::string, std::less<>> attributes_;
    std::size_t files_ = 0;
};

}  // namespace

CliResult<ExitCode> run_capture(CliContext& cli, const Arguments& arguments) {
    const std::string& path = arguments.words.front();
    auto archive = TRY(TarArchive::create(path));
    // Attributes that policies match on are included; policies with errors have none.
    const policy::Parsed policies = load_policies_for(cli, {});
    HostCapture capture(cli.options.root, archive, policies.set.required_facts());
    capture.add_all();
    TRY(archive.finish());
    if (cli.user != User::kRoot)
        cli.err
            << "vfioctl: warning: not root: open device nodes of others' processes are missing\n";
    cli.out << path << ": " << capture.files() << " files\n";
    return ExitCode::kDone;
}

}  // namespace vfioctl
