# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guest's root is a share, which makes each open slow. Touching a file copies it to the overlay in memory, after which
# it is as fast as in the page cache of a host.

# in_memory PROGRAM...: copies the programs, their libraries and the files they read to memory.
in_memory() {
    local file
    for file in $(ldd "$@" | grep -o '/[^ ]*') "$@" /lib/*/libkmod.so.2 /lib/*/liblzma.so.5 /lib/*/libzstd.so.1 \
        /lib/*/libcrypto.so.* /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group /etc/nsswitch.conf /etc/modprobe.d/* \
        /lib/modprobe.d/* /usr/lib/locale/C.utf8/LC_CTYPE /usr/share/locale/locale.alias /usr/lib/*/gconv/gconv-modules.cache \
        /usr/share/misc/pci.ids /lib/udev/hwdb.bin /etc/udev/hwdb.bin "/lib/modules/$(uname -r)"/modules.*; do
        [ ! -f "$file" ] || touch "$file"
    done
}
