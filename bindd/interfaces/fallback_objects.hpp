// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "base/non_copyable.hpp"

namespace bindd {

/// All objects of one interface below one path, served by one fallback vtable and one node
/// enumerator. Nothing is registered per object: each call finds its object in the controller's
/// state.
class FallbackObjects : base::NonCopyable {
  public:
    FallbackObjects(sd_bus* bus, const char* root, const char* interface,
                    const sd_bus_vtable* vtable);
    virtual ~FallbackObjects();

  protected:
    void emit_added(const std::string& path);
    void emit_removed(const std::string& path);
    void emit_changed(const std::string& path, const std::vector<const char*>& properties);

  private:
    /// The handlers' userdata, valid until the next call; null if there is no such object.
    [[nodiscard]] virtual void* find(const std::string& path) = 0;
    [[nodiscard]] virtual std::vector<std::string> paths() const = 0;

    static int on_find(sd_bus* bus, const char* path, const char* interface, void* userdata,
                       void** found, sd_bus_error* error);
    static int on_enumerate(sd_bus* bus, const char* prefix, void* userdata, char*** nodes,
                            sd_bus_error* error);

    sd_bus* bus_;
    const char* interface_;
    sd_bus_slot* vtable_ = nullptr;
    sd_bus_slot* enumerator_ = nullptr;
};

/// Signals PropertiesChanged for these properties of an object.
void emit_properties_changed(sd_bus* bus, const std::string& path, const char* interface,
                             const std::vector<const char*>& properties);

/// The names in a list of properties that a generated vtable has.
template <typename Properties>
std::vector<const char*> property_names(const Properties& properties) {
    std::vector<const char*> names;
    for (const auto& [property, name] : properties)
        names.push_back(name);
    return names;
}

/// Runs the body of a handler that sd-bus calls. An exception becomes an error reply, since it must
/// not pass through C code.
template <typename Body>
int guarded(sd_bus_error* error, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::exception& problem) {
        return sd_bus_error_setf(error, "org.bindd1.Error.Failed", "%s", problem.what());
    } catch (...) {
        return sd_bus_error_set(error, "org.bindd1.Error.Failed", "unknown exception");
    }
}

/// The handlers of a generated vtable: property `P` and method `M` of the object that find()
/// returned.
template <typename Found, auto P>
int get_property(sd_bus* /*bus*/, const char* /*path*/, const char* /*interface*/,
                 const char* /*property*/, sd_bus_message* reply, void* userdata,
                 sd_bus_error* error) {
    return guarded(error, [&] { return static_cast<Found*>(userdata)->append(P, reply); });
}
template <typename Found, auto M>
int call_method(sd_bus_message* message, void* userdata, sd_bus_error* error) {
    return guarded(error, [&] { return static_cast<Found*>(userdata)->call(M, message); });
}

}  // namespace bindd
