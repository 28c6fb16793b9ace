// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/cli/usage_error_cases.hpp"

namespace tests {

const std::vector<UsageErrorCase>& usage_error_cases() {
    static const std::vector<UsageErrorCase> kCases = {
        {2,
         {},
         "vfioctl: no command given\n"
         "hint: vfioctl --help lists commands and options\n"},
        {2,
         {"lst"},
         "vfioctl: lst: unknown command\n"
         "hint: did you mean 'list'?\n"},
        {2,
         {"lists"},
         "vfioctl: lists: unknown command\n"
         "hint: did you mean 'list'?\n"},
        {2,
         {"frobnicate"},
         "vfioctl: frobnicate: unknown command\n"
         "hint: vfioctl --help lists commands and options\n"},
        {2,
         {"mdev"},
         "vfioctl: mdev: say what to do\n"
         "hint: one of: types, list, define, undefine, modify, start, stop\n"},
        {2,
         {"mdev", "lst"},
         "vfioctl: mdev lst: unknown command\n"
         "hint: did you mean 'list'?\n"},
        {2,
         {"--color", "never", "mdev", "stop"},
         "vfioctl: mdev stop: needs --uuid\n"
         "hint: see: vfioctl mdev stop --help\n"},
        {2,
         {"mdev", "start", "-t", "mtty-1"},
         "vfioctl: mdev start: needs --uuid or --parent\n"
         "hint: see: vfioctl mdev start --help\n"},
        {2,
         {"mdev", "define", "-p"},
         "vfioctl: --parent: needs a value\n"
         "hint: --parent PARENT: its parent, as in /sys/class/mdev_bus\n"},
        {2,
         {"mdev", "stop", "mtty"},
         "vfioctl: mdev stop --uuid mtty: is no UUID\n"
         "hint: see: vfioctl mdev stop --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "--addattr", "x"},
         "vfioctl: mdev modify --addattr: needs --value\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "-t", "mtty-2"},
         "vfioctl: mdev modify: needs --auto, --manual, --addattr, --delattr or --jsonfile\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "-m", "--delattr"},
         "vfioctl: mdev modify --manual: cannot be used with --delattr\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "-a", "-i", "1"},
         "vfioctl: mdev modify --index: cannot be used with --auto\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "-l", "-a", "-t", "x"},
         "vfioctl: mdev modify --live: cannot be used with --type\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"mdev", "modify", "-u", "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "--delattr", "-i",
          "4294967296"},
         "vfioctl: mdev modify --index 4294967296: is no number from 0 to 4294967295\n"
         "hint: see: vfioctl mdev modify --help\n"},
        {2,
         {"sriov", "01:00.0"},
         "vfioctl: sriov: needs DEVICE N\n"
         "hint: usage: vfioctl sriov DEVICE N\n"},
        {2,
         {"sriov", "01:00.0", "-4"},
         "vfioctl: -4: unknown option\n"
         "hint: see: vfioctl sriov --help\n"},
        {2,
         {"sriov", "01:00.0", "four"},
         "vfioctl: sriov four: is not a number of VFs\n"
         "hint: a number from 0 to 65535; usage: vfioctl sriov DEVICE N\n"},
        {2,
         {"doctor", "now"},
         "vfioctl: doctor: unexpected 'now'\n"
         "hint: usage: vfioctl doctor\n"},
        {2,
         {"aliases", "--udev", "../15"},
         "vfioctl: --udev ../15: is no group's node\n"
         "hint: 15, or noiommu-0\n"},
        {2,
         {"import"},
         "vfioctl: import: say what to do\n"
         "hint: one of: driverctl, mdevctl, modprobe\n"},
        {2,
         {"import", "libvirt"},
         "vfioctl: import libvirt: unknown command\n"
         "hint: one of: driverctl, mdevctl, modprobe\n"},
        {2,
         {"import", "drivectl"},
         "vfioctl: import drivectl: unknown command\n"
         "hint: did you mean 'driverctl'?\n"},
        {2,
         {"--root", "@", "import", "driverctl", "-o", "a", "-o", "b"},
         "vfioctl: --output: given more than once\n"
         "hint: one file takes it all\n"},
        {2,
         {"--root", "@", "import", "mdevctl", "mtty"},
         "vfioctl: import mdevctl: unexpected 'mtty'\n"
         "hint: usage: vfioctl import mdevctl\n"},
        {2,
         {"export", "virsh", "01:00.0"},
         "vfioctl: export virsh: unknown command\n"
         "hint: one of: libvirt, qemu, cdi\n"},
        {2,
         {"export", "qemu"},
         "vfioctl: export qemu: needs DEVICE...\n"
         "hint: usage: vfioctl export qemu DEVICE...\n"},
        {2,
         {"--root", "@", "export", "qemu", "--backend", "type1", "01:00.0"},
         "vfioctl: --backend type1: unknown value\n"
         "hint: one of: legacy, iommufd\n"},
        {2,
         {"--root", "@", "export", "cdi", "--kind", "vfio", "01:00.0"},
         "vfioctl: --kind vfio: is no kind of CDI's\n"
         "hint: vendor.tld/class: letters, digits, '_', '-' and '.', a letter first\n"},
        {2,
         {"export", "libvirt", "--backend", "legacy", "01:00.0"},
         "vfioctl: --backend: export libvirt takes no such option\n"
         "hint: it is an option of: probe, export qemu, export cdi\n"},
        {2,
         {"policy"},
         "vfioctl: policy: say what to do\n"
         "hint: one of: check, edit, show, generate, schema\n"},
        {2,
         {"policy", "chekc"},
         "vfioctl: policy chekc: unknown command\n"
         "hint: did you mean 'check'?\n"},
        {2,
         {"policy", "frobnicate"},
         "vfioctl: policy frobnicate: unknown command\n"
         "hint: one of: check, edit, show, generate, schema\n"},
        {2,
         {"list", "--al"},
         "vfioctl: --al: unknown option\n"
         "hint: did you mean '--all'?\n"},
        {2,
         {"list", "--jsn"},
         "vfioctl: --jsn: unknown option\n"
         "hint: did you mean '--json'?\n"},
        {2,
         {"list", "-z"},
         "vfioctl: -z: unknown option\n"
         "hint: see: vfioctl list --help\n"},
        {2,
         {"list", "--json=yes"},
         "vfioctl: --json: takes no value\n"
         "hint: --json: one JSON object instead of text\n"},
        {2,
         {"list", "-o"},
         "vfioctl: --output: needs a value\n"
         "hint: --output COLS: columns to show, separated by commas; +COL adds to the usual "
         "ones\n"},
        {2,
         {"list", "-o", "NOPE"},
         "vfioctl: -o 'NOPE': unknown column\n"
         "hint: columns: ADDRESS CLASS NAME DRIVER GROUP WANTED STATE VENDOR DEVICE SUBSYSTEM NUMA "
         "OVERRIDE RULE WHERE REASON SLOT PATH SERIAL NETDEVS VFIO MANAGER MODULES BUS MODALIAS\n"},
        {2,
         {"list", "-o", "ADDRES,STATE"},
         "vfioctl: -o 'ADDRES': unknown column\n"
         "hint: did you mean 'ADDRESS'? columns: ADDRESS CLASS NAME DRIVER GROUP WANTED STATE "
         "VENDOR DEVICE SUBSYSTEM NUMA OVERRIDE RULE WHERE REASON SLOT PATH SERIAL NETDEVS VFIO "
         "MANAGER MODULES BUS MODALIAS\n"},
        {2,
         {"list", "-o", "ADDRESS,,STATE"},
         "vfioctl: -o '': unknown column\n"
         "hint: columns: ADDRESS CLASS NAME DRIVER GROUP WANTED STATE VENDOR DEVICE SUBSYSTEM NUMA "
         "OVERRIDE RULE WHERE REASON SLOT PATH SERIAL NETDEVS VFIO MANAGER MODULES BUS MODALIAS\n"},
        {2,
         {"list", ""},
         "vfioctl: list: an argument is empty\n"
         "hint: usage: vfioctl list [DEVICE...]\n"},
        {2,
         {"--root"},
         "vfioctl: --root: needs a value\n"
         "hint: --root DIR: read /sys, /proc, /etc, /run and /lib/modules below DIR\n"},
        {2,
         {"--root=", "list"},
         "vfioctl: --root: needs a value\n"
         "hint: --root DIR: read /sys, /proc, /etc, /run and /lib/modules below DIR\n"},
        {1, {"--root", "@/nowhere", "list"}, "vfioctl: --root @/nowhere: no such directory\n"},
        {2,
         {"--root", "@", "--root", "@", "list"},
         "vfioctl: --root: given more than once\n"
         "hint: --root DIR: read /sys, /proc, /etc, /run and /lib/modules below DIR\n"},
        {2,
         {"--color", "list"},
         "vfioctl: no command given\n"
         "hint: vfioctl --help lists commands and options\n"},
        {2,
         {"--color", "sometimes", "list"},
         "vfioctl: --color sometimes: unknown value\n"
         "hint: one of: auto, always, never\n"},
        {2,
         {"--policy"},
         "vfioctl: --policy: needs a value\n"
         "hint: --policy PATH: a policy file or directory in place of the standard ones; may be "
         "given several times\n"},
        {1,
         {"--policy", "@/nowhere", "plan"},
         "@/nowhere: error: No such file or directory\nvfioctl: policies: 1 error, so none of them "
         "is used\n"},
        {1,
         {"--root", "@", "--policy", "@/nowhere", "list"},
         "@/nowhere: error: No such file or directory\nvfioctl: policies: 1 error, so none of them "
         "is used\n"},
        {1,
         {"--root", "@", "--policy", "@/nowhere", "history"},
         "@/nowhere: error: No such file or directory\nvfioctl: policies: 1 error, so none of them "
         "is used\n"},
        {2,
         {"show"},
         "vfioctl: show: needs DEVICE...\n"
         "hint: usage: vfioctl show DEVICE...\n"},
        {2,
         {"show", ""},
         "vfioctl: show: an argument is empty\n"
         "hint: usage: vfioctl show DEVICE...\n"},
        {5,
         {"--root", "@", "show", "nosuch"},
         "vfioctl: nosuch: no such device\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {5,
         {"--root", "@", "show", "0000:99:00.0"},
         "vfioctl: 0000:99:00.0: no such device\n"
         "hint: did you mean 0000:01:00.0, 0000:02:00.0 or 0000:03:00.0?\n"},
        {5,
         {"--root", "@", "show", "../../etc/passwd"},
         "vfioctl: ../../etc/passwd: not a device: want an address, BUS/NAME, a UUID, a network "
         "interface or a glob\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {5,
         {"--root", "@", "list", "pci/0000:03:00.1"},
         "vfioctl: pci/0000:03:00.1: no such device\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {5,
         {"--root", "@", "list", "net*"},
         "vfioctl: net*: no such device\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {2,
         {"--root", "@", "explain"},
         "vfioctl: explain: needs DEVICE\n"
         "hint: usage: vfioctl explain DEVICE\n"},
        {2,
         {"explain", "a", "b"},
         "vfioctl: explain: unexpected 'b'\n"
         "hint: usage: vfioctl explain DEVICE\n"},
        {2,
         {"--root", "@", "explain", "0000:*"},
         "vfioctl: 0000:*: means 10 devices, and explain takes one\n"
         "hint: `vfioctl list '0000:*'` shows them\n"},
        {2,
         {"groups", "--treee"},
         "vfioctl: --treee: unknown option\n"
         "hint: did you mean '--tree'?\n"},
        {5,
         {"--root", "@", "groups", "77"},
         "vfioctl: group 77: no such IOMMU group\n"
         "hint: `vfioctl groups` shows the groups there are\n"},
        {5,
         {"--root", "@", "plan", "now"},
         "vfioctl: now: no such device\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {2,
         {"--root", "@", "plan", "--rule", "nobody"},
         "vfioctl: --rule nobody: no such rule\n"
         "hint: `vfioctl policy show` shows the rules\n"},
        {2,
         {"plan", "--detailed"},
         "vfioctl: --detailed: unknown option\n"
         "hint: did you mean '--detailed-exitcode'?\n"},
        {2,
         {"apply", "--early", "everything"},
         "vfioctl: apply --early: takes neither devices nor rules\n"},
        {2,
         {"apply", "--timeout"},
         "vfioctl: --timeout: needs a value\n"
         "hint: --timeout S: seconds a single kernel write may take (default 60)\n"},
        {2,
         {"apply", "--timeout", "soon"},
         "vfioctl: --timeout soon: not a number of seconds\n"
         "hint: between 0.001 and 86400\n"},
        {2,
         {"apply", "--timeout", "0"},
         "vfioctl: --timeout 0: not a number of seconds\n"
         "hint: between 0.001 and 86400\n"},
        {2,
         {"apply", "--timeout", "-5"},
         "vfioctl: --timeout -5: not a number of seconds\n"
         "hint: between 0.001 and 86400\n"},
        {2,
         {"apply", "--timeout", "1e9"},
         "vfioctl: --timeout 1e9: not a number of seconds\n"
         "hint: between 0.001 and 86400\n"},
        {2,
         {"apply", "--early", "--early", "x"},
         "vfioctl: --early: given more than once\n"
         "hint: --early: only write overrides of devices that no driver has yet (for early "
         "boot)\n"},
        {3,
         {"--root", "@", "apply"},
         "vfioctl: apply --root: not possible below --root (no kernel)\n"
         "hint: `vfioctl plan` shows what it would do\n"},
        {3,
         {"--root", "@", "bind", "eth0"},
         "vfioctl: bind --root: not possible below --root (no kernel)\n"
         "hint: with --dry-run it shows what it would do\n"},
        {3,
         {"--root", "@", "release", "eth0"},
         "vfioctl: release --root: not possible below --root (no kernel)\n"
         "hint: with --dry-run it shows what it would do\n"},
        {3,
         {"--root", "@", "rollback"},
         "vfioctl: rollback --root: not possible below --root (no kernel)\n"
         "hint: with --dry-run it shows what it would do\n"},
        {2,
         {"bind"},
         "vfioctl: bind: needs DEVICE...\n"
         "hint: usage: vfioctl bind DEVICE...\n"},
        {2,
         {"bind", "--force", "mounted"},
         "vfioctl: bind: needs DEVICE...\n"
         "hint: usage: vfioctl bind DEVICE...\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--force"},
         "vfioctl: --force: needs a value\n"
         "hint: --force REASON: ignore this refusal reason; may be given several times\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--force", "please", "--dry-run"},
         "vfioctl: --force please: unknown reason\n"
         "hint: one of: mounted, swap, holder, default-route, addressed, enslaved, session, "
         "open-fd, console, input, signature, unknown-use, firmware-memory, dead-device, "
         "driver-mismatch\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--force", "protected", "--dry-run"},
         "vfioctl: --force protected: cannot be forced\n"
         "hint: remove the protecting rule from its policy file\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--force", "vfio-open", "--dry-run"},
         "vfioctl: --force vfio-open: cannot be forced\n"
         "hint: the kernel waits until its user closes it: stop it first\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--driver", "../vfio", "--dry-run"},
         "vfioctl: --driver ../vfio: no driver has such a name\n"
         "hint: auto, host, none, a driver's name, or several separated by commas\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--driver", "none,auto", "--dry-run"},
         "vfioctl: --driver none,auto: none cannot be part of a chain\n"
         "hint: give it alone, or name drivers and auto, separated by commas\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--driver", "vfio-pci", "--driver", "auto", "--dry-run"},
         "vfioctl: --driver: given more than once\n"
         "hint: --driver D: the driver: auto (default), host, none, or a name\n"},
        {2,
         {"--root", "@", "bind", "eth0", "--group", "all", "--dry-run"},
         "vfioctl: --group all: unknown value\n"
         "hint: one of: strict, whole\n"},
        {5,
         {"--root", "@", "bind", "nosuch", "--dry-run"},
         "vfioctl: nosuch: no such device\n"
         "hint: `vfioctl list -a` shows the devices there are\n"},
        {2,
         {"show", "--driver", "vfio-pci"},
         "vfioctl: --driver: show takes no such option\n"
         "hint: it is an option of: list, bind\n"},
        {2,
         {"list", "--dry-run"},
         "vfioctl: --dry-run: list takes no such option\n"
         "hint: it is an option of: bind, release, rollback, sriov\n"},
        {2,
         {"release"},
         "vfioctl: release: needs DEVICE...\n"
         "hint: usage: vfioctl release DEVICE...\n"},
        {2,
         {"rollback", "a", "b"},
         "vfioctl: rollback: unexpected 'b'\n"
         "hint: usage: vfioctl rollback [TXN]\n"},
        {2,
         {"status", "all"},
         "vfioctl: status: unexpected 'all'\n"
         "hint: usage: vfioctl status\n"},
        {1,
         {"policy", "check", "@/nowhere"},
         "@/nowhere: error: No such file or directory\nvfioctl: policies: 1 error, so none of them "
         "is used\n"},
        {2,
         {"policy", "schema", "x"},
         "vfioctl: policy schema: unexpected 'x'\n"
         "hint: usage: vfioctl policy schema\n"},
        {2,
         {"capture"},
         "vfioctl: capture: needs FILE.tar[.zst|.xz|.gz]\n"
         "hint: usage: vfioctl capture FILE.tar[.zst|.xz|.gz]\n"},
        {2,
         {"capture", "a", "b"},
         "vfioctl: capture: unexpected 'b'\n"
         "hint: usage: vfioctl capture FILE.tar[.zst|.xz|.gz]\n"},
        {1,
         {"capture", "/nonexistent/x.tar"},
         "vfioctl: /nonexistent/x.tar: create: No such file or directory\n"},
        {2,
         {"--frobnicate", "list"},
         "vfioctl: --frobnicate: unknown option\n"
         "hint: see: vfioctl list --help\n"},
        {2,
         {"-x"},
         "vfioctl: -x: unknown option\n"
         "hint: vfioctl --help lists commands and options\n"},
    };
    return kCases;
}

}  // namespace tests
