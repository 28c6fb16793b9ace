# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The guests' kernels. A kernel is a directory of the cache:
#     image           what QEMU boots
#     root/lib/modules/VERSION   its modules, unpacked and with depmod's files
#     version         VERSION
# "stock" is the distribution's image, unpacked and not installed. "lab" is built from the distribution's source with
# the fragment ARCH.config; its directory is named by a hash of both.

# The source package that the lab kernel is built from; Debian 12 has it in backports, Debian 13 in main.
LAB_SOURCE='^linux-source-6\.12$'

# stock_package ARCH: a pattern for the package of the stock kernel. x86 uses the release's own. The others use 6.12, which
# Debian 13 has and Debian 12 has in backports, because Debian 12's 6.1 is built without VFIO there.
stock_package() {
    if [ "$1" = x86 ] && [ "$(release_name)" = bookworm ]; then
        echo '^linux-image-6\.1\.0-[0-9]+-amd64$'
    else
        echo "^linux-image-6\\.12\\.[0-9.]+\\+(bpo|deb[0-9]+)-$(kernel_flavour "$1")\$"
    fi
}

kernel_flavour() {
    case $1 in
    x86) echo amd64 ;;
    s390x) echo s390x ;;
    ppc64le) echo powerpc64le ;;
    esac
}

debian_arch() {
    case $1 in
    x86) echo amd64 ;;
    s390x) echo s390x ;;
    ppc64le) echo ppc64el ;;
    esac
}

# index_modules DIR: does what the package's postinst would do. busybox cannot read .ko.xz.
index_modules() {
    local root=$1 version
    version=$(cd "$root/lib/modules" && echo *)
    find "$root/lib/modules" -name '*.ko.xz' -print0 | xargs -0r -n 64 -P 2 unxz
    depmod -b "$root" "$version" || return 1
    printf '%s\n' "$version" >"$root/../version"
}

unpack_kernel() {
    mkdir "$2/root" &&
        dpkg -x "$1" "$2/root" &&
        mv "$2"/root/boot/vmlinu[xz]-* "$2/image" &&
        move_modules "$2/root" &&
        index_modules "$2/root"
}

# Debian 13 has the modules below /usr. Everything else is removed.
move_modules() {
    [ -d "$1/lib/modules" ] || { mkdir -p "$1/lib" && mv "$1/usr/lib/modules" "$1/lib/"; } || return 1
    rm -rf "${1:?}/boot" "${1:?}/usr"
}

# stock_kernel ARCH: prints the kernel's directory.
stock_kernel() {
    local arch=$1 deb dir work
    deb=$(fetch_package "$(debian_arch "$arch")" "$(stock_package "$arch")") || return 1
    dir=$LAB_CACHE/kernels/stock-$arch-$(basename "$deb" .deb)
    if [ ! -e "$dir/version" ]; then
        say "unpacking $(basename "$deb")"
        work=$(mktemp -d "$LAB_CACHE/kernels/unpack.XXXXXX") || return 1
        if ! unpack_kernel "$deb" "$work"; then
            rm -rf "$work"
            die "$deb cannot be unpacked"
        fi
        rm -rf "$dir" && mv -T "$work" "$dir"
    fi
    printf '%s\n' "$dir"
}

# kernel_make ARCH ARG...: make with the architecture's flags, and with ccache if it is installed.
kernel_make() {
    local arch=$1 cc=gcc
    shift
    case $arch in
    x86) set -- ARCH=x86_64 "$@" ;;
    s390x) cc=s390x-linux-gnu-gcc && set -- ARCH=s390 CROSS_COMPILE=s390x-linux-gnu- "$@" ;;
    *) die "there is no lab kernel for $arch" ;;
    esac
    if command -v ccache >/dev/null; then cc="ccache $cc"; fi
    KBUILD_BUILD_TIMESTAMP='1970-01-01' KBUILD_BUILD_USER=bindd KBUILD_BUILD_HOST=lab make -s CC="$cc" "$@"
}

# check_config FRAGMENT CONFIG: fails if olddefconfig dropped an option of the fragment.
check_config() {
    local line missing=0
    while read -r line; do
        case $line in CONFIG_* | '# CONFIG_'*' is not set') grep -qxF "$line" "$2" || { say "lost by olddefconfig: $line" && missing=1; } ;; esac
    done <"$1"
    return "$missing"
}

# compile_kernel ARCH FRAGMENT DEB WORK: in WORK/src; the result goes to WORK/out.
compile_kernel() {
    local arch=$1 fragment=$2 deb=$3 work=$4 image=arch/s390/boot/bzImage
    [ "$arch" != x86 ] || image=arch/x86/boot/bzImage
    mkdir -p "$work/deb" "$work/src" "$work/out/root" &&
        dpkg -x "$deb" "$work/deb" &&
        tar -xf "$work"/deb/usr/src/linux-source-*.tar.xz -C "$work/src" --strip-components=1 &&
        cd "$work/src" &&
        kernel_make "$arch" tinyconfig &&
        scripts/kconfig/merge_config.sh -m .config "$fragment" &&
        kernel_make "$arch" olddefconfig &&
        check_config "$fragment" .config &&
        kernel_make "$arch" -j"$(nproc)" bzImage modules &&
        kernel_make "$arch" INSTALL_MOD_PATH="$work/out/root" modules_install &&
        cp "$image" "$work/out/image" &&
        cp .config "$work/out/config" &&
        rm -f "$work"/out/root/lib/modules/*/{build,source} &&
        index_modules "$work/out/root"
}

# build_kernel ARCH FRAGMENT DEB DIR: builds in a scratch directory and moves the result to DIR.
build_kernel() {
    local work
    work=$(mktemp -d "$LAB_CACHE/kernels/build.XXXXXX") || return 1
    if ! (compile_kernel "$1" "$2" "$3" "$work") >"$4.log" 2>&1; then
        tail -n 30 "$4.log" >&2
        rm -rf "$work"
        die "the lab kernel for $1 does not build; the log is $4.log"
    fi
    rm -rf "$4" && mv -T "$work/out" "$4" && rm -rf "$work"
}

# lab_kernel ARCH: prints the kernel's directory; builds the kernel if the cache does not have it.
lab_kernel() {
    local arch=$1 fragment=$LAB/$1.config deb key dir
    [ -e "$fragment" ] || die "there is no lab kernel for $arch"
    deb=$(fetch_package "$(debian_arch x86)" "$LAB_SOURCE") || return 1
    key=$({ basename "$deb" && cat "$fragment"; } | sha256sum | cut -c1-16)
    dir=$LAB_CACHE/kernels/lab-$arch-$key
    if [ ! -e "$dir/version" ]; then
        say "building the lab kernel for $arch, once; this takes some minutes"
        build_kernel "$arch" "$fragment" "$deb" "$dir"
    fi
    printf '%s\n' "$dir"
}

# kernel ARCH stock|lab: prints the kernel's directory. One process prepares it, others wait.
kernel() {
    mkdir -p "$LAB_CACHE/kernels" "$LAB_CACHE/debs"
    (
        flock 9
        "$2_kernel" "$1"
    ) 9>"$LAB_CACHE/kernels/lock-$1-$2"
}
