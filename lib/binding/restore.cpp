// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/restore.hpp"

#include <cerrno>

/// The order, and why.
///
/// The override goes back first: from then on a crash leaves a device that its own driver can match
/// again. Then the unbind, then the bind by name, for the probe's true errno.
///
/// While an override is set only that driver can match (kernel.md). So a device that stood on one driver
/// with an override naming another (driverctl --noprobe, or an override written after the bind) cannot
/// be put back in that order: it takes a detour, overriding to the old driver, binding, and then
/// writing the override that was there. The same detour serves a device that was bound to a VFIO driver
/// with its override cleared afterwards (SPDK does that): without an override such a driver matches
/// nothing.
namespace binding {
namespace {

using sysfs::Device;
using sysfs::fail;
using sysfs::Result;
using sysfs::Target;

Result<void> write_override(Writer& writer, const Target& target,
                            const std::optional<std::string>& wanted) {
    return writer.set_override(target, wanted.value_or(""));
}

/// Binds, loading what the modalias asks for when the driver is not there any more.
Result<void> bind_loaded(Writer& writer, const Target& target, const std::string& driver) {
    Result<void> bound = writer.bind_patiently(target, driver);
    if (bound || bound.error().code != sysfs::Code::kNotFound)
        return bound;
    const auto modules = writer.kernel().modules_for(target.identity.modalias);
    if (!modules)
        return bound;
    for (const std::string& module : *modules)
        if (writer.load_module(target.id, module))
            if (bound = writer.bind_patiently(target, driver); bound)
                return bound;
    return bound;
}

Result<void> bind_by_detour(Writer& writer, const Target& target, const std::string& driver,
                            const std::optional<std::string>& override_after) {
    if (auto set = writer.set_override(target, driver); !set)
        return set;
    const Result<void> bound = bind_loaded(writer, target, driver);
    const Result<void> set = write_override(writer, target, override_after);
    return bound ? set : bound;
}

Result<void> bind_back(Writer& writer, const Target& target, const Held::Origin& wanted, bool detour) {
    const std::string& driver = *wanted.driver;
    if (detour)
        return bind_by_detour(writer, target, driver, wanted.driver_override);
    Result<void> bound = bind_loaded(writer, target, driver);
    const bool no_match = !bound && bound.error().errnum == ENODEV && !wanted.driver_override;
    return no_match ? bind_by_detour(writer, target, driver, std::nullopt) : bound;
}

/// The kernel's word for it, not the writes'.
Result<void> verify(Writer& writer, const Target& target, const Held::Origin& wanted) {
    const auto now = writer.kernel().standing(target.id);
    if (!now)
        return sysfs::propagate(now);
    if (now->driver != wanted.driver)
        return fail(sysfs::Code::kFailed, "restore", target.id.display(),
                    "is on " + now->driver.value_or("no driver") + ", not back on " +
                        wanted.driver.value_or("none"));
    return {};
}

}  // namespace

Result<void> restore(Writer& writer, const Target& target, const Device& now,
                     const Held::Origin& wanted) {
    const bool same_override = !now.has_override || now.driver_override == wanted.driver_override;
    if (now.driver == wanted.driver)
        return same_override ? Result<void>()
                             : write_override(writer, target, wanted.driver_override);
    const bool detour = wanted.driver && wanted.driver_override && now.has_override &&
                        *wanted.driver != *wanted.driver_override;
    if (!detour && !same_override)
        if (auto set = write_override(writer, target, wanted.driver_override); !set)
            return set;
    if (now.driver)
        if (auto unbound = writer.unbind(target, *now.driver); !unbound)
            return unbound;
    if (wanted.driver)
        if (auto bound = bind_back(writer, target, wanted, detour); !bound)
            return bound;
    return verify(writer, target, wanted);
}

Result<std::string> native_driver(Writer& writer, const Target& target) {
    const auto modules = writer.kernel().modules_for(target.identity.modalias);
    if (!modules)
        return sysfs::propagate(modules);
    for (const std::string& module : *modules) {
        auto driver = writer.kernel().driver_of(target.id.bus, module);
        if (driver && !*driver && writer.load_module(target.id, module))
            driver = writer.kernel().driver_of(target.id.bus, module);
        if (driver && *driver && !sysfs::is_vfio_driver(**driver))
            return **driver;
    }
    return fail(sysfs::Code::kNotFound, "find its own driver", target.id.display(),
                "no module claims " + target.identity.modalias);
}

}  // namespace binding
