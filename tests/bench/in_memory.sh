# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guest's root comes over a share, which every file that is opened waits for. A file that is touched is copied to the
# memory that lies over the share: from then on it costs what it costs a host that runs.

# in_memory PROGRAM...: these, what they are linked with or load, and what they read.
in_memory() {
    local file
    for file in $(ldd "$@" | grep -o '/[^ ]*') "$@" /lib/*/libkmod.so.2 /lib/*/liblzma.so.5 /lib/*/libzstd.so.1 \
        /lib/*/libcrypto.so.* /etc/ld.so.cache /etc/localtime /etc/passwd /etc/group /etc/nsswitch.conf /etc/modprobe.d/* \
        /lib/modprobe.d/* /usr/lib/locale/C.utf8/LC_CTYPE /usr/share/locale/locale.alias /usr/lib/*/gconv/gconv-modules.cache \
        /usr/share/misc/pci.ids /lib/udev/hwdb.bin /etc/udev/hwdb.bin "/lib/modules/$(uname -r)"/modules.*; do
        [ ! -f "$file" ] || touch "$file"
    done
}
