// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/modprobe_config.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "sysfs/device/names.hpp"

namespace sysfs {
namespace {

constexpr const char* kDirectories[] = {"/etc/modprobe.d", "/run/modprobe.d",
                                        "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
                                        "/lib/modprobe.d"};

std::map<std::string, std::string> config_files(const Root& root) {
    std::map<std::string, std::string> by_name;
    for (const char* directory : kDirectories)
        for (const auto& name : base::list_directory(root.path(directory)))
            if (name.ends_with(".conf"))
                by_name.emplace(name, std::string(directory) + "/" + name);
    return by_name;
}

std::vector<std::string> split_words(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

void read_lines(const std::string& path, const std::string& content,
                std::vector<ConfigLine>& lines) {
    std::istringstream stream(content);
    std::string piece;
    std::string joined;
    unsigned first = 1;
    for (unsigned number = 1; std::getline(stream, piece); ++number) {
        if (joined.empty())
            first = number;
        const bool goes_on = piece.ends_with('\\');
        if (goes_on)
            piece.back() = ' ';
        joined += piece;
        if (goes_on)
            continue;
        std::vector<std::string> words = split_words(joined);
        if (!words.empty() && !words.front().starts_with('#'))
            lines.push_back({path, first, joined, std::move(words)});
        joined.clear();
    }
}

/// Words between blanks; inside double quotes a blank is part of the word, as the kernel has it.
std::vector<std::string> split_arguments(const std::string& text) {
    std::vector<std::string> out;
    std::string word;
    bool quoted = false;
    for (const char c : text + " ") {
        if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ' ' || c == '\t' || c == '\n')) {
            if (!word.empty())
                out.push_back(word);
            word.clear();
        } else
            word += c;
    }
    return out;
}

}  // namespace

std::vector<ConfigLine> read_modprobe_config(const Root& root) {
    std::vector<ConfigLine> lines;
    for (const auto& [name, path] : config_files(root))
        read_lines(path, base::read_file(root.path(path)).value_or(""), lines);
    return lines;
}

std::vector<KernelArgument> read_kernel_arguments(const Root& root) {
    std::vector<KernelArgument> out;
    for (const std::string& word :
         split_arguments(base::read_file(root.path("/proc/cmdline")).value_or(""))) {
        const std::size_t equals = std::min(word.find('='), word.size());
        std::string key = word.substr(0, equals);
        if (const std::size_t dot = key.find('.'); dot != std::string::npos)
            key = normalise_module(key.substr(0, dot)) + key.substr(dot);
        out.push_back({std::move(key), equals < word.size() ? word.substr(equals + 1) : "", word});
    }
    return out;
}

}  // namespace sysfs
