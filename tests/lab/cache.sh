# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by what sources this
#
# Where the lab lives, where it keeps what is dear to make, and how it speaks. Everything else sources this first.

LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bindd

# Progress goes to stderr: stdout is the guest's.
say() { printf 'lab: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}
