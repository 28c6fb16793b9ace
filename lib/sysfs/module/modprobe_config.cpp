// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/modprobe_config.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "base/file_io.hpp"
#include "base/path.hpp"

/// As kmod_config_parse() of libkmod reads it: words end at a blank or a tab, only a '#' in the
/// first column begins a comment, and a backslash takes the newline after it away without a trace
/// (freadline_wrapped()): "ids=10de:\" and "1eb8" are one word, and a comment can be continued too.
namespace sysfs {
namespace {

constexpr const char* kDirectories[] = {"/etc/modprobe.d", "/run/modprobe.d",
                                        "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
                                        "/lib/modprobe.d"};

std::map<std::string, std::string> config_files(const Root& root) {
    std::map<std::string, std::string> by_name;
    for (const char* directory : kDirectories)
        for (const auto& name : base::list_directory(root.path(directory)))
            if (!name.starts_with('.') && (name.ends_with(".conf") || name.ends_with(".alias")))
                by_name.emplace(name, std::string(directory) + "/" + name);
    return by_name;
}

constexpr const char* kBlanks = "\t ";

std::vector<std::string> split_words(const std::string& text) {
    std::vector<std::string> words;
    for (std::size_t at = text.find_first_not_of(kBlanks); at != std::string::npos;) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(kBlanks, end);
    }
    return words;
}

/// What follows the first two words.
std::string after_module(const std::string& text) {
    std::size_t at = 0;
    for (int word = 0; word < 2 && at != std::string::npos; ++word)
        at = text.find_first_of(kBlanks, text.find_first_not_of(kBlanks, at));
    at = text.find_first_not_of(kBlanks, std::min(at, text.size()));
    return at == std::string::npos ? std::string() : text.substr(at);
}

/// The text up to a newline that is not escaped; moves `at` behind it and counts `newlines`.
std::string take_line(const std::string& content, std::size_t& at, unsigned& newlines) {
    std::string line;
    while (at < content.size()) {
        char c = content[at++];
        if (c == '\\' && at < content.size()) {
            c = content[at++];
            if (c == '\n') {
                ++newlines;
                continue;
            }
        } else if (c == '\n') {
            ++newlines;
            break;
        }
        line += c;
    }
    return line;
}

void read_lines(const std::string& path, const std::string& content,
                std::vector<ConfigLine>& lines) {
    unsigned number = 1;
    for (std::size_t at = 0; at < content.size();) {
        unsigned newlines = 0;
        const std::string text = take_line(content, at, newlines);
        std::vector<std::string> words = split_words(text);
        const bool comment = !words.empty() && words.front().starts_with('#');
        if (!words.empty() && (!comment || newlines > 1))
            lines.push_back({path, number, text, std::move(words), after_module(text)});
        number += newlines;
    }
}

}  // namespace

bool ConfigLine::is_valid() const {
    constexpr std::array kWithText = {"alias",  "options", "install",
                                      "remove", "softdep", "weakdep"};
    if (words[0] == "blacklist")
        return words.size() > 1;
    return !rest.empty() &&
           std::find(kWithText.begin(), kWithText.end(), words[0]) != kWithText.end();
}

ModprobeConfig read_modprobe_config(const Root& root) {
    ModprobeConfig config;
    for (const auto& [name, path] : config_files(root))
        if (const auto text = base::read_file(root.path(path)))
            read_lines(path, *text, config.lines);
        else
            config.unreadable.push_back(path);
    return config;
}

}  // namespace sysfs
