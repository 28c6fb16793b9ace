# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # lab.sh reads LAB_CHILDREN
#
# The guests that are not x86. Each boots a kernel with an initramfs that holds everything, the job's program included.
#
#   s390x    /sys/bus/pci/devices/0001:00:00.0  virtio-net 1af4:1041 behind zPCI (uid 1, fid 1); type1
#            /sys/bus/css/devices/0.0.0000      the subchannel of a virtio disk, fe.0.1234; vfio_ccw with the lab kernel
#   ppc64le  /sys/bus/pci/devices/0000:01:00.0  nvme behind a PHB of its own; SPAPR TCE v1 and v2, EEH

foreign_machine() {
    case $1 in
    s390x)
        truncate -s 16M "$2/disk" || return 1
        printf '%s\n' qemu-system-s390x -M s390-ccw-virtio -cpu max -m 1024 -nodefaults -nographic \
            -device sclpconsole,chardev=console \
            -device zpci,uid=1,fid=1,target=net1 -netdev hubport,id=hub1,hubid=1 \
            -device virtio-net-pci,id=net1,netdev=hub1,iommu_platform=on,disable-legacy=on,disable-modern=off \
            -drive "file=$2/disk,if=none,id=disk,format=raw" -device virtio-blk-ccw,drive=disk,devno=fe.0.1234 \
            -append "console=ttysclp0 quiet norandmaps panic=-1 $LAB_APPEND"
        ;;
    ppc64le)
        printf '%s\n' qemu-system-ppc64 -M powernv9 -smp 2 -m 2048 -nodefaults -nographic -serial chardev:console \
            -device pnv-phb,chip-id=0,index=0,id=phb0 -device pnv-phb-root-port,bus=phb0,id=port0 \
            -device nvme,bus=port0,serial=plain \
            -append "console=hvc0 quiet norandmaps panic=-1 $LAB_APPEND"
        ;;
    esac
}

# follow_console PID FIFO: prints the lines between the marks, stops QEMU when the job has ended, and returns the job's
# status. It does not wait for the guest's power-off, in which powernv hangs.
follow_console() {
    local line inside=no status=125
    while IFS= read -r line; do
        line=${line%$'\r'}
        printf '%s\n' "$line" >>"$LAB_LOG"
        case $inside,$line in
        no,'@@ lab begins @@') inside=yes ;;
        yes,*'@@ lab ends '*' @@')
            printf '%s' "${line%%@@ lab ends *}"
            line=${line##*@@ lab ends }
            status=${line% @@}
            kill "$1" 2>/dev/null
            break
            ;;
        *'Kernel panic - not syncing'*)
            sleep 1
            kill "$1" 2>/dev/null
            ;;
        yes,*) printf '%s\n' "$line" ;;
        esac
    done <"$2"
    return "$status"
}

# run_foreign COMMAND...: LAB_ARGUMENTS is QEMU and all of its arguments.
run_foreign() {
    local scratch=$1 pid status
    mkfifo "$scratch/fifo"
    timeout --kill-after=5 "$LAB_TIMEOUT" "${LAB_ARGUMENTS[@]}" -chardev stdio,id=console,signal=off "${LAB_QEMU[@]}" \
        </dev/null >"$scratch/fifo" 2>>"$LAB_LOG" &
    pid=$!
    LAB_CHILDREN=("$pid")
    follow_console "$pid" "$scratch/fifo"
    status=$?
    wait "$pid"
    LAB_QEMU_STATUS=$?
    LAB_CHILDREN=()
    return "$status"
}

# boot_foreign ARCH SCRATCH-DIR [PROGRAM ARG...]
boot_foreign() {
    local arch=$1 scratch=$2 kernel status
    shift 2
    kernel=$(kernel "$arch" "$LAB_KERNEL") || return 1
    foreign_initramfs "$arch" "$kernel" "$scratch" "$@" || return 1
    mapfile -t LAB_ARGUMENTS < <(foreign_machine "$arch" "$scratch")
    LAB_ARGUMENTS+=(-no-reboot -kernel "$kernel/image" -initrd "$scratch/initramfs.cpio")
    if [ $# = 0 ]; then
        "${LAB_ARGUMENTS[@]}" -chardev stdio,id=console,signal=off "${LAB_QEMU[@]}"
        return
    fi
    : >"$LAB_LOG"
    run_foreign "$scratch"
    status=$?
    if [ "$status" = 125 ]; then
        if [ "$LAB_QEMU_STATUS" = 124 ]; then
            say "the guest was stopped after the timeout of $LAB_TIMEOUT s"
            status=124
        else
            say "the guest stopped before the job had ended"
        fi
        tail -n 40 "$LAB_LOG" >&2
    fi
    return "$status"
}

boot_s390x() { boot_foreign s390x "$@"; }
boot_ppc64le() { boot_foreign ppc64le "$@"; }
