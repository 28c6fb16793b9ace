# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Installs missing packages by name, after a question.

package_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

package_known() {
    apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

# missing_packages PURPOSE...: prints the names of missing packages, alternatives as first|second.
missing_packages() {
    local purpose name choice
    while read -r purpose name; do
        case " $* " in *" $purpose "*) ;; *) continue ;; esac
        for choice in ${name//|/ }; do package_installed "$choice" && continue 2; done
        printf '%s\n' "$name"
    done < <(grep -v -e '^#' -e '^$' "$LAB/packages")
}

# this_release: of this machine, as "debian 12".
this_release() {
    # shellcheck source=/dev/null
    (. /etc/os-release 2>/dev/null && printf '%s %s\n' "$ID" "${VERSION_ID:-${VERSION_CODENAME:-}}")
}

is_tested_release() {
    case $(this_release) in 'debian 12' | 'debian 13') return 0 ;; esac
    return 1
}

# resolve_package NAME|NAME...: prints the first that this release has. An untested release may lack one that the build
# can do without, so there it prints nothing.
resolve_package() {
    local choice
    for choice in ${1//|/ }; do package_known "$choice" && printf '%s\n' "$choice" && return; done
    if is_tested_release; then die "this Debian release has no package ${1//|/ or }"; fi
    say "$(this_release) has no package ${1//|/ or }; trying without it"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# confirm QUESTION
confirm() {
    local answer
    if [ "${BINDD_YES:-no}" = yes ] || [ "${CI:-}" = true ]; then return 0; fi
    [ -t 0 ] || die "$1 There is no terminal for the answer; use -y."
    read -r -p "$1 [Y/n] " answer
    case $answer in '' | [Yy]*) ;; *) die "nothing was installed" ;; esac
}

# need PURPOSE...
need() {
    local missing wanted=() name package
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    if ! command -v apt-get >/dev/null; then
        say "$(this_release) has no apt-get; trying without these packages: ${missing//$'\n'/ }"
        return 0
    fi
    is_tested_release || say "$(this_release) has not been tested (Debian 12 and 13 have); trying with its packages"
    confirm "These packages are missing: ${missing//$'\n'/ }. Install them?"
    as_root apt-get -qq update
    for name in $missing; do
        package=$(resolve_package "$name") || exit 1
        [ -z "$package" ] || wanted+=("$package")
    done
    [ "${#wanted[@]}" != 0 ] || return 0
    say "installing ${wanted[*]}"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${wanted[@]}" >/dev/null ||
        die "the packages could not be installed"
}
