# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What a case of the lab is written with. A case is an executable bash script, tests/lab/cases/NAME.sh, that runs in the
# guest as root, in the directory of the source tree, with the build directory in BINDD_BUILD; vfioctl is in its PATH.
# A boot costs seconds, so a case groups all checks that go together:
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
# Register it in tests/lab/CMakeLists.txt with lab_case(NAME ...), which says what can be chosen there.
# By hand: ./run lab -- bash tests/lab/cases/NAME.sh. The devices and their addresses are in devices.sh and foreign.sh.
# The guests that are not x86 have busybox's sh only, and this file under the same name; so it keeps to what both know.
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

# store FILE VALUE: one write(2); prints nothing, or the text of the errno.
store() {
    local said
    # echo, for busybox's printf keeps errors to itself. The redirection may fail as well: its text is of the same kind.
    said=$({ echo -ne "$2" >"$1"; } 2>&1) || printf '%s\n' "${said##*: }"
}

# driver_of ADDRESS: of a PCI device; nothing if it has none.
driver_of() {
    local link
    link=$(readlink "/sys/bus/pci/devices/$1/driver") && basename "$link"
}

override_of() { cat "/sys/bus/pci/devices/$1/driver_override"; }

group_of() { basename "$(readlink -f "/sys/bus/pci/devices/$1/iommu_group")"; }

# qmp COMMAND [JSON-ARGUMENTS]: asks QEMU itself, e.g. qmp device_add '{"driver":"edu","bus":"port5","id":"x"}'; prints
# the answer and fails if it is an error. Its monitor is the other end of a serial port (x86 only, bash only).
qmp() {
    local arguments=${2:-} port status=1
    [ -n "$arguments" ] || arguments='{}'
    stty -F /dev/ttyS1 raw -echo || return 1
    exec {port}<>/dev/ttyS1
    # What the terminal echoed before it was raw may stand before our first line and spoil it. So the line is opened with a
    # question that may be asked again, and the one that must not be asked twice follows when QEMU is heard.
    for _ in 1 2 3 4 5; do
        qmp_ask "$port" 5 qmp_capabilities '{}' >/dev/null
        [ -z "$QMP_ANSWER" ] || break
    done
    [ -n "$QMP_ANSWER" ] && qmp_ask "$port" 60 "$1" "$arguments" && status=0
    exec {port}>&-
    printf '%s\n' "${QMP_ANSWER:-QEMU does not answer}"
    return "$status"
}

# qmp_ask FD SECONDS COMMAND JSON-ARGUMENTS: one question; its answer is left in QMP_ANSWER. Events, old answers and
# complaints about a spoiled line carry no id of ours.
qmp_ask() {
    local id=$$-$RANDOM line
    QMP_ANSWER=
    printf '{"execute":"%s","arguments":%s,"id":"%s"}\n' "$3" "$4" "$id" >&"$1"
    while read -r -t "$2" -u "$1" line; do
        case $line in *"\"id\": \"$id\""*) QMP_ANSWER=$line && break ;; esac
    done
    [[ $QMP_ANSWER == *'"return":'* ]]
}

# A case ends with `done_checking`, so that one that stops half-way is seen.
done_checking() {
    CASE_ENDED=yes
    printf '1..%s\n' "$CHECKS"
    [ "$CHECKS" -gt 0 ] && [ "$FAILURES" = 0 ]
    exit
}

case_left() {
    local status=$?
    [ "$CASE_ENDED" = yes ] && exit "$status"
    printf 'Bail out! the case stopped after %s checks, with %s\n' "$CHECKS" "$status"
    exit 1
}
trap case_left EXIT
