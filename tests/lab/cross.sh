#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Builds targets of this project for another architecture, into build/ARCH:
#     tests/lab/cross.sh s390x|ppc64le TARGET...
# To run one:
#     ./run lab --arch s390x -- build/s390x/vfioctl/vfioctl probe 0001:00:00.0
# The guest gets the shared libraries from the same sysroot.
set -eu
set -o pipefail
# shellcheck source=tests/lab/cache.sh
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
for part in apt kernel sysroot; do
    # shellcheck source=/dev/null
    . "$LAB/$part.sh"
done

arch=${1:?usage: cross.sh s390x|ppc64le TARGET...}
shift
triplet=$(triplet "$arch")
sysroot=$(build_sysroot "$arch")
top=$LAB/../..
cmake -S "$top" -B "$top/build/$arch" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$LAB/toolchain.cmake" -DLAB_TRIPLET="$triplet" \
    -DLAB_SYSROOT="$sysroot" -DCMAKE_BUILD_TYPE= -DCMAKE_UNITY_BUILD=ON -DBINDD_TESTS=OFF -DBINDD_BENCH=OFF \
    -DCMAKE_INSTALL_PREFIX=/usr >"$top/build/$arch.log" 2>&1 || {
    cat "$top/build/$arch.log" >&2
    die "cannot configure for $arch"
}
cmake --build "$top/build/$arch" --target "$@" -- -j"$(nproc)"
