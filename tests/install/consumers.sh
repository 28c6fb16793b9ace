#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# consumers.sh BUILD-DIR COMPILER: installs the library below BUILD-DIR/installed, checks its headers and its symbols, and
# builds a program against it with pkg-config and with CMake. The lab runs these programs in a guest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1 compiler=$2
out=$build/installed
rm -rf "$out"
mkdir -p "$out"

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

cmake --build "$build" --target bindd-vfio >"$out/build.log" 2>&1
cmake --install "$build" --component vfio --prefix "$out/usr" >"$out/install.log"
cp -r "$here/consumer" "$out/source"

pc=$(dirname "$(find "$out/usr" -name bindd-vfio.pc)")
sed -i "s,^prefix=.*,prefix=$out/usr," "$pc/bindd-vfio.pc"
export PKG_CONFIG_PATH=$pc
libdir=$(pkg-config --variable=libdir bindd-vfio)

# The headers are lib/vfio/include and two of lib/base. All of them compile, and none names what is not installed.
include=$out/usr/include/bindd
expected=$(cd "$here/../../lib/vfio/include" && find . -type f | sort; printf './base/%s\n' result.hpp unique_fd.hpp)
installed=$(cd "$include" && find . -type f | sort)
[ "$installed" = "$(sort <<<"$expected")" ] || fail "installed headers:" "$installed"
if grep -rnE 'sysfs(::|/)|namespace sysfs|vfio/src/|base/try' "$include"; then
    fail "a header names what is not installed"
fi
(cd "$include" && find . -name '*.hpp' -printf '#include "%P"\n' | sort) >"$out/headers.cpp"
# shellcheck disable=SC2046 # flags are separate words
"$compiler" -Wall -Wextra -Werror -fsyntax-only "$out/headers.cpp" $(pkg-config --cflags bindd-vfio)

# The library needs the C and C++ libraries (and a sanitizer's), starts no process and opens no library.
library=$libdir/libbindd-vfio.so
foreign=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libm|libstdc\+\+|libgcc_s|ld-linux.*|ld64|lib(a|ub|t)san)\.so\.[0-9]+$' || true)
[ -z "$foreign" ] || fail "$library needs" "$foreign"
undefined=$(nm -D --undefined-only "$library" | grep -wE '_exit|_Exit|fork|vfork|execve?|posix_spawnp?|dlopen|dlsym' || true)
[ -z "$undefined" ] || fail "$library uses" "$undefined"
exported=$(nm -DC --defined-only "$library" | grep -E 'sysfs::|base::Dir' || true)
[ -z "$exported" ] || fail "$library exports" "$exported"

# shellcheck disable=SC2046 # flags are separate words
"$compiler" -Wall -Wextra -Werror "$out/source/consumer.cpp" -o "$out/by-pkg-config" $(pkg-config --cflags --libs bindd-vfio) \
    -Wl,-rpath,"$libdir"

cmake -S "$out/source" -B "$out/cmake" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$out/usr" >"$out/configure.log"
cmake --build "$out/cmake" >>"$out/configure.log"
cp "$out/cmake/consumer" "$out/by-cmake"

for program in by-pkg-config by-cmake; do
    output=$("$out/$program" 0000:ff:1f.7 2>&1) && status=0 || status=$?
    if [ "$status" != 1 ] || [[ $output != "0000:ff:1f.7: "* ]]; then
        fail "$program ended with $status and printed: $output"
    fi
done
