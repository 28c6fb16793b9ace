// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/host_scanner.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "binding/codec/codec.hpp"

namespace bindd {

using base::Result;
using binding::decode;
using binding::encode;
using sysfs::DeviceId;

namespace {

/// What a look's lines come to, until it ends.
struct ScanCollector {
    View::ScanResult result;
    std::optional<base::Error> error;

    template <typename T, typename Take>
    void take(const std::string& text, const Take& put) {
        auto value = decode<T>(text);
        if (value)
            put(*std::move(value));
        else
            error = value.error();
    }
    void line(const std::vector<std::string>& parts) {
        if (parts.size() != 2)
            return;
        if (parts[0] == "device")
            take<sysfs::Device>(
                parts[1], [this](auto device) { result.devices.push_back(std::move(device)); });
        else if (parts[0] == "around")
            take<binding::HostContext>(parts[1],
                                       [this](auto around) { result.context = std::move(around); });
        else if (parts[0] == "drivers")
            take<sysfs::Drivers>(parts[1],
                                 [this](auto drivers) { result.drivers = std::move(drivers); });
    }
};

void collect(ExecutorClient& executor, const std::string& request,
             std::function<void(Result<View::ScanResult>)> looked) {
    const auto collector = std::make_shared<ScanCollector>();
    executor.send_request(
        request, [collector](const auto& parts) { collector->line(parts); },
        [collector, looked = std::move(looked)](const Result<void>& ended) {
            if (!ended)
                looked(base::propagate(ended));
            else if (collector->error)
                looked(tl::unexpected<base::Error>(*collector->error));
            else
                looked(std::move(collector->result));
        });
}

}  // namespace

sysfs::ScanOptions HostScanner::wanted() const {
    sysfs::ScanOptions wanted = view_.policies.required_facts();
    // Who asks over the bus may want to be shown these.
    wanted.slots = true;
    wanted.resets = true;
    wanted.leave_out = quarantine_.devices();
    return wanted;
}

/// The whole host, into the view. What was left out stays as it was, also when it can be read again
/// by the time the answer comes.
void HostScanner::scan_host(ScanCallback callback) {
    drivers_stale_ = false;
    collect(executor_, "look\t" + encode(wanted()),
            [this, number = sequence_.begin(), kept = quarantine_.devices(),
             callback = std::move(callback)](Result<View::ScanResult> found) mutable {
                if (!found) {
                    drivers_stale_ = true;
                    sequence_.end(number, {});
                    return callback(base::propagate(found));
                }
                const auto keep_stale = [&](const std::vector<sysfs::Device>& devices) {
                    for (const sysfs::Device& device : devices)
                        if (sequence_.is_stale(number, device.id))
                            kept.insert(device.id);
                };
                keep_stale(found->devices);
                keep_stale(view_.inventory.devices);
                std::erase_if(found->devices,
                              [&](const auto& device) { return kept.contains(device.id); });
                sequence_.end_all(number);
                callback(view_.apply_full_scan(*std::move(found), kept));
            });
}

/// Some devices, into the view.
void HostScanner::scan_devices(const DeviceIds& ids, const sysfs::ScanOptions& what,
                               ScanCallback callback) {
    const bool with_drivers = std::exchange(drivers_stale_, false);
    collect(executor_,
            "read\t" + encode(ids) + "\t" + encode(what) + "\t" + (with_drivers ? "drivers" : "-"),
            [this, number = sequence_.begin(), asked = ids, with_drivers,
             callback = std::move(callback)](Result<View::ScanResult> found) mutable {
                if (!found) {
                    drivers_stale_ = drivers_stale_ || with_drivers;
                    sequence_.end(number, {});
                    return callback(base::propagate(found));
                }
                std::erase_if(asked,
                              [&](const DeviceId& id) { return sequence_.is_stale(number, id); });
                std::erase_if(found->devices, [&](const sysfs::Device& device) {
                    return sequence_.is_stale(number, device.id);
                });
                sequence_.end(number, asked);
                callback(view_.apply_partial_scan(*std::move(found), asked));
            });
}

void HostScanner::query_usage(DeviceIds ids, QueryCallback callback) {
    std::string request = "usage";
    std::erase_if(ids, [this](const DeviceId& id) { return view_.inventory.find(id) == nullptr; });
    for (const DeviceId& id : ids)
        request += "\t" + encode(*view_.inventory.find(id));
    if (ids.empty())
        return callback({});
    const auto found = std::make_shared<sysfs::Usage>();
    executor_.send_request(
        request,
        [found](const auto& parts) {
            if (parts.size() == 2 && parts[0] == "usage")
                if (auto usage = decode<sysfs::Usage>(parts[1]))
                    *found = *std::move(usage);
        },
        [this, found, ids = std::move(ids),
         callback = std::move(callback)](const Result<void>& ended) {
            for (const DeviceId& id : ids) {
                view_.usage.erase(id);
                if (ended)
                    usage_known_.insert(id);
            }
            view_.usage.merge(*found);
            callback(ended);
        });
}

}  // namespace bindd
