// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/schema_text.hpp"

namespace vfioctl {

Outcome<ExitCode> run_policy_schema(Session& session, const Arguments& arguments) {
    static_cast<void>(arguments);  // takes none
    if (!session.json()) {
        session.out << kSchemaText;
        return ExitCode::kDone;
    }
    nlohmann::ordered_json json = document();
    json["json_schema"] = nlohmann::ordered_json::parse(kSchemaText);
    session.out << dump(json);
    return ExitCode::kDone;
}

}  // namespace vfioctl
