#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# nlohmann json: sid's package has std::optional conversions, and a function that returns std::optional of json from a constant
# reference, which compiles with 3.11.2 (Debian 12), is ambiguous with them. The package's version ends with "really.3.11.3", and
# the header says 3.11.3 as well, so that no test of the version tells the two apart: 3.11.3 of Debian 13 has no such conversion.
#
# Seen:
#   3.11.2-2: says 3.11.2, no optional: constant reference compiles, value compiles
#   3.11.3-2.1: says 3.11.3, no optional: constant reference compiles, value compiles
#   3.12.0.really.3.12.0.really.3.11.3-3: says 3.11.3, optional: constant reference does not compile, value compiles
set -euo pipefail
dir=$(mktemp -d "${TMPDIR:-/tmp}/finding.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir"

versions=(3.11.2-2 3.11.3-2.1 3.12.0.really.3.12.0.really.3.11.3-3)
# Debian 12's, 13's and sid's, from the server of this machine's own sources.
mkdir -p apt/lists/partial apt/archives/partial
# shellcheck disable=SC2016 # apt expands these
uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
for release in bookworm trixie sid; do
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release main"
done >apt/sources.list
: >apt/status
apt=(-o Dir::Etc::sourcelist="$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$dir/apt/lists"
    -o Dir::State::status="$dir/apt/status" -o Dir::Cache="$dir/apt" -o Dir::Cache::archives="$dir/apt/archives"
    -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root)
apt-get -qq "${apt[@]}" update

# compiles HEADERS ARGUMENT: whether a function that takes such an argument and returns an optional of it does.
compiles() {
    printf '#include <optional>\n#include <nlohmann/json.hpp>\nstd::optional<nlohmann::json> f(%s json) { return json; }\n' "$2" |
        g++ -std=c++20 -I "$1" -x c++ -fsyntax-only - 2>/dev/null && echo compiles || echo "does not compile"
}
for version in "${versions[@]}"; do
    apt-get -qq "${apt[@]}" download "nlohmann-json3-dev=$version"
    dpkg -x ./nlohmann-json3-dev_"$version"_*.deb "$version"
    headers=$version/usr/include
    says=$(grep -rhE '^#define NLOHMANN_JSON_VERSION_(MAJOR|MINOR|PATCH) ' "$headers" | grep -oE ' [0-9]+' | tr -d ' ' | paste -sd.)
    optional=$(grep -q 'std::optional<T>& *opt' -r "$headers" && echo optional || echo "no optional")
    printf '%s: says %s, %s: constant reference %s, value %s\n' "$version" "$says" "$optional" \
        "$(compiles "$headers" 'const nlohmann::json&')" "$(compiles "$headers" nlohmann::json)"
done | tee seen
diff seen - <<'EOF'
3.11.2-2: says 3.11.2, no optional: constant reference compiles, value compiles
3.11.3-2.1: says 3.11.3, no optional: constant reference compiles, value compiles
3.12.0.really.3.12.0.really.3.11.3-3: says 3.11.3, optional: constant reference does not compile, value compiles
EOF
