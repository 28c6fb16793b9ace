// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "bindd/controller/observer.hpp"
#include "bindd/controller/view.hpp"

namespace bindd {

/// The observers, and what they were told last of devices and groups: they are told of these only
/// what is otherwise since.
class ChangeNotifier {
  public:
    void subscribe(Observer& observer) { observers_.push_back(&observer); }
    void unsubscribe(Observer& observer) { std::erase(observers_, &observer); }

    /// Tells each: `notify(&Observer::job_ended, job)`.
    template <typename... Args>
    void notify(void (Observer::*what)(Args...), std::type_identity_t<Args>... arguments) const {
        for (Observer* observer : observers_)
            (observer->*what)(arguments...);
    }

    /// More of the device has changed than its state shows.
    void mark_changed(const sysfs::DeviceId& device) { changed_.insert(device); }
    void mark_changed(const std::set<sysfs::DeviceId>& devices) {
        changed_.insert(devices.begin(), devices.end());
    }
    /// Have they been told of the device?
    [[nodiscard]] bool is_published(const sysfs::DeviceId& device) const {
        return devices_.contains(device);
    }

    /// Tells what is not as they were told last. `state`: of a device, with what only the daemon
    /// knows.
    using StateOf = std::function<binding::DeviceState(const sysfs::Device&)>;
    void notify_changes(const View& view, const StateOf& state);

  private:
    void notify_vanished(const sysfs::Inventory& inventory);
    [[nodiscard]] std::vector<const sysfs::Device*> notify_devices(const View& view,
                                                                   const StateOf& state);

    std::vector<Observer*> observers_;
    std::map<sysfs::DeviceId, std::string> devices_;  ///< what they were told of each
    std::set<int> groups_;
    std::set<sysfs::DeviceId> changed_;
};

}  // namespace bindd
