// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-bus.h>

#include <exception>
#include <set>
#include <string>
#include <vector>

namespace bindd {

/// All objects of one interface below one path, served by one vtable: what a device costs on the
/// bus is its entry in an index, not an object. What there is, and what it says, is asked of the
/// model at each call.
class FallbackObjects {
  public:
    FallbackObjects(sd_bus* bus, const char* root, const char* interface,
                    const sd_bus_vtable* vtable);
    FallbackObjects(const FallbackObjects&) = delete;
    FallbackObjects& operator=(const FallbackObjects&) = delete;
    FallbackObjects(FallbackObjects&&) = delete;
    FallbackObjects& operator=(FallbackObjects&&) = delete;
    virtual ~FallbackObjects();

  protected:
    void emit_added(const std::string& path);
    void emit_removed(const std::string& path);
    void emit_changed(const std::string& path, const std::vector<const char*>& properties);

    [[nodiscard]] sd_bus* bus() const { return bus_; }

  private:
    /// What the handlers get as userdata, good until the next call; null: no such object.
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

/// PropertiesChanged for these of an object's.
void emit_properties_changed(sd_bus* bus, const std::string& path, const char* interface,
                             const std::vector<const char*>& properties);

/// A handler that the C library calls: whatever `body` throws becomes an error reply, since nothing
/// may go through C.
template <typename Body>
int guarded(sd_bus_error* error, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::exception& problem) {
        return sd_bus_error_setf(error, "org.bindd1.Error.Failed", "%s", problem.what());
    } catch (...) {
        return sd_bus_error_set(error, "org.bindd1.Error.Failed",
                                "something that is no exception was thrown");
    }
}

}  // namespace bindd
