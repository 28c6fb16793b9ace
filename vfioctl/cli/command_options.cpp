// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/command_options.hpp"

#include <algorithm>

namespace vfioctl {

const std::vector<OptionSpec>& global_options() {
    static const std::vector<OptionSpec> kOptions = {
        {"json", '\0', OptionArity::kFlag, "", "one JSON object instead of text"},
        {"root", '\0', OptionArity::kSingle, "DIR",
         "read /sys, /proc, /etc, /run and /lib/modules below DIR"},
        {"policy", '\0', OptionArity::kRepeated, "PATH",
         "a policy file or directory in place of the standard ones; may be given "
         "several times"},
        {"direct", '\0', OptionArity::kFlag, "",
         "access the kernel directly, not through the daemon"},
        {"color", '\0', OptionArity::kSingle, "auto|always|never", "colors; default auto"},
        {"help", 'h', OptionArity::kFlag, "", "this help"},
        {"version", 'V', OptionArity::kFlag, "", "the version"},
    };
    return kOptions;
}

std::vector<OptionSpec> merged_options(const std::vector<const Command*>& of) {
    std::vector<OptionSpec> specs = global_options();
    for (const Command* command : of)
        for (const OptionSpec& spec : command->options)
            if (std::none_of(specs.begin(), specs.end(),
                             [&](const OptionSpec& known) { return known.name == spec.name; }))
                specs.push_back(spec);
    return specs;
}

}  // namespace vfioctl
