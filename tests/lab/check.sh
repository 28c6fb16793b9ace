# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The functions of a lab case. A case is an executable bash script, tests/lab/cases/NAME.sh, that runs in the guest as
# root, in the directory of the source tree, with the build directory in BINDD_BUILD and vfioctl in its PATH. A boot
# takes seconds, so a case holds all checks that need the same guest:
#
#     #!/bin/bash
#     # SPDX-License-Identifier: LGPL-2.1-or-later
#     . tests/lab/check.sh
#     check "vfio-pci can be loaded" modprobe vfio-pci
#     equal "an unset override reads (null)" "(null)" "$(cat /sys/bus/pci/devices/0000:00:10.0/driver_override)"
#     fails "an unknown device is refused" 5 vfioctl show 0000:99:00.0
#     equal "bind to a missing device" "No such device" "$(store /sys/bus/pci/drivers/vfio-pci/bind 0000:99:00.0)"
#
#     done_checking
#
# Register it in tests/lab/CMakeLists.txt with lab_case(NAME ...), which documents its options. To run one alone:
# ./run lab -- bash tests/lab/cases/NAME.sh. devices.sh and foreign.sh list the devices and their addresses.
# The guests that are not x86 have busybox's sh only and use this file too, so it keeps to what both shells know.
# Every check prints "ok" or "not ok" and, when not ok, why. A case without checks, or one that stops early, fails.
set -u
exec 2>&1
PATH=${BINDD_BUILD:-build/dev}/vfioctl:$PATH
CHECKS=0
FAILURES=0
CASE_ENDED=no

verdict() {
    CHECKS=$((CHECKS + 1))
    if [ "$1" = 0 ]; then
        printf 'ok %s - %s\n' "$CHECKS" "$2"
    else
        FAILURES=$((FAILURES + 1))
        printf 'not ok %s - %s\n' "$CHECKS" "$2"
        printf '#   %s\n' "${3//$'\n'/$'\n'#   }"
    fi
}

# check SENTENCE COMMAND...: holds when the command succeeds.
check() {
    local sentence=$1 output status
    shift
    output=$("$@" 2>&1)
    status=$?
    verdict "$status" "$sentence" "$* ended with $status"$'\n'"$output"
}

# fails SENTENCE STATUS COMMAND...: holds when the command ends with that very exit status.
fails() {
    local sentence=$1 expected=$2 output status
    shift 2
    output=$("$@" 2>&1)
    status=$?
    [ "$status" = "$expected" ]
    verdict $? "$sentence" "$* ended with $status, not $expected"$'\n'"$output"
}

# equal SENTENCE EXPECTED ACTUAL
equal() {
    [ "$2" = "$3" ]
    verdict $? "$1" "expected: $2"$'\n'"actual:   $3"
}

# contains SENTENCE PATTERN TEXT: a glob pattern.
contains() {
    local found=1
    # shellcheck disable=SC2254 # it is a pattern
    case $3 in *$2*) found=0 ;; esac
    verdict "$found" "$1" "expected in it: $2"$'\n'"actual: $3"
}

# eventually SENTENCE COMMAND...: holds when the command succeeds within ten seconds.
eventually() {
    local sentence=$1 tries=100
    shift
    until "$@" >/dev/null 2>&1 || [ "$tries" = 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    check "$sentence" "$@"
}

# store FILE VALUE: one write(2); prints nothing, or fails and prints the text of the errno.
store() {
    local message
    # echo, because busybox's printf reports no write error. The redirection itself may fail with a text of the same form.
    message=$({ echo -ne "$2" >"$1"; } 2>&1) && return
    printf '%s\n' "${message##*: }"
    return 1
}

# driver_of ADDRESS: prints the driver of a PCI device; nothing if it has none.
driver_of() {
    local link
    link=$(readlink "/sys/bus/pci/devices/$1/driver") && basename "$link"
}

override_of() { cat "/sys/bus/pci/devices/$1/driver_override"; }

group_of() { basename "$(readlink -f "/sys/bus/pci/devices/$1/iommu_group")"; }

# qmp COMMAND [JSON-ARGUMENTS]: sends a command to QEMU, e.g. qmp device_add '{"driver":"edu","bus":"port5","id":"x"}',
# prints the answer and fails if it is an error. QEMU's monitor is at the other end of a serial port (x86 and bash only).
qmp() {
    local arguments=${2:-} port status=1
    [ -n "$arguments" ] || arguments='{}'
    stty -F /dev/ttyS1 raw -echo || return 1
    exec {port}<>/dev/ttyS1
    # What the terminal echoed before it was raw may precede the first line: invalid, or a brace that nothing closes, into which
    # QEMU would read every later line. It drops what it has read so far when a byte comes that JSON cannot have. The first
    # command is one that may be repeated; the command that must be sent once follows when QEMU has answered.
    for _ in 1 2 3 4 5; do
        printf '\377\n' >&"$port"
        qmp_ask "$port" 5 qmp_capabilities '{}' >/dev/null
        [ -z "$QMP_ANSWER" ] || break
    done
    [ -n "$QMP_ANSWER" ] && qmp_ask "$port" 60 "$1" "$arguments" && status=0
    exec {port}>&-
    printf '%s\n' "${QMP_ANSWER:-QEMU does not answer}"
    return "$status"
}

# qmp_ask FD SECONDS COMMAND JSON-ARGUMENTS: sends one command; its answer is in QMP_ANSWER. Events, old answers and
# errors about an invalid line do not carry its id.
qmp_ask() {
    local id=$$-$RANDOM line
    QMP_ANSWER=
    printf '{"execute":"%s","arguments":%s,"id":"%s"}\n' "$3" "$4" "$id" >&"$1"
    while read -r -t "$2" -u "$1" line; do
        case $line in *"\"id\": \"$id\""*) QMP_ANSWER=$line && break ;; esac
    done
    [[ $QMP_ANSWER == *'"return":'* ]]
}

# A case ends with `done_checking`; one that stops before fails.
done_checking() {
    CASE_ENDED=yes
    printf '1..%s\n' "$CHECKS"
    [ "$CHECKS" -gt 0 ] && [ "$FAILURES" = 0 ]
    exit
}

on_exit() {
    local status=$?
    [ "$CASE_ENDED" = yes ] && exit "$status"
    printf 'Bail out! the case stopped after %s checks, with %s\n' "$CHECKS" "$status"
    exit 1
}
trap on_exit EXIT
