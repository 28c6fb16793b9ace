// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/doctor/check.hpp"

#include "base/file_io.hpp"

namespace vfioctl {
namespace {

constexpr std::size_t kMaxListed = 6;

}  // namespace

const char* check_verdict_name(CheckVerdict verdict) {
    switch (verdict) {
        case CheckVerdict::kOk:
            return "ok";
        case CheckVerdict::kWarn:
            return "warn";
        case CheckVerdict::kFail:
            return "fail";
        case CheckVerdict::kSkip:
            return "skip";
    }
    return "";
}

std::string listed(const std::vector<std::string>& items) {
    std::string out;
    for (std::size_t at = 0; at < items.size() && at < kMaxListed; ++at)
        out += (at == 0 ? "" : "; ") + items[at];
    if (items.size() > kMaxListed)
        out += "; and " + std::to_string(items.size() - kMaxListed) + " more";
    return out;
}

std::optional<std::string> DoctorContext::text(const std::string& path) const {
    auto content = base::read_file(root.path(path));
    if (content)
        content->erase(content->find_last_not_of(" \t\n") + 1);
    return content ? std::optional(*std::move(content)) : std::nullopt;
}

const policy::Rule* DoctorContext::rule(const sysfs::DeviceId& id) const {
    const policy::Decision* decision = assessment.decision(id);
    return decision == nullptr || decision->outcome != policy::DecisionOutcome::kWanted
               ? nullptr
               : decision->rule;
}

std::vector<const sysfs::Device*> DoctorContext::assignable() const {
    std::vector<const sysfs::Device*> out;
    for (const sysfs::Device& device : assessment.inventory.devices) {
        const policy::Rule* wants = rule(device.id);
        const bool wanted = wants != nullptr && wants->driver &&
                            wants->driver->kind == policy::DriverAction::ActionKind::kChain;
        if (device.vfio || wanted)
            out.push_back(&device);
    }
    return out;
}

}  // namespace vfioctl
