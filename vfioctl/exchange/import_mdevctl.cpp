// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/import_mdevctl.hpp"

#include <map>
#include <set>
#include <utility>

#include "binding/mdevctl/mdev_store.hpp"

/// mdevctl has a directory for each parent and a file for each mdev. A rule has one parent and its
/// automatic mdevs. Manual ones are not imported: `vfioctl mdev` reads and writes the same files.
namespace vfioctl {

ImportResult import_mdevctl(const sysfs::Root& root) {
    ImportResult out;
    const binding::MdevStore::Definitions listing = binding::MdevStore(root).list({});
    // Paths are those of the host, as for the other tools.
    for (const std::string& warning : listing.warnings)
        out.omissions.push_back(
            warning.starts_with(root.prefix) ? warning.substr(root.prefix.size()) : warning);
    std::map<std::string, std::vector<policy::MdevSpec>> by_parent;
    std::set<std::string> uuids;
    for (const binding::MdevDefinition& definition : listing.definitions) {
        const std::string where = "/etc/mdevctl.d/" + definition.parent + "/" + definition.uuid;
        if (definition.start == binding::MdevStart::kManual)
            out.add_omission(where, "manual start: not imported");
        else if (!uuids.insert(definition.uuid).second)
            out.add_omission(
                where,
                "another parent's is started under the same UUID, and only one can be: "
                "not imported");
        else
            by_parent[definition.parent].push_back({.uuid = definition.uuid,
                                                    .count = {},
                                                    .type = definition.type,
                                                    .attrs = definition.attrs,
                                                    .where = {}});
    }
    for (auto& [parent, mdevs] : by_parent) {
        policy::Rule rule = imported_rule("mdevctl-" + parent);
        rule.match.fields.push_back(
            imported_field(policy::Field::kMdevParent, escape_glob(parent)));
        rule.mdevs = std::move(mdevs);
        out.add_rule(std::move(rule), "/etc/mdevctl.d/" + parent);
    }
    return out;
}

}  // namespace vfioctl
