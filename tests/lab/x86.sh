# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One boot of the x86 guest. Its root is this machine's, read-only below an overlay in memory. A writable share carries the
# job to the guest, and the output and exit status back. QEMU emulates the processor and needs neither KVM nor privileges.

# write_share DIR KERNEL-DIR COMMAND...: writes the files that the guest reads from /run/lab.
write_share() {
    local share=$1 kernel=$2 variable
    shift 2
    mkdir -p "$share"
    : >"$share/out"
    : >"$share/err"
    {
        printf 'LAB_GUEST=%q LAB_MODULES=%q LAB_UDEV=%q LAB_SYSTEMD=%q LAB_BEFORE=%q LAB_DIR=%q\n' \
            "$LAB/guest" "$kernel/root/lib/modules" "$LAB_UDEV" "$LAB_SYSTEMD" "$LAB_BEFORE" "$PWD"
        for variable in "${!BINDD_@}"; do printf 'export %s=%q\n' "$variable" "${!variable}"; done
        if [ $# = 0 ]; then
            read -r LAB_ROWS LAB_COLUMNS < <(stty size 2>/dev/null || echo 24 80)
            printf 'LAB_SHELL=yes LAB_TERM=%q LAB_ROWS=%q LAB_COLUMNS=%q\n' "${TERM:-vt100}" "$LAB_ROWS" "$LAB_COLUMNS"
        else
            printf 'LAB_SHELL=no\n'
        fi
    } >"$share/env"
    {
        for variable in "${!BINDD_@}"; do printf 'export %s=%q\n' "$variable" "${!variable}"; done
        printf 'cd %q || exit 1\nexec' "$PWD"
        if [ $# = 0 ]; then printf ' bash -i'; else printf ' %q' "$@"; fi
        printf '\n'
    } >"$share/job"
}

# x86_arguments SCRATCH-DIR KERNEL-DIR: prints QEMU's arguments, one a line, without consoles and --qemu.
# norandmaps: QEMU caches translated code by address. With random addresses it translates each program again for every
# run, which takes three times as long.
# no_timer_check: on a busy machine the emulated timer may fail the kernel's test of it, which is a panic.
x86_arguments() {
    local scratch=$1 kernel=$2
    local pace=(-accel "tcg,thread=multi" -smp 2)
    [ "$LAB_STEADY" = no ] || pace=(-accel "tcg,thread=single" -smp 1 -icount shift=0)
    printf '%s\n' -M q35,kernel-irqchip=split "${pace[@]}" -cpu max -m 2048 \
        -nodefaults -display none -no-reboot \
        -device intel-iommu,intremap=on,caching-mode=on \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=root,mount_tag=root,addr=02.0 \
        -fsdev "local,id=job,path=$scratch/share,security_model=none" \
        -device virtio-9p-pci,fsdev=job,mount_tag=job,addr=03.0 \
        -kernel "$kernel/image" -initrd "$scratch/initramfs.cpio" \
        -append "console=ttyS0 quiet intel_iommu=on no_timer_check norandmaps panic=-1 fstab=no systemd.show_status=no $LAB_APPEND"
    x86_devices "$scratch" "$LAB_DEVICES"
}

# x86_monitors SCRATCH-DIR: connects the guest's second serial port to a monitor of QEMU, so that a test can plug devices
# (qmp of check.sh), and makes a second monitor for this machine.
x86_monitors() {
    local scratch=$1
    printf '%s\n' -qmp "unix:$scratch/guest-qmp,server=on,wait=off" \
        -chardev "socket,id=guest-qmp,path=$scratch/guest-qmp" -serial chardev:guest-qmp \
        -qmp "unix:${LAB_QMP:-$scratch/qmp},server=on,wait=off"
}

# run_shell: runs QEMU in the foreground; this terminal is the guest's console.
run_shell() {
    qemu-system-x86_64 "${LAB_ARGUMENTS[@]}" -chardev stdio,id=tty,signal=off -serial chardev:tty \
        "${LAB_MONITORS[@]}" "${LAB_QEMU[@]}"
}

# run_command SHARE: runs QEMU in the background and prints the job's output as it is written.
run_command() {
    local share=$1 pid out err
    timeout --kill-after=5 "$LAB_TIMEOUT" qemu-system-x86_64 "${LAB_ARGUMENTS[@]}" -serial "file:$LAB_LOG" \
        "${LAB_MONITORS[@]}" "${LAB_QEMU[@]}" </dev/null >"$share/qemu" 2>&1 &
    pid=$!
    LAB_CHILDREN+=("$pid")
    tail -q -n +1 -s 0.1 -f --pid="$pid" "$share/out" &
    out=$!
    tail -q -n +1 -s 0.1 -f --pid="$pid" "$share/err" >&2 &
    err=$!
    LAB_CHILDREN+=("$out" "$err")
    wait "$pid"
    LAB_QEMU_STATUS=$?
    wait "$out" "$err"
    LAB_CHILDREN=()
    cat "$share/qemu" >>"$LAB_LOG"
    [ ! -e "$share/dmesg" ] || cat "$share/dmesg" >>"$LAB_LOG"
}

# guest_status SHARE: returns the job's exit status; 124 after a timeout, 125 if the job did not end.
guest_status() {
    local share=$1
    if [ -s "$share/status" ]; then
        return "$(cat "$share/status")"
    elif [ "${LAB_QEMU_STATUS:-1}" = 124 ] || [ "${LAB_QEMU_STATUS:-1}" = 137 ]; then
        say "the guest was stopped after the timeout of $LAB_TIMEOUT s"
        LAB_SHOW_LOG=yes
        return 124
    fi
    say "the guest stopped before the job had ended"
    LAB_SHOW_LOG=yes
    return 125
}

# boot_x86 SCRATCH-DIR [COMMAND...]: returns the command's exit status.
boot_x86() {
    local scratch=$1 kernel status
    shift
    kernel=$(kernel x86 "$LAB_KERNEL") || return 1
    write_share "$scratch/share" "$kernel" "$@"
    x86_initramfs "$kernel" "$scratch" >/dev/null || return 1
    mapfile -t LAB_ARGUMENTS < <(x86_arguments "$scratch" "$kernel")
    mapfile -t LAB_MONITORS < <(x86_monitors "$scratch")
    if [ $# = 0 ]; then run_shell; else run_command "$scratch/share"; fi
    guest_status "$scratch/share"
    status=$?
    if [ "$LAB_SHOW_LOG" = yes ]; then
        say "the end of the guest's console and of QEMU's own output:"
        tail -n 40 "$LAB_LOG" >&2
    elif [ "$status" != 0 ] && [ "$LAB_LOG" != "$scratch/console" ]; then
        say "the guest's console and kernel log: $LAB_LOG"
    fi
    return "$status"
}
