# SPDX-License-Identifier: LGPL-2.1-or-later
# Completion of vfioctl for fish. `vfioctl __complete` knows the commands, the options and the host.

function __vfioctl_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    # Of --root=DIR, all is the word.
    set -l option (string match -r -- '^--[^=]*=' $last)
    set -l path (string replace -r -- '^--[^=]*=' '' $last)
    for line in ($words[1] __complete $words[2..-1] "$last" 2>/dev/null)
        switch $line
            case :files
                printf "$option%s\n" (__fish_complete_path "$path")
            case '*'
                echo $line
        end
    end
end

complete -c vfioctl -f -a '(__vfioctl_complete)'
