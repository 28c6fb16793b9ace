// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/file_io.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";

/// One word as next_arg() of the kernel splits it: quotes around the whole word or around its value
/// go, those inside stay.
KernelArgument parse_argument(std::string_view word) {
    KernelArgument out;
    std::copy_if(word.begin(), word.end(), std::back_inserter(out.text),
                 [](char c) { return c != '"'; });
    const bool quoted = word.starts_with('"');
    if (quoted)
        word.remove_prefix(1);
    const std::size_t equals = std::min(word.find('=', 1), word.size());
    const bool quoted_value = word.substr(equals).starts_with("=\"");
    if ((quoted || quoted_value) && word.ends_with('"'))
        word.remove_suffix(1);
    out.key = word.substr(0, equals);
    out.value = word.substr(std::min(word.size(), equals + (quoted_value ? 2 : 1)));
    if (const std::size_t dot = out.key.find('.'); dot != std::string::npos)
        std::replace(out.key.begin(), out.key.begin() + static_cast<std::ptrdiff_t>(dot), '-', '_');
    return out;
}

/// The end of the word at the beginning of `text`: a blank outside quotes.
std::size_t word_end(std::string_view text) {
    bool in_quotes = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (text[at] == '"')
            in_quotes = !in_quotes;
        else if (!in_quotes && kBlanks.find(text[at]) != kBlanks.npos)
            break;
    }
    return at;
}

bool is_false(std::string_view value) {
    constexpr std::array<std::string_view, 4> kFalse = {"0", "no", "off", "false"};
    return std::find(kFalse.begin(), kFalse.end(), value) != kFalse.end();
}

}  // namespace

std::vector<KernelArgument> parse_kernel_arguments(std::string_view command_line) {
    std::vector<KernelArgument> out;
    for (;;) {
        const std::size_t first = command_line.find_first_not_of(kBlanks);
        if (first == command_line.npos)
            return out;
        command_line.remove_prefix(first);
        const std::size_t end = word_end(command_line);
        out.push_back(parse_argument(command_line.substr(0, end)));
        command_line.remove_prefix(end);
    }
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
