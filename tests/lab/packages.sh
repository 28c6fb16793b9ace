# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Installs what is missing on this machine, by package name, after asking.

package_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

package_known() {
    apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# missing_packages PURPOSE...: prints their names, alternatives not yet resolved.
missing_packages() {
    local purpose name choice
    while read -r purpose name; do
        case " $* " in *" $purpose "*) ;; *) continue ;; esac
        for choice in ${name//|/ }; do package_installed "$choice" && continue 2; done
        printf '%s\n' "$name"
    done < <(grep -v -e '^#' -e '^$' "$LAB/packages")
}

# resolve_package NAME|NAME...: the first that this release has.
resolve_package() {
    local choice
    for choice in ${1//|/ }; do package_known "$choice" && printf '%s\n' "$choice" && return; done
    die "this Debian release has no package ${1//|/ or }"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# confirm QUESTION
confirm() {
    local answer
    if [ "${BINDD_YES:-no}" = yes ] || [ "${CI:-}" = true ]; then return 0; fi
    [ -t 0 ] || die "$1 Nobody is here to answer; say it with -y."
    read -r -p "$1 [Y/n] " answer
    case $answer in '' | [Yy]*) ;; *) die "nothing was installed" ;; esac
}

# need PURPOSE...
need() {
    local missing wanted=() name
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    confirm "These packages are missing: ${missing//$'\n'/ }. Install them?"
    as_root apt-get -qq update
    for name in $missing; do wanted+=("$(resolve_package "$name")") || exit 1; done
    say "installing ${wanted[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${wanted[@]}" >/dev/null ||
        die "the packages could not be installed"
}
