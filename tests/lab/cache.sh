# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # the other parts read them
#
# Directories of the lab and its messages. All other parts source this file first.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bindd

# Progress goes to stderr, because stdout carries the guest's output.
say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}
