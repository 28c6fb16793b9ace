// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/host_scanner.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "binding/codec/messages.hpp"

namespace bindd {

using base::Result;
using sysfs::DeviceId;

namespace {

/// What the replies to a scan come to, until it ends.
struct ScanCollector {
    View::ScanResult result;
    std::optional<base::Error> error;

    void operator()(binding::DeviceFound& found) {
        result.devices.push_back(std::move(found.device));
    }
    void operator()(binding::ContextFound& found) { result.context = std::move(found.context); }
    void operator()(binding::DriversFound& found) { result.drivers = std::move(found.drivers); }
    template <typename Other>
    void operator()(const Other& other) {
        error = binding::unexpected_message(other);
    }
};

void collect(ExecutorClient& executor, binding::Message request,
             std::function<void(Result<View::ScanResult>)> callback) {
    const auto collector = std::make_shared<ScanCollector>();
    executor.send(
        std::move(request), [collector](binding::Message reply) { std::visit(*collector, reply); },
        [collector, callback = std::move(callback)](const Result<void>& ended) {
            if (!ended)
                callback(base::propagate(ended));
            else if (collector->error)
                callback(tl::unexpected<base::Error>(*collector->error));
            else
                callback(std::move(collector->result));
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
    collect(executor_, binding::ScanHost{wanted()},
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
    collect(
        executor_,
        binding::ScanDevices{
            ids, what, with_drivers ? binding::DriverScan::kInclude : binding::DriverScan::kSkip},
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
    std::erase_if(ids, [this](const DeviceId& id) { return view_.inventory.find(id) == nullptr; });
    if (ids.empty())
        return callback({});
    binding::QueryUsage request;
    for (const DeviceId& id : ids)
        request.devices.push_back(*view_.inventory.find(id));
    const auto found = std::make_shared<Result<sysfs::Usage>>();
    executor_.send(
        std::move(request),
        [found](binding::Message reply) {
            if (auto* usage = std::get_if<binding::UsageFound>(&reply))
                *found = std::move(usage->usage);
            else
                *found = tl::unexpected(binding::unexpected_message(reply));
        },
        [this, found, ids = std::move(ids),
         callback = std::move(callback)](const Result<void>& ended) {
            const Result<void> known = !*found ? base::propagate(*found) : ended;
            for (const DeviceId& id : ids) {
                view_.usage.erase(id);
                if (known)
                    usage_known_.insert(id);
            }
            if (known)
                view_.usage.merge(**found);
            callback(known);
        });
}

}  // namespace bindd
