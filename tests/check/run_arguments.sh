#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `./run` with wrong arguments: one clear line and exit status 2, before anything is installed, downloaded or built; help for
# every command.
cd "$(dirname "$0")/../.." || exit 1
failed=0

# ends STATUS PATTERN WORD...
ends() {
    local status=$1 pattern=$2 output
    shift 2
    output=$(timeout 20 ./run "$@" 2>&1 </dev/null)
    # shellcheck disable=SC2053 # a pattern
    [ $? = "$status" ] && [[ $output == $pattern ]] && return
    printf 'run %s: expected status %s and "%s", got:\n%s\n' "$*" "$status" "$pattern" "$output"
    failed=1
}

ends 2 "run: no such command: tset*try: ./run --help" tset
ends 2 "run: a command is missing*" -y
ends 2 "run: no such release: --release (bookworm, trixie, sid)*" package --release
ends 2 "run: no such release: bullseye*" package trixie bullseye
ends 2 "run: no such preset: debug (dev*" build debug
ends 2 "run: build takes one preset: dev asan*" build dev asan
ends 2 "run: fuzz takes a number of seconds: 10m*" fuzz 10m
ends 2 "run: demo takes no argument: now*" demo now
ends 2 "run: bench takes no argument: -v*" bench -v
ends 2 "lab: no such device profile: nosuch*" lab --devices minimal,nosuch -- true
ends 2 "lab: no such kernel: mine*" lab --kernel mine -- true
for command in demo tests check build package bench fuzz; do ends 0 "usage: run *" "$command" --help; done
ends 0 "usage: run *"
ends 0 "usage: lab *" lab --help
exit $failed
