#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# glibc's <sys/pidfd.h> tests for _PIDFD_H and never defines it, so the guard guards nothing: with the struct that 2.43 added a file
# that includes the header twice (by two headers of its own, say, or in a unity build) does not compile. It also has no extern "C",
# so that a C++ program compiles and does not link.
#
# Seen:
#   glibc 2.36-9+deb12u14: twice compiles, C++ does not link
#   glibc 2.43-7: twice does not compile, C++ does not link
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download libc6-dev=2.36-9+deb12u14
dpkg -x libc6-dev_2.36-*.deb 2.36
# sid's, from the server of this machine's own sources.
mkdir -p apt/lists/partial apt/archives/partial
# shellcheck disable=SC2016 # apt expands these
uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >apt/sources.list
: >apt/status
sid=(-o Dir::Etc::sourcelist="$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/apt/lists"
    -o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt" -o Dir::Cache::archives="$dir/apt/archives"
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
apt-get -qq "${sid[@]}" update
apt-get -qq "${sid[@]}" download libc6-dev=2.43-7
dpkg -x libc6-dev_2.43-*.deb 2.43

# A folder with that one header, so that all others are the host's.
for version in 2.36 2.43; do
    mkdir -p "headers/$version/sys"
    cp "$version/usr/include/x86_64-linux-gnu/sys/pidfd.h" "headers/$version/sys/"
done
# says ANSWER COMMAND...: ANSWER with "not" where the command fails.
says() { if "${@:2}" >/dev/null 2>&1; then echo "$1"; else echo "does not ${1/compiles/compile}"; fi; }
twice='#include <sys/pidfd.h>
#include <sys/pidfd.h>
int main(void) { return 0; }'
program='#include <sys/pidfd.h>
#include <unistd.h>
int main() { return pidfd_open(getpid(), 0) < 0; }'
for version in 2.36 2.43; do
    printf '%s\n' "$twice" >twice.c
    printf '%s\n' "$program" >program.cpp
    package=$(echo libc6-dev_$version-*.deb | cut -d_ -f2)
    g++ -c -I "headers/$version" program.cpp -o program.o
    printf 'glibc %s: twice %s, C++ %s\n' "$package" "$(says compiles gcc -fsyntax-only -I "headers/$version" twice.c)" \
        "$(g++ program.o -o program 2>/dev/null && echo links || echo 'does not link')"
done | tee seen
diff seen - <<'EOF'
glibc 2.36-9+deb12u14: twice compiles, C++ does not link
glibc 2.43-7: twice does not compile, C++ does not link
EOF
