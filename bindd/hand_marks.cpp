// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/hand_marks.hpp"

#include <sstream>

#include "binding/files.hpp"
#include "bindd/line_socket.hpp"

namespace bindd {

HandMarks HandMarks::read(std::string path) {
    HandMarks marks(std::move(path));
    const auto text = binding::read_file(marks.path_);
    std::istringstream lines(text ? *text : std::string());
    for (std::string line; std::getline(lines, line);) {
        const auto parts = parts_of(line);
        const std::size_t slash = parts[0].find('/');
        if (parts.size() != 3 || slash == std::string::npos)
            continue;
        const What what = parts[1] == "released" ? What::kReleased : What::kBound;
        marks.marks_[{parts[0].substr(0, slash), parts[0].substr(slash + 1)}] = {what, parts[2]};
    }
    marks.saved_ = marks.marks_;
    return marks;
}

void HandMarks::set(const sysfs::Device& device, What what) {
    marks_[device.id] = {what, device.modalias};
}

void HandMarks::clear(const sysfs::DeviceId& device) {
    marks_.erase(device);
}

void HandMarks::clear_all() {
    marks_.clear();
}

void HandMarks::keep(const sysfs::Inventory& inventory) {
    std::erase_if(marks_, [&](const auto& entry) {
        const sysfs::Device* device = inventory.find(entry.first);
        return device == nullptr || device->modalias != entry.second.modalias;
    });
}

std::optional<HandMarks::What> HandMarks::of(const sysfs::DeviceId& device) const {
    const auto found = marks_.find(device);
    return found == marks_.end() ? std::nullopt : std::optional(found->second.what);
}

sysfs::Result<void> HandMarks::save() {
    if (marks_ == saved_)
        return {};
    std::string text;
    for (const auto& [id, mark] : marks_)
        text += id.text() + "\t" + (mark.what == What::kReleased ? "released" : "bound") + "\t" +
                mark.modalias + "\n";
    if (auto written = binding::replace_file(path_, text); !written)
        return written;
    saved_ = marks_;
    return {};
}

}  // namespace bindd
