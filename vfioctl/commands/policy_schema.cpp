// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_schema.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/codec/json.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/schema_text.hpp"

namespace vfioctl {

CliResult<ExitCode> run_policy_schema(CliContext& cli, const Arguments& /*arguments*/) {
    if (!cli.json()) {
        cli.out << kSchemaText;
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = json_document();
    json["json_schema"] = TRY(to_cli(binding::parse_json(kSchemaText)));
    cli.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
