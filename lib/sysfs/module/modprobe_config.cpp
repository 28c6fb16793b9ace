// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/modprobe_config.hpp"

#include <map>
#include <sstream>

#include "base/file_io.hpp"
#include "base/path.hpp"

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

}  // namespace

std::vector<ConfigLine> read_modprobe_config(const Root& root) {
    std::vector<ConfigLine> lines;
    for (const auto& [name, path] : config_files(root))
        read_lines(path, base::read_file(root.path(path)).value_or(""), lines);
    return lines;
}

}  // namespace sysfs
