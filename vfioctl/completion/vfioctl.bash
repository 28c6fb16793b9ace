# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# Completion of vfioctl for bash. `vfioctl __complete` knows the commands, the options and the host.

_vfioctl() {
    # COMP_WORDS is split at ':' and '=' as well, which addresses have: join what no blank separates.
    local words=() rest=${COMP_LINE:0:COMP_POINT} word i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [ "$i" = "$COMP_CWORD" ]; then word=${word:0:${#rest}}; fi
        if [ "$i" != 0 ] && [ -n "$rest" ] && [ "${rest#[[:space:]]}" = "$rest" ]; then
            words[${#words[@]} - 1]+=$word
        else
            rest=${rest#"${rest%%[![:space:]]*}"}
            words+=("$word")
        fi
        rest=${rest#"$word"}
    done

    local last=${words[${#words[@]} - 1]} line kept=
    # Of the last word, readline replaces what follows its last separator.
    if [[ $last == *[:=]* && $COMP_WORDBREAKS == *[:=]* ]]; then kept=${last%"${last##*[:=]}"}; fi
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
        :files) compopt -o filenames -o default ;;
        *)
            line=${line%%$'\t'*}
            COMPREPLY+=("${line#"$kept"}")
            ;;
        esac
    done < <("$1" __complete "${words[@]:1}" 2>/dev/null)
}

complete -F _vfioctl vfioctl
