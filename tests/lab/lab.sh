#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Boots a guest with a real kernel and a real IOMMU and runs a command or a shell in it. `./run lab` calls this.
# shellcheck disable=SC2034 # the parts read the options
set -u
set -o pipefail

# shellcheck source=tests/lab/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
for part in apt kernel sysroot initramfs devices x86 foreign; do
    # shellcheck source=/dev/null
    . "$LAB/$part.sh"
done

usage() {
    cat <<'EOF'
usage: lab [OPTION...] [-- COMMAND...]
Runs COMMAND in a guest and ends with its exit status. Without COMMAND, starts a shell in the guest.
x86: the guest's root is this machine's, read-only below an overlay in memory; the working directory is the same.
Other architectures: COMMAND begins with a program (cross.sh) or a script for busybox. It is copied to the guest with
the libraries it needs; the guest has busybox and kernel modules besides. Its stdout and stderr are one stream.

  --arch x86|s390x|ppc64le   default x86
  --kernel stock|lab         the distribution's kernel, or one with all of VFIO, which is built once (default)
  --devices PROFILE,...      full (default), minimal, twins, virtio, bridge, sriov, burst, display, keyboard, hotplug: tests/lab/devices.sh
  --systemd                  systemd as process 1, with dbus, udev and logind
  --before SCRIPT            run in the guest before systemd starts: units to install, files to write
  --steady                   x86: one processor whose instructions drive the clock, so that ratios of times do not depend
                             on this machine's load
  --no-udev                  no udevd: no module is loaded automatically
  --firmware-memory SLOT.FN  x86: the firmware's tables keep memory for DMA by this device of bus 0 (an RMRR)
  --append 'ARG...'          more kernel command line
  --qemu 'ARG...'            more arguments for QEMU
  --qmp SOCKET               the socket of QEMU's monitor
  --timeout SECONDS          for the whole boot (default 120)
  --log FILE                 write the guest's console to FILE
  --prepare                  only prepare the kernel
EOF
}

wrong_usage() {
    say "$*"
    say "try: ./run lab --help"
    exit 2
}

parse_arguments() {
    LAB_ARCH=x86 LAB_KERNEL='' LAB_DEVICES=full LAB_SYSTEMD=no LAB_UDEV=yes LAB_APPEND='' LAB_QMP='' LAB_TIMEOUT=120
    LAB_LOG='' LAB_QEMU=() LAB_PREPARE=no LAB_COMMAND=() LAB_BEFORE='' LAB_STEADY=no
    LAB_FIRMWARE_MEMORY=''
    while [ $# -gt 0 ]; do
        case $1 in
        --help | -h) usage && exit 0 ;;
        --systemd) LAB_SYSTEMD=yes ;;
        --no-udev) LAB_UDEV=no ;;
        --steady) LAB_STEADY=yes ;;
        --prepare) LAB_PREPARE=yes ;;
        --)
            shift
            [ $# -gt 0 ] || wrong_usage "-- without a command"
            LAB_COMMAND=("$@")
            return
            ;;
        --arch | --kernel | --devices | --append | --qemu | --qmp | --timeout | --log | --before | --firmware-memory)
            [ $# -gt 1 ] || wrong_usage "$1 wants a value"
            take_option "$1" "$2"
            shift
            ;;
        *) wrong_usage "unknown argument: $1" ;;
        esac
        shift
    done
}

take_option() {
    case $1 in
    --arch) LAB_ARCH=$2 ;;
    --kernel) LAB_KERNEL=$2 ;;
    --devices) LAB_DEVICES=$2 ;;
    --append) LAB_APPEND=$2 ;;
    --qmp) LAB_QMP=$2 ;;
    --timeout) LAB_TIMEOUT=$2 ;;
    --log) LAB_LOG=$2 ;;
    --firmware-memory) LAB_FIRMWARE_MEMORY=$2 ;;
    --before) LAB_BEFORE=$(realpath "$2") ;;
    --qemu)
        local words=()
        read -r -a words <<<"$2"
        LAB_QEMU+=("${words[@]}")
        ;;
    esac
}

check_profiles() {
    local profile
    while read -r profile; do
        case $profile in
        full | minimal | twins | virtio | bridge | sriov | burst | display | keyboard | hotplug) ;;
        *) wrong_usage "no such device profile: $profile" ;;
        esac
    done < <(tr ',' '\n' <<<"$LAB_DEVICES")
}

check_arguments() {
    case $LAB_ARCH in
    x86) : "${LAB_KERNEL:=lab}" ;;
    s390x | ppc64le) : "${LAB_KERNEL:=stock}" ;;
    *) wrong_usage "no such architecture: $LAB_ARCH (x86, s390x, ppc64le)" ;;
    esac
    case $LAB_KERNEL in stock | lab) ;; *) wrong_usage "no such kernel: $LAB_KERNEL (stock, lab)" ;; esac
    check_profiles
    [[ $LAB_TIMEOUT =~ ^[0-9]+$ ]] || wrong_usage "not a number of seconds: $LAB_TIMEOUT"
}

# Stops what was started and removes the scratch directory of this guest.
cleanup() {
    [ "${#LAB_CHILDREN[@]}" = 0 ] || kill "${LAB_CHILDREN[@]}" 2>/dev/null
    rm -rf "$LAB_SCRATCH"
}

# qemu_crashed: QEMU ended by a signal that no guest can cause: SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV.
qemu_crashed() {
    case ${LAB_QEMU_STATUS:-0} in 132 | 134 | 135 | 136 | 139) return 0 ;; esac
    return 1
}

# boot: returns the command's exit status. QEMU 7.2 crashes in its first second in about one of a thousand boots. That says
# nothing about the program under test, so boot tries once more, and only once.
boot() {
    "boot_$LAB_ARCH" "$LAB_SCRATCH" "${LAB_COMMAND[@]}"
    local status=$?
    if [ "$status" != 125 ] || ! qemu_crashed; then return "$status"; fi
    say "QEMU crashed (exit status $LAB_QEMU_STATUS); trying once more, the output so far does not count"
    rm -rf "${LAB_SCRATCH:?}"/*
    LAB_SHOW_LOG=no
    "boot_$LAB_ARCH" "$LAB_SCRATCH" "${LAB_COMMAND[@]}"
}

main() {
    parse_arguments "$@"
    check_arguments
    # No step of a command may wait for what the caller has as standard input: ctest's may be a pipe that nobody closes.
    [ "${#LAB_COMMAND[@]}" = 0 ] || exec </dev/null
    if [ "$LAB_PREPARE" = yes ]; then
        kernel "$LAB_ARCH" "$LAB_KERNEL"
        return
    fi
    LAB_CHILDREN=() LAB_SHOW_LOG=no
    LAB_SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/bindd-lab.XXXXXX") || exit 1
    trap cleanup EXIT
    trap 'exit 130' INT TERM HUP
    : "${LAB_LOG:=$LAB_SCRATCH/console}"
    mkdir -p "$(dirname "$LAB_LOG")"
    boot
}

main "$@"
