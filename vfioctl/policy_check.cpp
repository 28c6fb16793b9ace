// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/policy_paths.hpp"

namespace vfioctl {

Outcome<ExitCode> run_policy_check(Session& session, const Arguments& arguments) {
    const policy::Parsed parsed = load_for(session, arguments.words);
    const policy::PolicySet& set = parsed.set;
    if (!parsed.ok())
        return unusable(parsed);
    if (!session.json()) {
        session.err << policy::render(parsed.diagnostics);
        session.out << set.files.size() << (set.files.size() == 1 ? " file, " : " files, ")
                    << set.variants.size() << (set.variants.size() == 1 ? " variant, " : " variants, ")
                    << set.rules.size() << (set.rules.size() == 1 ? " rule: ok\n" : " rules: ok\n");
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = document();
    json["files"] = set.files;
    json["generation"] = set.generation;
    json["variants"] = set.variants.size();
    json["rules"] = set.rules.size();
    json["diagnostics"] = diagnostics_json(parsed.diagnostics);
    session.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
