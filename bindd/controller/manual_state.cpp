// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/manual_state.hpp"

#include <sstream>

#include "base/file_io.hpp"
#include "bindd/executor/line_socket.hpp"

namespace bindd {

ManualState ManualState::read(std::string path) {
    ManualState marks(std::move(path));
    const auto text = base::read_file(marks.path_);
    std::istringstream lines(text ? *text : std::string());
    for (std::string line; std::getline(lines, line);) {
        const auto parts = split_fields(line);
        const std::size_t slash = parts[0].find('/');
        if (parts.size() != 3 || slash == std::string::npos)
            continue;
        const ManualAction what =
            parts[1] == "released" ? ManualAction::kReleased : ManualAction::kBound;
        marks.entries_[{parts[0].substr(0, slash), parts[0].substr(slash + 1)}] = {what, parts[2]};
    }
    marks.saved_ = marks.entries_;
    return marks;
}

void ManualState::set(const sysfs::Device& device, ManualAction what) {
    entries_[device.id] = {what, device.modalias};
}

void ManualState::clear(const sysfs::DeviceId& device) {
    entries_.erase(device);
}

void ManualState::clear_all() {
    entries_.clear();
}

void ManualState::prune(const sysfs::Inventory& inventory) {
    std::erase_if(entries_, [&](const auto& entry) {
        const sysfs::Device* device = inventory.find(entry.first);
        return device == nullptr || device->modalias != entry.second.modalias;
    });
}

std::optional<ManualState::ManualAction> ManualState::find(const sysfs::DeviceId& device) const {
    const auto found = entries_.find(device);
    return found == entries_.end() ? std::nullopt : std::optional(found->second.what);
}

base::Result<void> ManualState::save() {
    if (entries_ == saved_)
        return {};
    std::string text;
    for (const auto& [id, mark] : entries_)
        text += id.text() + "\t" + (mark.what == ManualAction::kReleased ? "released" : "bound") +
                "\t" + mark.modalias + "\n";
    if (auto written = base::replace_file(path_, text); !written)
        return written;
    saved_ = entries_;
    return {};
}

}  // namespace bindd
