// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/option_values.hpp"

#include <charconv>
#include <cmath>

#include "base/file_io.hpp"

namespace vfioctl {

CliResult<std::chrono::milliseconds> parse_timeout(const Arguments& arguments,
                                                   std::chrono::milliseconds otherwise) {
    const auto text = arguments.one("timeout");
    if (!text)
        return otherwise;
    double seconds = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
    constexpr double kDay = 86'400;
    if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(seconds) ||
        seconds < 0.001 || seconds > kDay)
        return fail(ExitCode::kUsage, "--timeout " + *text, "not a number of seconds",
                    "between 0.001 and 86400");
    return std::chrono::milliseconds(std::lround(seconds * 1000));
}

std::vector<std::string> split_commas(const std::vector<std::string>& values) {
    std::vector<std::string> out;
    for (const std::string& value : values) {
        std::size_t from = 0;
        for (std::size_t comma = value.find(','); comma != std::string::npos;
             from = comma + 1, comma = value.find(',', from))
            out.push_back(value.substr(from, comma - from));
        out.push_back(value.substr(from));
    }
    return out;
}

CliResult<std::optional<std::string>> parse_output_file(const Arguments& arguments) {
    const auto files = arguments.all("output");
    if (files.size() > 1)
        return fail(ExitCode::kUsage, "--output", "given more than once", "one file takes it all");
    if (!files.empty() && files.front().empty())
        return fail(ExitCode::kUsage, "--output", "needs a file");
    if (!files.empty() && files.front() == "-")
        return std::nullopt;
    return arguments.one("output");
}

CliResult<void> write_output_file(const std::string& file, const std::string& text) {
    TRY(to_cli(base::replace_file(file, text, 0644, base::Durability::kSynced)));
    return {};
}

}  // namespace vfioctl
