#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# unshare(1) of util-linux 2.38.1 (Debian 12), run with --fork, ends as its child ended: by the same signal. If that signal was
# SIGKILL, it exits with 1 instead and blames sigprocmask: the handler of SIGKILL cannot be set, EINVAL of signal(2). A caller
# cannot tell a killed child from a program that failed. 2.41.5 (Debian 13) ends by SIGKILL. We found it in the bench that starts
# thousands of namespaces and kills them.
#
# Seen:
#   terminated: 143
#   killed: 1 unshare: sigprocmask unblock failed: Invalid argument
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download util-linux=2.38.1-5+deb12u3
dpkg -x util-linux_*.deb root
unshare=root/usr/bin/unshare
# The child ends itself by the signal; a shell reports a death by signal N as 128 + N.
ended_by() {
    local status=0
    bash -c "$unshare --fork sh -c 'kill -s $1 \$\$' 2>errors; exit \$?" 2>/dev/null || status=$?
    printf '%s: %s\n' "$2" "$(echo $status "$(cat errors)" | xargs)"
}
{
    ended_by TERM terminated
    ended_by KILL killed
} | tee seen
diff seen - <<'EOF'
terminated: 143
killed: 1 unshare: sigprocmask unblock failed: Invalid argument
EOF
