#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fmt: fmt::join is declared by <fmt/format.h> in 9.1.0 (Debian 12), and in 11.1.1 (sid) only by <fmt/ranges.h>, which 9.1.0 has too: a
# program that includes the latter compiles with both.
#
# Seen:
#   fmt 90100: format.h compiles, ranges.h compiles
#   fmt 110101: format.h does not compile, ranges.h compiles
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get -qq download libfmt-dev=9.1.0+ds1-2
dpkg -x libfmt-dev_9.*.deb 9
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
apt-get -qq "${sid[@]}" download libfmt-dev=11.1.1+ds1-2
dpkg -x libfmt-dev_11.*.deb 11

# compiles RELEASE HEADER: whether a program with fmt::join that includes that header alone does.
compiles() {
    printf '#define FMT_HEADER_ONLY\n#include <vector>\n#include <fmt/%s>\nstd::string f(const std::vector<int>& v) { return fmt::format("{}", fmt::join(v, ",")); }\n' \
        "$2" | g++ -std=c++20 -I "$1/usr/include" -x c++ -fsyntax-only - 2>/dev/null && echo compiles || echo "does not compile"
}
for release in 9 11; do
    version=$(grep -rhoE '#define FMT_VERSION [0-9]+' $release/usr/include/fmt | grep -oE '[0-9]+$')
    printf 'fmt %s: format.h %s, ranges.h %s\n' "$version" "$(compiles $release format.h)" "$(compiles $release ranges.h)"
done | tee seen
diff seen - <<'EOF'
fmt 90100: format.h compiles, ranges.h compiles
fmt 110101: format.h does not compile, ranges.h compiles
EOF
