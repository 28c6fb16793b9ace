# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Initramfs images: a static busybox, an init, and the modules that the guest needs before it has its root.

# module_files KERNEL-DIR MODULE...: prints the module files, dependencies first, without built-in modules.
module_files() {
    local dir=$1 version
    shift
    version=$(cat "$dir/version")
    modprobe -C /dev/null -d "$dir/root" -S "$version" -a --show-depends "$@" | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# pack_initramfs TREE IMAGE: not compressed, because an emulated processor would have to decompress it.
pack_initramfs() {
    (cd "$1" && find . -print0 | cpio --null --quiet -o -H newc -R 0:0) >"$2"
}

# prepend_firmware_memory IMAGE: the kernel looks for ACPI tables in the first archive of the image only.
prepend_firmware_memory() {
    python3 "$LAB"/firmware_memory.py "$LAB_FIRMWARE_MEMORY" >"$1.tables" && cat "$1" >>"$1.tables" && mv "$1.tables" "$1"
}

# x86_initramfs KERNEL-DIR SCRATCH-DIR: prints the image's path.
x86_initramfs() {
    local dir=$1 tree=$2/initramfs file
    mkdir -p "$tree/bin"
    cp -L "$(command -v busybox)" "$tree/bin/busybox"
    cp "$LAB/guest/init" "$tree/init"
    module_files "$dir" virtio_pci 9pnet_virtio 9p overlay | while read -r file; do
        cp "$file" "$tree/"
        printf '/%s\n' "$(basename "$file")"
    done >"$tree/modules"
    pack_initramfs "$tree" "$2/initramfs.cpio"
    [ -z "$LAB_FIRMWARE_MEMORY" ] || prepend_firmware_memory "$2/initramfs.cpio" || return 1
    printf '%s\n' "$2/initramfs.cpio"
}

# Modules of a guest whose root is its initramfs: VFIO and the native drivers of its devices.
FOREIGN_MODULES=(vfio vfio_pci vfio_iommu_type1 vfio_iommu_spapr_tce iommufd vfio_ccw mdev mtty kvm nvme virtio_pci
    virtio_net virtio_blk)

# existing_modules KERNEL-DIR MODULE...: prints those that the kernel has as modules.
existing_modules() {
    local dir=$1 version module
    version=$(cat "$dir/version")
    shift
    for module in "$@"; do
        modprobe -C /dev/null -d "$dir/root" -S "$version" -n "$module" 2>/dev/null && printf '%s\n' "$module"
    done
}

# copy_modules KERNEL-DIR TREE MODULE...: copies them with their dependencies and runs depmod.
copy_modules() {
    local dir=$1 tree=$2 version file target
    version=$(cat "$dir/version")
    shift 2
    mkdir -p "$tree/lib/modules/$version"
    cp "$dir/root/lib/modules/$version"/modules.{order,builtin,builtin.modinfo} "$tree/lib/modules/$version/"
    [ $# = 0 ] || module_files "$dir" "$@" | while read -r file; do
        target=$tree${file#"$dir/root"}
        mkdir -p "$(dirname "$target")"
        cp "$file" "$target"
    done
    depmod -b "$tree" "$version"
}

# foreign_job ARCH TREE PROGRAM ARG...: copies the program, and every argument that is the path of a file, to /job of the
# guest.
foreign_job() {
    local arch=$1 tree=$2 sysroot words=() word
    shift 2
    sysroot=$(build_sysroot "$arch") || return 1
    for word in "$@"; do
        if [ "${#words[@]}" = 0 ] || { [ -f "$word" ] && [[ $word == */* ]]; }; then
            copy_program "$arch" "$sysroot" "$word" "$tree" || return 1
            word=/job/$(basename "$word")
        fi
        words+=("$word")
    done
    printf '%q ' exec "${words[@]}" >"$tree/job.sh"
}

# foreign_initramfs ARCH KERNEL-DIR SCRATCH-DIR [PROGRAM ARG...]: makes initramfs.cpio in the scratch directory.
foreign_initramfs() {
    local arch=$1 kernel=$2 tree=$3/initramfs busybox modules
    busybox=$(sysroot "$arch" busybox-static) || return 1
    mapfile -t modules < <(existing_modules "$kernel" "${FOREIGN_MODULES[@]}")
    mkdir -p "$tree/bin" "$tree/job" "$tree/tests/lab"
    ln -s lib "$tree/lib64"
    cp "$LAB/check.sh" "$tree/tests/lab/"
    [ -e "$busybox/bin/busybox" ] || busybox+=/usr  # where Debian 13 has it
    cp "$busybox/bin/busybox" "$tree/bin/" || return 1
    cp "$LAB/guest/foreign-init" "$tree/init"
    copy_modules "$kernel" "$tree" "${modules[@]}" || return 1
    shift 3
    if [ $# -gt 0 ]; then
        foreign_job "$arch" "$tree" "$@" || return 1
    fi
    pack_initramfs "$tree" "${tree%/*}/initramfs.cpio"
}
