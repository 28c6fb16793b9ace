#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The boot display with a text console.
. tests/lab/check.sh

vga=0000:00:16.0
program=$BINDD_BUILD/tests/lab/programs/lab_usage_of
usage_of() { "$program" "$@" 2>&1 || echo "ended with $?"; }

eventually "the display has its driver" test -e /sys/bus/pci/devices/$vga/drm/card0
# The framebuffer console may wait until there is something to show.
echo "something to show" >/dev/tty1
console_name() { basename "$(dirname "$(grep -l 'frame buffer' /sys/class/vtconsole/*/name)")"; }
eventually "a text console is on its framebuffer" grep -q 1 "/sys/class/vtconsole/$(console_name)/bind"
equal "the console and the active output are found" \
    "console: card0-Virtual-1 is connected and on
console: fb0 carries $(console_name), and it is the boot display" "$(usage_of $vga)"
store "/sys/class/vtconsole/$(console_name)/bind" 0
equal "without the console the active output is left" "console: card0-Virtual-1 is connected and on" "$(usage_of $vga)"

done_checking
