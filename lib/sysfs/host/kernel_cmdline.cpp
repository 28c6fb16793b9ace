// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/kernel_cmdline.hpp"

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "base/file_io.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kBlanks = " \t\n\v\f\r";
constexpr std::string_view kInitrdPrefix = "rd.";

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

/// The words as systemd splits them (EXTRACT_UNQUOTE | EXTRACT_RELAX | EXTRACT_RETAIN_ESCAPE): both
/// kinds of quotes, anywhere in a word, keep blanks inside it and are left out.
std::vector<std::string> split_as_systemd(std::string_view command_line) {
    std::vector<std::string> words(1);
    char quote = '\0';
    for (const char c : command_line) {
        if (quote == '\0' && kBlanks.find(c) != kBlanks.npos)
            words.emplace_back();
        else if (c == quote)
            quote = '\0';
        else if (quote == '\0' && (c == '"' || c == '\''))
            quote = c;
        else
            words.back() += c;
    }
    return words;
}

/// As parse_boolean() of systemd.
bool is_false(const std::string& value) {
    constexpr std::array kFalse = {"0", "n", "no", "f", "false", "off"};
    return std::any_of(kFalse.begin(), kFalse.end(), [&value](const char* each) {
        return ::strcasecmp(each, value.c_str()) == 0;
    });
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

bool is_disabled_on_cmdline(std::string_view command_line, BootStage stage) {
    bool disabled = false;
    for (const std::string& word : split_as_systemd(command_line)) {
        const bool only_initrd = word.starts_with(kInitrdPrefix);
        const std::string text = word.substr(only_initrd ? kInitrdPrefix.size() : 0);
        if (only_initrd && stage == BootStage::kSystem)
            continue;
        const std::size_t equals = std::min(text.find('='), text.size());
        if (text.substr(0, equals) == "bindd.disable")
            disabled = equals == text.size() || !is_false(text.substr(equals + 1));
    }
    return disabled;
}

bool is_disabled_on_cmdline(const Root& root) {
    // The first is dracut's and systemd's own (in_initrd()), the second that of initramfs-tools.
    const bool initrd = ::access(root.path("/etc/initrd-release").c_str(), F_OK) == 0 ||
                        ::access(root.path("/conf/initramfs.conf").c_str(), F_OK) == 0;
    return is_disabled_on_cmdline(base::read_file(root.path("/proc/cmdline")).value_or(""),
                                  initrd ? BootStage::kInitrd : BootStage::kSystem);
}

}  // namespace sysfs
