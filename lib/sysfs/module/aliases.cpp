// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The aliases are read as text: libkmod's lookup returns the module that claims a modalias, but not
// the pattern, and the pattern distinguishes a driver for one device from a driver for any. The
// files have megabytes and few relevant lines, so they are searched, not parsed.
#include "sysfs/module/aliases.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <cstring>
#include <system_error>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/host.hpp"

namespace sysfs {

namespace {

constexpr std::string_view kAliasCommand = "alias ";
constexpr std::string_view kAliasKey = ".alias=";

bool is_upper_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

/// Calls `on_match` with the position of each `needle` in `text`.
template <typename Visitor>
void for_each_match(std::string_view text, std::string_view needle, Visitor on_match) {
    for (std::size_t at = 0; at < text.size();) {
        const void* found =
            ::memmem(text.data() + at, text.size() - at, needle.data(), needle.size());
        if (found == nullptr)
            return;
        const std::size_t where =
            static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
        on_match(where);
        at = where + needle.size();
    }
}

/// "PATTERN MODULE" of an alias line; nothing for a malformed line.
std::optional<ModuleAlias> parse_alias(std::string_view line) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos)
        return std::nullopt;
    const std::string_view pattern = line.substr(0, blank);
    const auto module = parse_module_name(line.substr(blank + 1));
    if (!module || pattern.find(':') == std::string_view::npos)
        return std::nullopt;
    return ModuleAlias{std::string(pattern), normalise_module(*module)};
}

std::string_view until(std::string_view text, std::size_t at, char end) {
    return text.substr(at, std::min(text.find(end, at), text.size()) - at);
}

void add(std::vector<ModuleAlias>& to, std::vector<ModuleAlias> more) {
    for (ModuleAlias& alias : more)
        if (std::find(to.begin(), to.end(), alias) == to.end())
            to.push_back(std::move(alias));
}

}  // namespace

std::string module_dir(const Root& root) {
    const std::string release = kernel_release(root);
    const std::string first = root.path("/lib/modules/") + release;
    const std::string second = root.path("/usr/lib/modules/") + release;
    return !base::Dir::open(first) && base::Dir::open(second) ? second : first;
}

std::vector<ModuleAlias> parse_aliases(std::string_view modules_alias) {
    std::vector<ModuleAlias> out;
    for_each_match(modules_alias, "alias vfio", [&](std::size_t at) {
        if (at > 0 && modules_alias[at - 1] != '\n')
            return;
        if (auto alias = parse_alias(until(modules_alias, at + kAliasCommand.size(), '\n')))
            add(out, {std::move(*alias)});
    });
    return out;
}

std::vector<ModuleAlias> parse_builtin_aliases(std::string_view modinfo) {
    std::vector<ModuleAlias> out;
    for_each_match(modinfo, ".alias=vfio", [&](std::size_t at) {
        const std::size_t start = modinfo.substr(0, at).rfind('\0') + 1;  // npos + 1 is 0
        const auto module = parse_module_name(modinfo.substr(start, at - start));
        const std::string_view pattern = until(modinfo, at + kAliasKey.size(), '\0');
        if (module && pattern.find(':') != std::string_view::npos)
            add(out, {{std::string(pattern), normalise_module(*module)}});
    });
    return out;
}

std::vector<ModuleAlias> read_aliases(const Root& root, std::vector<std::string>& warnings) {
    const std::string dir = module_dir(root);
    std::vector<ModuleAlias> out;
    const auto loadable = base::MappedFile::open(dir + "/modules.alias");
    if (loadable)
        add(out, parse_aliases(loadable->text()));
    else
        warnings.push_back(
            "modules.alias: " + std::generic_category().message(loadable.error().errnum) +
            "; variants are not known");
    // No warning here: kernels before 5.2 lack the file, and most VFIO drivers are modules.
    if (const auto builtin = base::MappedFile::open(dir + "/modules.builtin.modinfo"))
        add(out, parse_builtin_aliases(builtin->text()));
    return out;
}

std::vector<ModuleAlias> read_native_aliases(const Root& root,
                                             const std::set<std::string>& modules) {
    std::vector<ModuleAlias> out;
    if (modules.empty())
        return out;
    const auto add_native = [&out](std::string_view pattern, const std::string& module) {
        if (!pattern.starts_with("vfio") && pattern.find(':') != std::string_view::npos)
            out.push_back({std::string(pattern), module});
    };
    const auto loadable = base::MappedFile::open(module_dir(root) + "/modules.alias");
    const auto builtin = base::MappedFile::open(module_dir(root) + "/modules.builtin.modinfo");
    for (const std::string& module : modules) {
        if (loadable)
            for_each_match(loadable->text(), " " + module + "\n", [&](std::size_t at) {
                const std::string_view before = loadable->text().substr(0, at);
                const std::string_view line = before.substr(before.rfind('\n') + 1);
                if (line.starts_with(kAliasCommand))
                    add_native(line.substr(kAliasCommand.size()), module);
            });
        if (builtin)
            for_each_match(builtin->text(), module + ".alias=", [&](std::size_t at) {
                if (at == 0 || builtin->text()[at - 1] == '\0')
                    add_native(until(builtin->text(), at + module.size() + kAliasKey.size(), '\0'),
                               module);
            });
    }
    return out;
}

std::vector<std::string> modules_matching(std::string_view modules_alias,
                                          const std::string& modalias) {
    std::vector<ModuleAlias> found;
    // Only lines of the same bus ("pci:") can match, which leaves a few thousand for fnmatch.
    const std::string kind = modalias.substr(0, modalias.find(':') + 1);
    for_each_match(modules_alias, std::string(kAliasCommand) + kind, [&](std::size_t at) {
        auto alias = parse_alias(until(modules_alias, at + kAliasCommand.size(), '\n'));
        if (alias && ::fnmatch(alias->pattern.c_str(), modalias.c_str(), 0) == 0)
            found.push_back(std::move(*alias));
    });
    std::stable_sort(found.begin(), found.end(), [](const ModuleAlias& a, const ModuleAlias& b) {
        return count_wildcards(a.pattern) < count_wildcards(b.pattern);
    });
    std::vector<std::string> out;
    for (const ModuleAlias& alias : found)
        if (std::find(out.begin(), out.end(), alias.module) == out.end())
            out.push_back(alias.module);
    return out;
}

unsigned count_wildcards(std::string_view pattern) {
    const auto stars = std::count(pattern.begin(), pattern.end(), '*');
    const bool ends_so =
        pattern.size() > 1 && pattern.back() == '*' && is_upper_hex(pattern[pattern.size() - 2]);
    return static_cast<unsigned>(stars) - (ends_so ? 1U : 0U);
}

}  // namespace sysfs
