#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The same command lines for the distribution's mdevctl and for vfioctl under that name (mdevctl.table).
. tests/lab/check.sh

theirs=$(PATH=/usr/sbin:/usr/bin command -v mdevctl)
check "the distribution's mdevctl is installed" test -x "$theirs"
work=$(mktemp -d)
cp "$(command -v vfioctl)" "$work/mdevctl"
modprobe mtty
[ -e /dev/stdin ] || ln -s /proc/self/fd/0 /dev/stdin

# Both scripts log how they were called; the callout answers with what is in /tmp/answer.
cat >/tmp/callout <<'SCRIPT'
#!/bin/sh
echo "callout $*" >>/tmp/calls
read -r answer </tmp/answer
case "$*" in
*capabilities*) exit 2 ;;
*"-e get"*) [ "$answer" = 2 ] || printf '[{"from":"callout"}]' ;;
*)
    read -r input
    echo "  $input" >>/tmp/calls
    [ "$answer" = 0 ] || echo "no, says the callout" >&2
    ;;
esac
exit "$answer"
SCRIPT
cat >/tmp/notifier <<'SCRIPT'
#!/bin/sh
echo "notifier $*" >>/tmp/calls
SCRIPT

python3 tests/lab/mdevctl_table.py tests/lab/cases/mdevctl.table "$theirs" "$work/mdevctl"
verdict $? "every line of the table does the same" "see above"

# lsmdev is mdevctl list
ln "$work/mdevctl" "$work/lsmdev"
equal "lsmdev lists" "$(lsmdev -d)" "$("$work/lsmdev" -d)"

done_checking
