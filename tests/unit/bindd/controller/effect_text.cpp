// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/bindd/controller/effect_text.hpp"

#include <algorithm>

namespace bindd {
namespace {

using Ids = std::vector<sysfs::DeviceId>;

std::string number(RequestId request) {
    return "#" + std::to_string(request) + " ";
}

std::string to_text(const Ids& ids) {
    std::string text;
    for (const sysfs::DeviceId& id : ids)
        text += (text.empty() ? "" : " ") + id.display();
    return text;
}

const char* to_text(TimerId timer) {
    switch (timer) {
        case TimerId::kScan:
            return "scan";
        case TimerId::kJobs:
            return "jobs";
        case TimerId::kStartup:
            return "startup";
        case TimerId::kReload:
            return "reload";
    }
    return "";
}

const char* to_text(NoticeKind kind) {
    switch (kind) {
        case NoticeKind::kAppeared:
            return " appeared";
        case NoticeKind::kChanged:
            return " changed";
        case NoticeKind::kVanished:
            return " vanished";
    }
    return "";
}

const char* to_text(Level level) {
    switch (level) {
        case Level::kError:
            return "error";
        case Level::kWarning:
            return "warning";
        case Level::kNotice:
            return "notice";
        case Level::kInfo:
            return "info";
    }
    return "";
}

struct RequestText {
    std::string operator()(const binding::ScanHost& scan) const {
        std::string text = "scan the host";
        for (const sysfs::DeviceId& id : scan.wanted.leave_out)
            text += " without " + id.display();
        return text;
    }
    std::string operator()(const binding::ScanDevices& scan) const {
        return "scan " + to_text(scan.ids) +
               (scan.drivers == binding::DriverScan::kInclude ? " and drivers" : "");
    }
    std::string operator()(const binding::QueryUsage& query) const {
        Ids ids;
        for (const sysfs::Device& device : query.devices)
            ids.push_back(device.id);
        return "query usage of " + to_text(ids);
    }
    std::string operator()(const binding::ExecuteTransaction& request) const {
        std::string text =
            request.action + " by " + request.actor + ": " + request.transaction.key() + ":";
        for (const policy::Step& step : request.transaction.steps)
            text += std::string(" ") + policy::op_name(step.op);
        return text;
    }
    std::string operator()(const binding::ForgetDevices& forget) const {
        return "forget " + to_text(forget.ids);
    }
    std::string operator()(const binding::RecoverInterrupted&) const { return "recover"; }
    template <typename Other>
    std::string operator()(const Other& other) const {
        return binding::message_name(other);
    }
};

struct EffectText {
    Time now;

    std::string operator()(const SendRequest& send) const {
        return (send.request == kRecoveryRequest ? "" : number(send.request)) +
               std::visit(RequestText{}, send.message);
    }
    std::string operator()(const StartEvents&) const { return "start events"; }
    std::string operator()(const ArmTimer& arm) const {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(arm.at - now);
        return std::string("arm ") + to_text(arm.timer) + " +" + std::to_string(left.count());
    }
    std::string operator()(const DisarmTimer& disarm) const {
        return std::string("disarm ") + to_text(disarm.timer);
    }
    std::string operator()(const WatchOverrides& watch) const {
        std::string text = "watch";
        for (const std::string& file : watch.files)
            text += " " + file.substr(file.rfind('/', file.rfind('/') - 1) + 1);
        return text;
    }
    std::string operator()(const WriteUdevRules& write) const {
        std::string text = "write udev rules";
        for (const policy::DeviceInUse& each : write.in_use.value_or(policy::DevicesInUse{}))
            text += " without " + each.device.display();
        return text;
    }
    std::string operator()(const SaveManualState& save) const {
        return "save " + std::to_string(std::count(save.text.begin(), save.text.end(), '\n')) +
               " manual";
    }
    std::string operator()(const LogEntry& entry) const {
        return std::string("log ") + to_text(entry.level) + ": " + entry.text;
    }
    std::string operator()(const NotifyDevice& notice) const {
        return notice.device.display() + to_text(notice.kind);
    }
    std::string operator()(const NotifyGroup& notice) const {
        return "group " + std::to_string(notice.group) + to_text(notice.kind);
    }
    std::string operator()(const NotifyCounts&) const { return "counts changed"; }
    std::string operator()(const NotifyJob& notice) const {
        return "job " + std::to_string(notice.job) + " changed";
    }
    std::string operator()(const NotifyTransaction& notice) const {
        return "job " + std::to_string(notice.job) + " transaction " +
               std::to_string(notice.index) + " finished";
    }
    std::string operator()(const NotifyJobEnded& notice) const {
        return "job " + std::to_string(notice.job) + " ended";
    }
    std::string operator()(const NotifyPolicies& notice) const {
        return "policies read: " + std::to_string(notice.diagnostics.size()) + " diagnostics";
    }
    std::string operator()(const NotifyReady&) const { return "ready"; }
    std::string operator()(const AnswerUsage& answer) const {
        return "answer usage " + std::to_string(answer.token) + ": " +
               (answer.usage ? std::to_string(answer.usage->size()) + " devices"
                             : answer.usage.error().text());
    }
};

}  // namespace

std::vector<std::string> to_text(const Effects& effects, Time now) {
    std::vector<std::string> lines;
    for (const Effect& effect : effects)
        lines.push_back(std::visit(EffectText{now}, effect));
    return lines;
}

}  // namespace bindd
