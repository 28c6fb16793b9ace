// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/transaction/restore.hpp"

#include <cerrno>

/// The order, and why.
///
/// The override goes back first: from then on a crash leaves a device that its own driver can match
/// again. Then comes the unbind, then the bind by name, for the probe's true errno.
///
/// While an override is set only that driver can match (driver_match_device()). So a device that
/// was on one driver with an override naming another (driverctl --noprobe, or an override written
/// after the bind) cannot be put back in that order: it takes a detour, overriding to the old
/// driver, binding, and then writing the override that was there. The same detour serves a device
/// that was bound to a VFIO driver with its override cleared afterwards (SPDK does that): without
/// an override such a driver matches nothing.
#include "base/try.hpp"
#include "policy/model/device_attributes.hpp"

namespace binding {
namespace {

using base::fail;
using base::Result;
using sysfs::Device;
using sysfs::DeviceTarget;

Result<void> write_override(JournaledKernel& journaled, const DeviceTarget& target,
                            const std::optional<std::string>& wanted) {
    return journaled.set_override(target, wanted.value_or(""));
}

/// Binds, loading what the modalias asks for when the driver is not there any more.
Result<void> bind_loaded(JournaledKernel& journaled, const DeviceTarget& target,
                         const std::string& driver) {
    Result<void> bound = journaled.bind_with_retry(target, driver);
    if (bound || bound.error().code != base::Code::kNotFound)
        return bound;
    const auto modules = journaled.kernel().modules_for(target.identity.modalias);
    if (!modules)
        return bound;
    for (const std::string& module : *modules)
        if (journaled.load_module(target.id, module))
            if (bound = journaled.bind_with_retry(target, driver); bound)
                return bound;
    return bound;
}

Result<void> bind_with_temporary_override(JournaledKernel& journaled, const DeviceTarget& target,
                                          const std::string& driver,
                                          const std::optional<std::string>& override_after) {
    TRY(journaled.set_override(target, driver));
    const Result<void> bound = bind_loaded(journaled, target, driver);
    const Result<void> set = write_override(journaled, target, override_after);
    return bound ? set : bound;
}

Result<void> rebind(JournaledKernel& journaled, const DeviceTarget& target,
                    const PreviousBinding& wanted, bool temporary_override) {
    const std::string& driver = *wanted.driver;
    if (temporary_override)
        return bind_with_temporary_override(journaled, target, driver, wanted.driver_override);
    Result<void> bound = bind_loaded(journaled, target, driver);
    const bool no_match = !bound && bound.error().errnum == ENODEV && !wanted.driver_override;
    return no_match ? bind_with_temporary_override(journaled, target, driver, std::nullopt) : bound;
}

/// Checked by reading the link, not by the success of the writes.
Result<void> verify(JournaledKernel& journaled, const DeviceTarget& target,
                    const PreviousBinding& wanted) {
    const auto now = TRY(journaled.kernel().binding_state(target.id));
    if (now.driver != wanted.driver)
        return fail(base::Code::kFailed, "restore", target.id.display(),
                    "is on " + now.driver.value_or("no driver") + ", not back on " +
                        wanted.driver.value_or("none"));
    return {};
}

Result<void> restore_binding(JournaledKernel& journaled, const DeviceTarget& target,
                             const Device& now, const PreviousBinding& wanted) {
    const bool same_override = !now.has_override || now.driver_override == wanted.driver_override;
    if (now.driver == wanted.driver)
        return same_override ? Result<void>()
                             : write_override(journaled, target, wanted.driver_override);
    const bool temporary_override = wanted.driver && wanted.driver_override && now.has_override &&
                                    *wanted.driver != *wanted.driver_override;
    if (!temporary_override && !same_override)
        TRY(write_override(journaled, target, wanted.driver_override));
    if (now.driver)
        TRY(journaled.unbind(target, *now.driver));
    if (wanted.driver)
        TRY(rebind(journaled, target, wanted, temporary_override));
    return verify(journaled, target, wanted);
}

/// vfio-pci leaves "on", and the native driver sets its own, or none.
Result<void> restore_power_control(JournaledKernel& journaled, const DeviceTarget& target,
                                   const PreviousBinding& wanted) {
    if (!wanted.driver || !wanted.power_control)
        return {};
    const auto now = journaled.kernel().attribute(target, std::string(policy::kPowerControl));
    return !now || now == wanted.power_control
               ? Result<void>()
               : journaled.write_attr(target, std::string(policy::kPowerControl),
                                      *wanted.power_control, *now);
}

}  // namespace

Result<void> restore(JournaledKernel& journaled, const DeviceTarget& target, const Device& now,
                     const PreviousBinding& wanted) {
    TRY(restore_binding(journaled, target, now, wanted));
    return restore_power_control(journaled, target, wanted);
}

Result<std::string> native_driver(JournaledKernel& journaled, const DeviceTarget& target) {
    const auto modules = TRY(journaled.kernel().modules_for(target.identity.modalias));
    for (const std::string& module : modules) {
        auto driver = journaled.kernel().driver_for(target.id.bus, module);
        if (driver && !*driver && journaled.load_module(target.id, module))
            driver = journaled.kernel().driver_for(target.id.bus, module);
        if (driver && *driver && !sysfs::is_vfio_driver(**driver))
            return **driver;
    }
    return fail(base::Code::kNotFound, "find its own driver", target.id.display(),
                "no module claims " + target.identity.modalias);
}

}  // namespace binding
