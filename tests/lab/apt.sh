# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Downloads Debian packages without installing them: kernels, their source, other architectures' libraries.
#
# A private apt configuration does it: lists, cache and sources are below the cache directory, and the machine's own
# apt configuration is not changed. The sources are derived from those that apt reports for this machine; a suite that
# the machine does not use (backports) is expected on the same server.

# The Debian release of this machine, as its apt sources name it: "bookworm", "trixie", "sid". Before a release, testing and sid
# both have its code name and call themselves "forky/sid"; the sources may also say "testing" or "unstable".
release_name() {
    local name names
    # shellcheck source=/dev/null
    name=$(. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:?this machine has no release code name}") || return
    if grep -qs '/sid$' /etc/debian_version; then
        # shellcheck disable=SC2016 # apt expands these
        names=$(apt-get indextargets --format '$(RELEASE)' 'Created-By: Packages')
        name=$(grep -xm 1 -e "$name" -e sid -e unstable -e testing <<<"$names" || printf '%s\n' "$name")
    fi
    printf '%s\n' "$name"
}

# foreign_apt ARCH PROGRAM ARG...: runs apt-get or apt-cache with the private configuration for ARCH.
foreign_apt() {
    local dir=$LAB_CACHE/apt/$1 arch=$1 program=$2
    shift 2
    "$program" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/sources" \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" \
        -o Dir::Cache="$dir/cache" -o Dir::Cache::archives="$dir/archives" \
        -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User="$(id -un)" "$@"
}

# debian_sources: prints "URI SUITE" of each source of this machine that carries this release.
debian_sources() {
    local release
    release=$(release_name)
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk -v r="$release" '$3 == "main" && ($2 == r || index($2, r "-") == 1) { print $1, $2 }' | sort -u
}

# update_foreign_apt ARCH: writes the sources of the private apt and downloads their lists.
update_foreign_apt() {
    local arch=$1 dir=$LAB_CACHE/apt/$1 release keyring=/usr/share/keyrings/debian-archive-keyring.gpg uri suite
    release=$(release_name)
    mkdir -p "$dir"/{sources,lists/partial,cache,archives/partial}
    : >"$dir/status"
    while read -r uri suite; do
        printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite"
        [ "$suite" != "$release" ] || printf 'deb [signed-by=%s] %s %s-backports main\n' "$keyring" "$uri" "$release"
    done < <(debian_sources) | sort -u >"$dir/sources/debian.list"
    [ -s "$dir/sources/debian.list" ] || die "apt knows no Debian source of release $release on this machine"
    # A list may be missing, since security.* does not carry every architecture. That matters only if the package was in it.
    foreign_apt "$arch" apt-get update >"$dir/update.log" 2>&1 || true
}

# newest_package ARCH REGEX: the package whose name matches and whose version is the highest.
newest_package() {
    foreign_apt "$1" apt-cache search --names-only "$2" | cut -d' ' -f1 | sort -V | tail -n 1
}

# fetch_package ARCH NAME-REGEX: prints the path of the .deb. It is downloaded once and never updated, so that the lab
# does not change between two runs; removing the cache directory updates it.
fetch_package() {
    local arch=$1 dir=$LAB_CACHE/debs/$1 link
    link=$dir/$(printf '%s' "$2" | tr -c 'A-Za-z0-9.+-' '_').deb
    mkdir -p "$dir"
    [ -e "$link" ] || (
        flock 8
        [ -e "$link" ] || download_package "$arch" "$2" "$link"
    ) 8>"$dir/lock" || return 1
    readlink -f "$link"
}

# download_package ARCH NAME-REGEX LINK: with the present lists; if that fails, with new ones.
download_package() {
    local log=$LAB_CACHE/apt/$1/update.log
    try_download "$@" && return
    update_foreign_apt "$1"
    try_download "$@" && return
    tail -n 20 "$log" >&2
    die "no package for $1 named like $2 can be downloaded"
}

try_download() {
    local arch=$1 dir package
    dir=$(dirname "$3")
    package=$(newest_package "$arch" "$2" 2>/dev/null)
    [ -n "$package" ] || return 1
    say "fetching $package ($arch)"
    (cd "$dir" && foreign_apt "$arch" apt-get download "$package") >>"$LAB_CACHE/apt/$arch/update.log" 2>&1 || return 1
    ln -sfn "$(cd "$dir" && find . -maxdepth 1 -name "${package}_*.deb" | sort -V | tail -n 1)" "$3"
}
