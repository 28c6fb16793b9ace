#compdef vfioctl
# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of vfioctl for zsh. `vfioctl __complete` knows the commands, the options and the host.

local -a values
local line value
for line in "${(@f)$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
    :files) compset -P '--*='; _files; return ;;
    '') ;;
    *)
        value=${line%%$'\t'*}
        values+=("${value//:/\\:}${${line#$value}/$'\t'/:}")
        ;;
    esac
done
_describe -V vfioctl values
