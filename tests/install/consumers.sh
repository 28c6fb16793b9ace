#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# consumers.sh BUILD-DIR COMPILER: installs the library below BUILD-DIR/installed and builds a program against it, twice.
# The programs stay there; the lab runs them in a guest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 compiler=$2
out=$build/installed
rm -rf "$out"
mkdir -p "$out"

cmake --build "$build" --target bindd-vfio >"$out/build.log" 2>&1
cmake --install "$build" --component vfio --prefix "$out/usr" >"$out/install.log"
cp -r "$here/consumer" "$out/source"

pc=$(dirname "$(find "$out/usr" -name bindd-vfio.pc)")
sed -i "s,^prefix=.*,prefix=$out/usr," "$pc/bindd-vfio.pc"
export PKG_CONFIG_PATH=$pc
libdir=$(pkg-config --variable=libdir bindd-vfio)
# shellcheck disable=SC2046 # flags are separate words
"$compiler" -Wall -Wextra -Werror "$out/source/consumer.cpp" -o "$out/by-pkg-config" $(pkg-config --cflags --libs bindd-vfio) \
    -Wl,-rpath,"$libdir"

cmake -S "$out/source" -B "$out/cmake" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$out/usr" >"$out/configure.log"
cmake --build "$out/cmake" >>"$out/configure.log"
cp "$out/cmake/consumer" "$out/by-cmake"

for program in by-pkg-config by-cmake; do
    output=$("$out/$program" 0000:ff:1f.7 2>&1) && status=0 || status=$?
    if [ "$status" != 1 ] || [[ $output != "0000:ff:1f.7: "* ]]; then
        printf '%s ended with %s and printed: %s\n' "$program" "$status" "$output" >&2
        exit 1
    fi
done
