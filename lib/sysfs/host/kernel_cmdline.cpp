// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <algorithm>
#include <array>

#include "base/file_io.hpp"

namespace sysfs {
namespace {

KernelArgument parse_argument(std::string word) {
    const std::size_t equals = std::min(word.find('='), word.size());
    KernelArgument out{.key = word.substr(0, equals), .value = {}, .text = {}};
    if (equals < word.size())
        out.value = word.substr(equals + 1);
    if (const std::size_t dot = out.key.find('.'); dot != std::string::npos)
        std::replace(out.key.begin(), out.key.begin() + static_cast<std::ptrdiff_t>(dot), '-', '_');
    out.text = std::move(word);
    return out;
}

bool is_false(std::string_view value) {
    constexpr std::array<std::string_view, 4> kFalse = {"0", "no", "off", "false"};
    return std::find(kFalse.begin(), kFalse.end(), value) != kFalse.end();
}

}  // namespace

std::vector<KernelArgument> parse_kernel_arguments(std::string_view command_line) {
    std::vector<KernelArgument> out;
    std::string word;
    bool quoted = false;
    for (const char c : std::string(command_line) + " ") {
        if (c == '"') {
            quoted = !quoted;
        } else if (quoted || (c != ' ' && c != '\t' && c != '\n')) {
            word += c;
        } else if (!word.empty()) {
            out.push_back(parse_argument(std::move(word)));
            word.clear();
        }
    }
    return out;
}

std::vector<KernelArgument> read_kernel_arguments(const Root& root) {
    return parse_kernel_arguments(base::read_file(root.path("/proc/cmdline")).value_or(""));
}

bool is_disabled_on_cmdline(const std::vector<KernelArgument>& arguments) {
    return std::any_of(arguments.begin(), arguments.end(), [](const KernelArgument& each) {
        return each.key == "bindd.disable" && !is_false(each.value);
    });
}

bool is_disabled_on_cmdline(const Root& root) {
    return is_disabled_on_cmdline(read_kernel_arguments(root));
}

}  // namespace sysfs
