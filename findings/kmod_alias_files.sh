#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kmod 30 (Debian 12) reads files named *.alias in modprobe.d as it reads *.conf; kmod 34.2 (Debian 13) passes over them without a
# word. A blacklist or an ids= of vfio-pci that an upgraded host keeps in such a file has no effect any more. We found it when a test
# that compares our reader with `modprobe -c` failed on Debian 13.
#
# Seen:
#   kmod 30: blacklist in_alias blacklist in_conf
#   kmod 34: blacklist in_conf
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download kmod=30+20221128-1
dpkg -x kmod_30*.deb 30
# Debian 13's, with the libraries that it needs, from the server of this machine's own sources.
mkdir -p apt/lists/partial apt/archives/partial
# shellcheck disable=SC2016 # apt expands these
uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie main" >apt/sources.list
: >apt/status
trixie=(-o Dir::Etc::sourcelist="$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/apt/lists"
    -o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt" -o Dir::Cache::archives="$dir/apt/archives"
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
apt-get -qq "${trixie[@]}" update
apt-get -qq "${trixie[@]}" download kmod=34.2-2 libc6 libssl3t64 liblzma5 libzstd1 zlib1g libkmod2
for file in *.deb; do [[ $file == kmod_30* ]] || dpkg -x "$file" 34; done

mkdir modprobe.d
echo 'blacklist in-alias' >modprobe.d/a.alias
echo 'blacklist in-conf' >modprobe.d/b.conf
lib=$dir/34/usr/lib/x86_64-linux-gnu
ln -s "$dir/30/bin/kmod" modprobe
ours() { grep -E '^blacklist in_' | sort | xargs; }
printf 'kmod 30: %s\n' "$(./modprobe -c -C modprobe.d | ours)" | tee seen
printf 'kmod 34: %s\n' "$("$lib/ld-linux-x86-64.so.2" --argv0 modprobe --library-path "$lib" 34/usr/bin/kmod -c -C modprobe.d | ours)" |
    tee -a seen
diff seen - <<'EOF'
kmod 30: blacklist in_alias blacklist in_conf
kmod 34: blacklist in_conf
EOF
