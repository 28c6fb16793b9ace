// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/pci_ids.hpp"

#include <algorithm>
#include <cstring>

#include "sysfs/device/names.hpp"

namespace sysfs {

namespace {

/// One entry: its name, and the lines below that are indented further.
struct PciIdsEntry {
    std::string_view name;
    std::string_view below;
};

std::string_view line_at(std::string_view text, std::size_t at) {
    return text.substr(at, std::min(text.find('\n', at), text.size()) - at);
}

bool is_deeper(std::string_view line, std::size_t depth) {
    if (line.empty() || line.front() == '#')
        return true;  // blank lines and comments end nothing
    return line.size() > depth && line.substr(0, depth).find_first_not_of('\t') == line.npos;
}

/// The entry "KEY  NAME" indented by `depth` tabs. `text` is what is below the entry one level up,
/// or all of it.
std::optional<PciIdsEntry> find(std::string_view text, std::size_t depth, std::string_view key) {
    const std::string start = std::string(depth, '\t') + std::string(key) + "  ";
    std::size_t at = 0;
    if (!text.starts_with(start)) {
        // memmem: string_view::find would stop at each of the 40,000 line ends.
        const std::string needle = "\n" + start;
        const void* found = ::memmem(text.data(), text.size(), needle.data(), needle.size());
        if (found == nullptr)
            return std::nullopt;
        at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + 1;
    }
    PciIdsEntry out;
    const std::string_view line = line_at(text, at);
    out.name = line.substr(start.size());
    const std::size_t first = std::min(at + line.size() + 1, text.size());
    std::size_t end = first;
    while (end < text.size()) {
        const std::string_view next = line_at(text, end);
        if (!is_deeper(next, depth + 1))
            break;
        end = std::min(end + next.size() + 1, text.size());
    }
    out.below = text.substr(first, end - first);
    return out;
}

std::optional<PciIdsEntry> find_below(const std::optional<PciIdsEntry>& parent, std::size_t depth,
                                      std::string_view key) {
    return parent ? find(parent->below, depth, key) : std::nullopt;
}

std::optional<std::string> name_of(const std::optional<PciIdsEntry>& entry) {
    return entry && !entry->name.empty() ? std::optional(std::string(entry->name)) : std::nullopt;
}

}  // namespace

std::optional<std::string> PciIds::vendor(std::uint16_t vendor) const {
    return name_of(find(text_, 0, base::to_hex(vendor, 4)));
}

std::optional<std::string> PciIds::device(std::uint16_t vendor, std::uint16_t device) const {
    return name_of(find_below(find(text_, 0, base::to_hex(vendor, 4)), 1, base::to_hex(device, 4)));
}

std::optional<std::string> PciIds::subsystem(std::uint16_t vendor, std::uint16_t device,
                                             std::uint16_t subsystem_vendor,
                                             std::uint16_t subsystem_device) const {
    const auto model =
        find_below(find(text_, 0, base::to_hex(vendor, 4)), 1, base::to_hex(device, 4));
    return name_of(find_below(
        model, 2, base::to_hex(subsystem_vendor, 4) + " " + base::to_hex(subsystem_device, 4)));
}

std::optional<std::string> PciIds::base_class(std::uint8_t code) const {
    return name_of(find(text_, 0, "C " + base::to_hex(code, 2)));
}

std::optional<std::string> PciIds::subclass(std::uint8_t code, std::uint8_t sub) const {
    return name_of(
        find_below(find(text_, 0, "C " + base::to_hex(code, 2)), 1, base::to_hex(sub, 2)));
}

std::optional<base::MappedFile> open_pci_ids(const Root& root) {
    for (const char* path : {"/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"})
        if (auto file = base::MappedFile::open(root.path(path)))
            return std::optional(std::move(*file));
    return std::nullopt;
}

}  // namespace sysfs
