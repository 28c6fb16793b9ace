// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/output_file.hpp"

#include "base/file_io.hpp"

namespace vfioctl {

CliResult<std::optional<std::string>> parse_output_file(const Arguments& arguments) {
    const auto files = arguments.all("output");
    if (files.size() > 1)
        return fail(ExitCode::kUsage, "--output", "given more than once", "one file takes it all");
    if (!files.empty() && files.front().empty())
        return fail(ExitCode::kUsage, "--output", "needs a file");
    return arguments.one("output");
}

CliResult<void> write_output_file(const std::string& file, const std::string& text) {
    TRY(to_cli(base::replace_file(file, text, 0644, base::Durability::kSynced)));
    return {};
}

}  // namespace vfioctl
