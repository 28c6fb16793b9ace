// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/cli/external_verbs.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "vfioctl/cli/option_parser.hpp"

namespace vfioctl {
namespace {

struct ExternalVerb {
    std::string_view verb;
    std::string_view command;
    std::string_view note = {};
};

constexpr std::string_view kBothWays =
    "bind gives a device to VFIO, release returns it to its host driver";

constexpr std::array kExternalVerbs = {
    // driverctl
    ExternalVerb{"set-override", "bind", "--persist keeps it over a reboot"},
    ExternalVerb{"unset-override", "release"},
    ExternalVerb{"load-override", "apply"},
    ExternalVerb{"list-devices", "list"},
    ExternalVerb{"list-overrides", "list -o +OVERRIDE"},
    ExternalVerb{"list-persisted", "policy show"},
    // virsh: its detach is from the host, that is to VFIO; detach-device is from a guest
    ExternalVerb{"nodedev-detach", "bind"},
    ExternalVerb{"nodedev-dettach", "bind"},
    ExternalVerb{"nodedev-reattach", "release"},
    ExternalVerb{"detach", "bind", kBothWays},
    ExternalVerb{"reattach", "release"},
    ExternalVerb{"attach", "", kBothWays},
    ExternalVerb{"attach-device", "export libvirt"},
    ExternalVerb{"detach-device", "release"},
    ExternalVerb{"nodedev-list", "list"},
    ExternalVerb{"nodedev-info", "show"},
    ExternalVerb{"nodedev-dumpxml", "show"},
    ExternalVerb{"nodedev-event", "monitor"},
    ExternalVerb{"nodedev-create", "mdev start"},
    ExternalVerb{"nodedev-start", "mdev start"},
    ExternalVerb{"nodedev-destroy", "mdev stop"},
    ExternalVerb{"nodedev-define", "mdev define"},
    ExternalVerb{"nodedev-undefine", "mdev undefine"},
    ExternalVerb{"nodedev-update", "mdev modify"},
    // dpdk-devbind, sysfs, xl
    ExternalVerb{"unbind", "release"},
    ExternalVerb{"rebind", "", kBothWays},
    ExternalVerb{"pci-assignable-add", "bind"},
    ExternalVerb{"pci-assignable-remove", "release"},
    ExternalVerb{"pci-assignable-list", "list"},
    ExternalVerb{"assign", "bind"},
    ExternalVerb{"unassign", "release"},
    ExternalVerb{"deassign", "release"},
    ExternalVerb{"override", "bind"},
    // mdevctl
    ExternalVerb{"types", "mdev types"},
    ExternalVerb{"define", "mdev define"},
    ExternalVerb{"undefine", "mdev undefine"},
    ExternalVerb{"modify", "mdev modify"},
    ExternalVerb{"start", "mdev start"},
    ExternalVerb{"stop", "mdev stop"},
    ExternalVerb{"start-parent-mdevs", "apply"},
    ExternalVerb{"lsmdev", "mdev list"},
    ExternalVerb{"mdev create", "mdev start"},
    ExternalVerb{"mdev remove", "mdev stop"},
    ExternalVerb{"mdev destroy", "mdev stop"},
    ExternalVerb{"mdev delete", "mdev stop"},
    // what other programs call the same
    ExternalVerb{"ls", "list"},
    ExternalVerb{"lspci", "list"},
    ExternalVerb{"devices", "list"},
    ExternalVerb{"info", "show"},
    ExternalVerb{"inspect", "show"},
    ExternalVerb{"describe", "show"},
    ExternalVerb{"tree", "groups --tree"},
    ExternalVerb{"why", "explain"},
    ExternalVerb{"diff", "plan"},
    ExternalVerb{"dry-run", "plan"},
    ExternalVerb{"undo", "rollback"},
    ExternalVerb{"revert", "rollback"},
    ExternalVerb{"restore", "release"},
    ExternalVerb{"free", "release"},
    ExternalVerb{"log", "history"},
    ExternalVerb{"watch", "monitor"},
    ExternalVerb{"events", "monitor"},
    ExternalVerb{"check", "policy check"},
    ExternalVerb{"validate", "policy check"},
    ExternalVerb{"virt-host-validate", "doctor"},
    ExternalVerb{"generate", "policy generate"},
    ExternalVerb{"schema", "policy schema"},
    ExternalVerb{"policy validate", "policy check"},
    ExternalVerb{"policy list", "policy show"},
    ExternalVerb{"libvirt", "export libvirt"},
    ExternalVerb{"qemu", "export qemu"},
    ExternalVerb{"cdi", "export cdi"},
};

std::string hint_text(const ExternalVerb& verb) {
    const std::string meant =
        verb.command.empty() ? "" : "did you mean '" + std::string(verb.command) + "'?";
    const std::string gap = meant.empty() || verb.note.empty() ? "" : " ";
    return meant + gap + std::string(verb.note);
}

const ExternalVerb* find_verb(std::string_view word) {
    const auto* found = std::find_if(kExternalVerbs.begin(), kExternalVerbs.end(),
                                     [&](const ExternalVerb& each) { return each.verb == word; });
    return found == kExternalVerbs.end() ? nullptr : found;
}

}  // namespace

std::string command_hint(const std::string& verb, const std::vector<std::string>& names) {
    if (const ExternalVerb* known = find_verb(verb))
        return hint_text(*known);
    const std::string family =
        verb.find(' ') == std::string::npos ? "" : verb.substr(0, verb.find(' ') + 1);
    std::vector<std::string> all = names;
    for (const ExternalVerb& each : kExternalVerbs)
        if (family.empty() ? each.verb.find(' ') == std::string_view::npos
                           : each.verb.starts_with(family))
            all.emplace_back(each.verb.substr(family.size()));
    const std::string near = did_you_mean(verb.substr(family.size()), all);
    if (near.empty())
        return did_you_mean(verb.substr(family.size()), names);  // a prefix of one command alone
    const std::size_t quote = near.find('\'') + 1;
    const std::string word = near.substr(quote, near.find('\'', quote) - quote);
    const bool is_command = std::find(names.begin(), names.end(), word) != names.end();
    const ExternalVerb* known = is_command ? nullptr : find_verb(family + word);
    return known == nullptr ? near : hint_text(*known);
}

}  // namespace vfioctl
