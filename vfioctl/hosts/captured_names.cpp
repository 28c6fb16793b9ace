// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/captured_names.hpp"

namespace vfioctl::captured {
namespace {

constexpr const char* kAttributes[] = {"address",
                                       "available_instances",
                                       "backing_dev",
                                       "backing_file",
                                       "boot_vga",
                                       "class",
                                       "description",
                                       "disk_map",
                                       "dev",
                                       "device",
                                       "device_api",
                                       "device_path",
                                       "dpms",
                                       "driver_override",
                                       "enable",
                                       "enabled",
                                       "file",
                                       "flags",
                                       "fstype",
                                       "ifindex",
                                       "info",
                                       "initstate",
                                       "label",
                                       "modalias",
                                       "name",
                                       "numa_node",
                                       "operstate",
                                       "partition",
                                       "power_state",
                                       "refcnt",
                                       "reserved_regions",
                                       "reset_method",
                                       "resource",
                                       "revision",
                                       "secondary_bus_number",
                                       "size",
                                       "sriov_drivers_autoprobe",
                                       "sriov_numvfs",
                                       "sriov_offset",
                                       "sriov_stride",
                                       "sriov_totalvfs",
                                       "status",
                                       "subsystem_device",
                                       "subsystem_vendor",
                                       "type",
                                       "udev_path",
                                       "uevent",
                                       "uuid",
                                       "vendor",
                                       "bind",
                                       "active",
                                       "dev_name",
                                       "filename",
                                       "available",
                                       "physical_device",
                                       "in_use",
                                       "mount_tag",
                                       "netif",
                                       "parent",
                                       "persistent_address",
                                       "port_name",
                                       "state",
                                       "tag",
                                       "transport",
                                       "usbip_status"};
constexpr const char* kSkippedDirectories[] = {
    "power",    "msi_irqs",   "statistics", "queues", "hwmon",    "wakeup",
    "link",     "trace",      "integrity",  "system", "cpu",      "breakpoint",
    "software", "tracepoint", "sections",   "notes",  "inflight", "mq"};
constexpr const char* kTrees[] = {"/proc/fs/f2fs",
                                  "/proc/fs/jbd2",
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
                                  "/sys/fs/f2fs",
                                  "/sys/kernel/config/nvmet",
                                  "/sys/kernel/config/target/core",
                                  "/sys/kernel/config/usb_gadget",
                                  "/sys/kernel/iommu_groups",
                                  "/sys/class/bluetooth",
                                  "/sys/class/dma",
                                  "/sys/class/fc_host",
                                  "/sys/class/infiniband",
                                  "/sys/class/iscsi_connection",
                                  "/sys/class/nvme",
                                  "/sys/class/rnbd-server",
                                  "/sys/class/tty",
                                  "/sys/class/watchdog",
                                  "/sys/fs/bcachefs",
                                  "/sys/fs/virtiofs",
                                  "/sys/kernel/config/netconsole",
                                  "/sys/kernel/scst_tgt/devices"};
constexpr const char* kDirectories[] = {"/etc/bindd/policies.d",
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
                                        "/sys/module/pstore_blk/parameters",
                                        "/sys/module/vfio_pci/parameters"};
constexpr const char* kFiles[] = {"/proc/cmdline",
                                  "/proc/bus/input/devices",
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
                                  "/sys/devices/system/node/online",
                                  "/proc/iomem",
                                  "/proc/net/if_inet6",
                                  "/proc/net/ip6_mr_vif",
                                  "/proc/net/ip_mr_vif",
                                  "/proc/net/packet",
                                  "/proc/net/pppoe",
                                  "/proc/net/can/rcvlist_all",
                                  "/proc/net/can/rcvlist_eff",
                                  "/proc/net/can/rcvlist_err",
                                  "/proc/net/can/rcvlist_fil",
                                  "/proc/net/can/rcvlist_inv",
                                  "/proc/net/can/rcvlist_sff",
                                  "/sys/kernel/debug/l2tp/tunnels"};
constexpr const char* kModuleFiles[] = {"modules.alias",       "modules.alias.bin",
                                        "modules.builtin",     "modules.builtin.alias.bin",
                                        "modules.builtin.bin", "modules.builtin.modinfo",
                                        "modules.dep",         "modules.dep.bin",
                                        "modules.softdep",     "modules.symbols.bin"};

}  // namespace

Names attributes() {
    return kAttributes;
}

Names skipped_directories() {
    return kSkippedDirectories;
}

Names trees() {
    return kTrees;
}

Names directories() {
    return kDirectories;
}

Names files() {
    return kFiles;
}

Names module_files() {
    return kModuleFiles;
}

}  // namespace vfioctl::captured
