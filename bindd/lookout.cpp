// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/lookout.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "binding/wire.hpp"

namespace bindd {

using binding::of_wire;
using binding::to_wire;
using sysfs::DeviceId;
using sysfs::Result;

namespace {

/// What a look's lines come to, until it ends.
struct Collected {
    View::Look look;
    std::optional<sysfs::Error> error;

    template <typename T, typename Take>
    void take(const std::string& text, const Take& put) {
        auto value = of_wire<T>(text);
        if (value)
            put(*std::move(value));
        else
            error = value.error();
    }
    void line(const std::vector<std::string>& parts) {
        if (parts.size() != 2)
            return;
        if (parts[0] == "device")
            take<sysfs::Device>(parts[1],
                                [this](auto device) { look.devices.push_back(std::move(device)); });
        else if (parts[0] == "around")
            take<binding::Surround>(parts[1],
                                    [this](auto around) { look.around = std::move(around); });
        else if (parts[0] == "drivers")
            take<sysfs::Drivers>(parts[1],
                                 [this](auto drivers) { look.drivers = std::move(drivers); });
    }
};

void collect(ExecutorLink& executor, const std::string& request,
             std::function<void(Result<View::Look>)> looked) {
    const auto collected = std::make_shared<Collected>();
    executor.ask(
        request, [collected](const auto& parts) { collected->line(parts); },
        [collected, looked = std::move(looked)](const Result<void>& ended) {
            if (!ended)
                looked(sysfs::propagate(ended));
            else if (collected->error)
                looked(tl::unexpected<sysfs::Error>(*collected->error));
            else
                looked(std::move(collected->look));
        });
}

}  // namespace

sysfs::Wanted Lookout::wanted() const {
    sysfs::Wanted wanted = view_.policies.wanted();
    // Who asks over the bus may want to be shown these.
    wanted.slots = true;
    wanted.resets = true;
    wanted.leave_out = untouchable_.devices();
    return wanted;
}

/// The whole host, into the view. What was left out stays as it was, also when it can be read again
/// by the time the answer comes.
void Lookout::look(Seen seen) {
    drivers_stale_ = false;
    collect(executor_, "look\t" + to_wire(wanted()),
            [this, number = order_.begin(), kept = untouchable_.devices(),
             seen = std::move(seen)](Result<View::Look> found) mutable {
                if (!found) {
                    drivers_stale_ = true;
                    order_.end(number, {});
                    return seen(sysfs::propagate(found));
                }
                const auto note_overtaken = [&](const std::vector<sysfs::Device>& devices) {
                    for (const sysfs::Device& device : devices)
                        if (order_.is_overtaken(number, device.id))
                            kept.insert(device.id);
                };
                note_overtaken(found->devices);
                note_overtaken(view_.inventory.devices);
                std::erase_if(found->devices,
                              [&](const auto& device) { return kept.contains(device.id); });
                order_.end_whole(number);
                seen(view_.take_whole(*std::move(found), kept));
            });
}

/// Some devices, into the view.
void Lookout::read(const Ids& ids, const sysfs::Wanted& what, Seen seen) {
    const bool with_drivers = std::exchange(drivers_stale_, false);
    collect(
        executor_,
        "read\t" + to_wire(ids) + "\t" + to_wire(what) + "\t" + (with_drivers ? "drivers" : "-"),
        [this, number = order_.begin(), asked = ids, with_drivers,
         seen = std::move(seen)](Result<View::Look> found) mutable {
            if (!found) {
                drivers_stale_ = drivers_stale_ || with_drivers;
                order_.end(number, {});
                return seen(sysfs::propagate(found));
            }
            std::erase_if(asked,
                          [&](const DeviceId& id) { return order_.is_overtaken(number, id); });
            std::erase_if(found->devices, [&](const sysfs::Device& device) {
                return order_.is_overtaken(number, device.id);
            });
            order_.end(number, asked);
            seen(view_.take_some(*std::move(found), asked));
        });
}

void Lookout::ask_usage(Ids ids, Done done) {
    std::string request = "usage";
    std::erase_if(ids, [this](const DeviceId& id) { return view_.inventory.find(id) == nullptr; });
    for (const DeviceId& id : ids)
        request += "\t" + to_wire(*view_.inventory.find(id));
    if (ids.empty())
        return done({});
    const auto found = std::make_shared<sysfs::Usage>();
    executor_.ask(
        request,
        [found](const auto& parts) {
            if (parts.size() == 2 && parts[0] == "usage")
                if (auto usage = of_wire<sysfs::Usage>(parts[1]))
                    *found = *std::move(usage);
        },
        [this, found, ids = std::move(ids), done = std::move(done)](const Result<void>& ended) {
            for (const DeviceId& id : ids) {
                view_.usage.erase(id);
                if (ended)
                    usage_known_.insert(id);
            }
            view_.usage.merge(*found);
            done(ended);
        });
}

}  // namespace bindd
