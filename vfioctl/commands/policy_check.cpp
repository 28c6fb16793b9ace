// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_check.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"

namespace vfioctl {

CliResult<ExitCode> run_policy_check(CliContext& cli, const Arguments& arguments) {
    const policy::Parsed parsed = load_policies_for(cli, arguments.words);
    const policy::PolicySet& set = parsed.set;
    if (!parsed.ok())
        return policy_failure(parsed);
    if (!cli.json()) {
        cli.err << policy::render(parsed.diagnostics);
        cli.out << set.files.size() << (set.files.size() == 1 ? " file, " : " files, ")
                << set.variants.size() << (set.variants.size() == 1 ? " variant, " : " variants, ")
                << set.rules.size() << (set.rules.size() == 1 ? " rule: ok\n" : " rules: ok\n");
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = json_document();
    json["files"] = set.files;
    json["generation"] = set.generation;
    json["variants"] = set.variants.size();
    json["rules"] = set.rules.size();
    json["diagnostics"] = diagnostics_json(parsed.diagnostics);
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
