// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/manual_state.hpp"

#include <sstream>

namespace bindd {
namespace {

/// The parts of a line, separated by tabs.
std::vector<std::string> split_fields(const std::string& line) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = line.find('\t', begin)) != std::string::npos; begin = end + 1)
        parts.push_back(line.substr(begin, end - begin));
    parts.push_back(line.substr(begin));
    return parts;
}

}  // namespace

ManualState ManualState::parse(const std::string& text) {
    ManualState state;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto parts = split_fields(line);
        const std::size_t slash = parts[0].find('/');
        if (parts.size() != 3 || slash == std::string::npos)
            continue;
        const ManualAction action =
            parts[1] == "released" ? ManualAction::kReleased : ManualAction::kBound;
        state.entries_[{parts[0].substr(0, slash), parts[0].substr(slash + 1)}] = {action,
                                                                                   parts[2]};
    }
    state.saved_ = state.entries_;
    return state;
}

void ManualState::set(const sysfs::Device& device, ManualAction action) {
    entries_[device.id] = {action, device.modalias};
}

void ManualState::clear(const sysfs::DeviceId& device) {
    entries_.erase(device);
}

void ManualState::clear_all() {
    entries_.clear();
}

void ManualState::keep_if(const std::function<bool(const sysfs::DeviceId&)>& keeps) {
    std::erase_if(entries_, [&](const auto& entry) { return !keeps(entry.first); });
}

void ManualState::prune(const sysfs::Inventory& inventory) {
    std::erase_if(entries_, [&](const auto& entry) {
        const sysfs::Device* device = inventory.find(entry.first);
        return device == nullptr || device->modalias != entry.second.modalias;
    });
}

std::optional<ManualState::ManualAction> ManualState::find(const sysfs::DeviceId& device) const {
    const auto found = entries_.find(device);
    return found == entries_.end() ? std::nullopt : std::optional(found->second.action);
}

std::optional<std::string> ManualState::take_unsaved() {
    if (saved_ == entries_)
        return std::nullopt;
    std::string text;
    for (const auto& [id, mark] : entries_)
        text += id.text() + "\t" + (mark.action == ManualAction::kReleased ? "released" : "bound") +
                "\t" + mark.modalias + "\n";
    saved_ = entries_;
    return text;
}

void ManualState::mark_unsaved() {
    saved_.reset();
}

}  // namespace bindd
