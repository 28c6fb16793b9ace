# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Another architecture's files for cross builds and guests: packages, with the libraries they depend on, unpacked into
# a directory.

triplet() {
    case $1 in
    s390x) echo s390x-linux-gnu ;;
    ppc64le) echo powerpc64le-linux-gnu ;;
    *) die "there is no cross compiler for $1" ;;
    esac
}

# sysroot ARCH PACKAGE...: prints the directory; each set of packages has one.
sysroot() {
    local arch=$1 name dir
    shift
    name=$(printf '%s\n' "$@" | sort -u | sha256sum | cut -c1-16)
    dir=$LAB_CACHE/sysroots/$arch-$name
    mkdir -p "$LAB_CACHE/sysroots"
    (
        flock 7
        [ -e "$dir" ] || make_sysroot "$arch" "$dir" "$@"
    ) 7>"$dir.lock" || return 1
    printf '%s\n' "$dir"
}

# build_sysroot ARCH: the libraries that the build of this project needs, for ARCH.
build_sysroot() {
    local packages
    mapfile -t packages < <(awk '$1 == "build" && $2 ~ /-dev$/ { print $2 }' "$LAB/packages")
    sysroot "$1" "${packages[@]}"
}

# make_sysroot ARCH DIR PACKAGE...: apt resolves the dependencies as for an empty machine. The C and C++ libraries are left
# out, because the cross compiler has its own.
make_sysroot() {
    local arch=$1 dir=$2 work deb link name
    shift 2
    work=$(mktemp -d "$LAB_CACHE/sysroots/unpack.XXXXXX") || return 1
    mkdir -p "$work/debs/partial" "$work/root"
    say "fetching libraries for $arch"
    download_all "$(debian_arch "$arch")" "$work/debs" "$@" || return 1
    for deb in "$work"/debs/*.deb; do
        name=$(basename "${deb%%_*}")
        case " $* " in *" $name "*) name=lib-wanted ;; esac
        case $name in
        libc6* | libc-* | libgcc* | libstdc* | libcrypt[1-9-]* | libatomic* | libgomp* | libitm*) ;;
        libasan* | libubsan* | libtsan* | liblsan*) ;;
        lib* | zlib1g*) dpkg -x "$deb" "$work/root" || return 1 ;;
        esac
    done
    # An absolute link of a package is relative to its machine's root, which is this directory here.
    find "$work/root" -lname '/*' | while read -r link; do ln -sfnr "$work/root$(readlink "$link")" "$link"; done
    mv -T "$work/root" "$dir" && rm -rf "$work"
}

# download_all ARCH DIR PACKAGE...: with the present lists; if that fails, with new ones.
download_all() {
    local arch=$1 dir=$2 log=$LAB_CACHE/apt/$1/update.log attempt
    shift 2
    for attempt in old new; do
        [ "$attempt" = old ] || update_foreign_apt "$arch"
        [ -e "$log" ] || continue
        ! foreign_apt "$arch" apt-get -y --no-install-recommends --download-only -o Dir::Cache::archives="$dir" \
            install "$@" >>"$log" 2>&1 || return 0
    done
    tail -n 20 "$log" >&2
    die "the packages for $arch cannot be downloaded: $*"
}

# library_dirs ARCH SYSROOT: the directories of this machine with the libraries of a guest's program.
library_dirs() {
    local name
    name=$(triplet "$1")
    printf '%s\n' "/usr/$name/lib" "$2/usr/lib/$name" "$2/lib/$name" "$2/lib" "$2/usr/lib"
}

# copy_program ARCH SYSROOT PROGRAM TREE: copies PROGRAM to TREE/job, and the shared libraries it needs to TREE/lib.
copy_program() {
    local arch=$1 sysroot=$2 program=$3 tree=$4 dirs queue name dir
    install -m 755 -t "$tree/job" "$program" || return 1
    mapfile -t dirs < <(library_dirs "$arch" "$sysroot")
    mapfile -t queue < <(needed_libraries "$program")
    while [ "${#queue[@]}" -gt 0 ]; do
        name=${queue[0]}
        queue=("${queue[@]:1}")
        [ ! -e "$tree/lib/$name" ] || continue
        for dir in "${dirs[@]}" ''; do [ ! -e "$dir/$name" ] || break; done
        [ -n "$dir" ] || die "$name, which $program needs, is not in ${dirs[*]}"
        install -m 755 -D "$dir/$name" "$tree/lib/$name"
        mapfile -t -O "${#queue[@]}" queue < <(needed_libraries "$dir/$name")
    done
}

# needed_libraries FILE: sonames and the loader's name; nothing for a script or a static program. The libraries that it
# opens with dlopen() and requires are in an ELF note (lib/base/dlopen.hpp).
needed_libraries() {
    readelf -d -l "$1" 2>/dev/null |
        sed -n -e 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' -e 's,.*interpreter: .*/\(.*\)\]$,\1,p'
    dlopen_libraries "$1"
}

dlopen_libraries() {
    readelf -p .note.dlopen "$1" 2>/dev/null | grep '"priority":"required"' | grep -o '"soname":\["[^"]*"\]' | cut -d '"' -f 4
}
