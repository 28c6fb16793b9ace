// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/fallback_objects.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace bindd {

FallbackObjects::FallbackObjects(sd_bus* bus, const char* root, const char* interface,
                                 const sd_bus_vtable* vtable)
    : bus_(bus), interface_(interface) {
    (void)sd_bus_add_fallback_vtable(bus, &vtable_, root, interface, vtable, on_find, this);
    (void)sd_bus_add_node_enumerator(bus, &enumerator_, root, on_enumerate, this);
}

FallbackObjects::~FallbackObjects() {
    sd_bus_slot_unref(enumerator_);
    sd_bus_slot_unref(vtable_);
}

int FallbackObjects::on_find(sd_bus* /*bus*/, const char* path, const char* /*interface*/,
                             void* userdata, void** found, sd_bus_error* error) {
    return guarded(error, [&] {
        *found = static_cast<FallbackObjects*>(userdata)->find(path);
        return *found == nullptr ? 0 : 1;
    });
}

int FallbackObjects::on_enumerate(sd_bus* /*bus*/, const char* /*prefix*/, void* userdata,
                                  char*** nodes, sd_bus_error* error) {
    return guarded(error, [&] {
        const std::vector<std::string> paths = static_cast<FallbackObjects*>(userdata)->paths();
        // sd-bus frees the list and every string in it.
        char** list = static_cast<char**>(std::calloc(paths.size() + 1, sizeof(char*)));
        if (list == nullptr)
            return -ENOMEM;
        for (std::size_t i = 0; i < paths.size(); ++i) {
            list[i] = ::strdup(paths[i].c_str());
            if (list[i] != nullptr)
                continue;
            for (std::size_t made = 0; made < i; ++made)
                std::free(list[made]);
            std::free(list);
            return -ENOMEM;
        }
        *nodes = list;
        return 0;
    });
}

// A signal that cannot be sent is one that nobody gets: the state it tells of can still be read.

void FallbackObjects::emit_added(const std::string& path) {
    (void)sd_bus_emit_object_added(bus_, path.c_str());
}

void FallbackObjects::emit_removed(const std::string& path) {
    (void)sd_bus_emit_interfaces_removed(
        bus_, path.c_str(), interface_, "org.freedesktop.DBus.Properties",
        "org.freedesktop.DBus.Introspectable", "org.freedesktop.DBus.Peer", nullptr);
}

void FallbackObjects::emit_changed(const std::string& path,
                                   const std::vector<const char*>& properties) {
    emit_properties_changed(bus_, path, interface_, properties);
}

void emit_properties_changed(sd_bus* bus, const std::string& path, const char* interface,
                             const std::vector<const char*>& properties) {
    std::vector<char*> names;
    names.reserve(properties.size() + 1);
    for (const char* property : properties)
        names.push_back(const_cast<char*>(property));  // sd-bus only reads them
    names.push_back(nullptr);
    (void)sd_bus_emit_properties_changed_strv(bus, path.c_str(), interface, names.data());
}

}  // namespace bindd
