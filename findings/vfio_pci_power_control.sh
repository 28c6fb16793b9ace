#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# power/control of a PCI device (Documentation/ABI/testing/sysfs-devices-power) is the administrator's, but vfio-pci of Linux 6.1
# writes it as well: "auto" when it binds the device, unless disable_idle_d3 is set, and "on" when it is unbound. Whoever sets it
# to "on" and then binds the device, as scripts for one GPU do against a card that does not wake up from D3, has set nothing; and
# an "auto" of before is lost with the unbind. It has to be written after the bind. Needs qemu-system-x86.
#
# Seen:
#   written, then bound: auto
#   written after the bind: on
#   auto, then unbound: on
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

release=6.1.0-47-amd64
apt-get -qq download linux-image-$release=6.1.170-3 busybox-static=1:1.35.0-4+deb12u1+b1
dpkg -x linux-image-*.deb root
dpkg -x busybox-static_*.deb root
depmod -b root $release
mkdir -p initramfs/bin
cp root/bin/busybox initramfs/bin/
modprobe -C /dev/null -d root -S $release --show-depends vfio-pci | awk '$1 == "insmod" { print $2 }' | while read -r file; do
    cp "$file" initramfs/
    basename "$file" >>initramfs/modules
done
cat >initramfs/init <<'END'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev
/bin/busybox mount -t sysfs none /sys
/bin/busybox mount -t devtmpfs none /dev
while read -r module; do /bin/busybox insmod /$module; done </modules
device=/sys/bus/pci/devices/0000:00:10.0
driver=/sys/bus/pci/drivers/vfio-pci
say() { echo "seen $1: $(/bin/busybox cat $device/power/control)" >/dev/ttyS0; }
echo vfio-pci >$device/driver_override
echo on >$device/power/control
echo 0000:00:10.0 >$driver/bind
say "written, then bound"
echo on >$device/power/control
say "written after the bind"
echo auto >$device/power/control
echo 0000:00:10.0 >$driver/unbind
say "auto, then unbound"
/bin/busybox poweroff -f
END
chmod +x initramfs/init
(cd initramfs && find . | cpio --quiet -o -H newc) >initramfs.cpio
qemu-system-x86_64 --version | head -1
timeout 300 qemu-system-x86_64 -M q35,kernel-irqchip=split -cpu max -m 512 -nodefaults -display none -no-reboot -serial file:console \
    -device intel-iommu,intremap=on -device edu,addr=10.0 -kernel root/boot/vmlinuz-$release -initrd initramfs.cpio \
    -append "console=ttyS0 quiet intel_iommu=on no_timer_check panic=-1" </dev/null
tr -d '\r' <console | sed -n 's/^seen //p' | tee seen
diff seen - <<'EOF'
written, then bound: auto
written after the bind: on
auto, then unbound: on
EOF
