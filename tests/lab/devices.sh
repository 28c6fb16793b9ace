# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The x86 guest's devices. Addresses do not depend on the profile: the bridges are always present, so that the buses
# behind them keep their numbers.
#
#   address   device                                 native driver  profile
#   00:02.0   virtio-9p, the host's root             9pnet_virtio   always
#   00:03.0   virtio-9p, the job's share             9pnet_virtio   always
#   00:04.0   root port, slot 40, bus 01 behind it    pcieport       always
#   01:00.0     nvme PF with 16 VFs (01:00.1 ...)    nvme           sriov full
#   01:00.0     the same with 64 VFs                 nvme           burst (not with sriov or full)
#   00:05.0   root port, slot 50, bus 02 (hotplug)    pcieport       always; empty: device_add ...,bus=port5
#   00:06.0   root port, slot 60, bus 03 (hotplug)    pcieport       always; empty: device_add ...,bus=port6
#   00:07.0   pcie-pci-bridge, bus 04, one group     (shpchp)       always
#   04:01.0     edu 1234:11e8                        -              bridge full
#   04:02.0     edu 1234:11e8                        -              bridge full
#   04:03.0     e1000 8086:100e                      e1000          bridge full
#   00:10.0   edu 1234:11e8                          -              minimal and all others
#   00:11.0   e1000e 8086:10d3                       e1000e         minimal and all others
#   00:12.0   nvme, a blank 64 MiB disk              nvme           minimal and all others
#   00:13.0   nvme twin-a, without a disk            nvme           twins full
#   00:14.0   nvme twin-b, identical but for serial  nvme           twins full
#   00:15.0   virtio-net 1af4:1041                   virtio-pci     virtio full
#   00:16.0   VGA 1234:1111, the boot display        bochs-drm      display
#   00:17.0   xHCI with a USB keyboard               xhci_hcd       keyboard
#   00:1f.0   ISA bridge   \                         lpc_ich        always
#   00:1f.2   AHCI          > one IOMMU group        ahci           always
#   00:1f.3   SMBus        /                         i801_smbus     always
#
# The profile `hotplug` equals `minimal`, because the hotplug ports are always present. Profiles combine:
# `--devices sriov,twins`.

# x86_devices SCRATCH-DIR PROFILES: QEMU's arguments, one a line.
# Port 4 has the speed of PCIe 2. After a bus reset behind a faster port the kernel waits for the port to report an active
# link, which QEMU 7.2 does not do, and the reset fails (ENOTTY).
x86_devices() {
    local scratch=$1 profile
    printf -- '-device\n%s\n' \
        pcie-root-port,id=port4,bus=pcie.0,addr=04.0,chassis=4,slot=40,x-speed=5 \
        pcie-root-port,id=port5,bus=pcie.0,addr=05.0,chassis=5,slot=50 \
        pcie-root-port,id=port6,bus=pcie.0,addr=06.0,chassis=6,slot=60 \
        pcie-pci-bridge,id=bridge7,bus=pcie.0,addr=07.0
    while read -r profile; do
        device_profile "$profile" "$scratch" || return 1
    done < <(printf 'minimal,%s' "${2/full/sriov,bridge,twins,virtio}" | tr ',' '\n' | awk '!seen[$0]++')
}

device_profile() {
    case $1 in
    minimal)
        truncate -s 64M "$2/disk" || return 1
        printf -- '%s\n' -device edu,addr=10.0 \
            -netdev hubport,id=net11,hubid=11 -device e1000e,addr=11.0,netdev=net11,mac=52:54:00:00:00:11 \
            -drive "file=$2/disk,format=raw,if=none,id=disk12" -device nvme,addr=12.0,serial=plain,drive=disk12
        ;;
    twins) printf -- '-device\n%s\n' nvme,addr=13.0,serial=twin-a nvme,addr=14.0,serial=twin-b ;;
    virtio)
        printf -- '%s\n' -netdev hubport,id=net15,hubid=15 -device \
            virtio-net-pci,addr=15.0,netdev=net15,mac=52:54:00:00:00:15,disable-legacy=on,iommu_platform=on
        ;;
    bridge)
        printf -- '%s\n' -device edu,bus=bridge7,addr=01.0 -device edu,bus=bridge7,addr=02.0 \
            -netdev hubport,id=net43,hubid=43 \
            -device e1000,bus=bridge7,addr=03.0,netdev=net43,mac=52:54:00:00:00:43,romfile=
        ;;
    burst)
        printf -- '-device\n%s\n' nvme-subsys,id=subsys1 \
            nvme,bus=port4,serial=pf,subsys=subsys1,sriov_max_vfs=64,sriov_vq_flexible=130,sriov_vi_flexible=130,max_ioqpairs=132,msix_qsize=133
        ;;
    sriov)
        printf -- '-device\n%s\n' nvme-subsys,id=subsys1 \
            nvme,bus=port4,serial=pf,subsys=subsys1,sriov_max_vfs=16,sriov_vq_flexible=34,sriov_vi_flexible=34,max_ioqpairs=36,msix_qsize=37
        ;;
    keyboard) printf -- '-device\n%s\n' qemu-xhci,addr=17.0,id=xhci17 usb-kbd,bus=xhci17.0 ;;
    display) printf -- '-device\n%s\n' VGA,addr=16.0 ;;
    hotplug) ;;
    *)
        say "no such device profile: $1 (minimal, twins, virtio, bridge, sriov, burst, display, keyboard, hotplug, full)"
        return 1
        ;;
    esac
}
