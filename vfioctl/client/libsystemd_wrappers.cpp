// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/libsystemd_wrappers.hpp"

#include "base/dlopen_wrapper.hpp"

/// libsystemd, opened when there is a daemon to talk to (see late.hpp for why). Functions with
/// "..." cannot be passed on; there is another way to each.

DLOPEN_LIBRARY_NOTE(systemd, "libsystemd.so.0", "suggested", "Talks to the daemon on the bus")

#define SYSTEMD(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    DLOPEN_WRAPPER("libsystemd.so.0", RETURN, NAME, PARAMETERS, ARGUMENTS)

SYSTEMD(int, sd_bus_new, (sd_bus * *bus), (bus))
SYSTEMD(int, sd_bus_set_address, (sd_bus * bus, const char* address), (bus, address))
SYSTEMD(int, sd_bus_set_bus_client, (sd_bus * bus, int b), (bus, b))
SYSTEMD(int, sd_bus_start, (sd_bus * bus), (bus))
SYSTEMD(int, sd_bus_open_system, (sd_bus * *bus), (bus))
SYSTEMD(sd_bus*, sd_bus_flush_close_unref, (sd_bus * bus), (bus))
SYSTEMD(int, sd_bus_call,
        (sd_bus * bus, sd_bus_message* m, uint64_t usec, sd_bus_error* e, sd_bus_message** reply),
        (bus, m, usec, e, reply))
SYSTEMD(int, sd_bus_process, (sd_bus * bus, sd_bus_message** m), (bus, m))
SYSTEMD(int, sd_bus_wait, (sd_bus * bus, uint64_t usec), (bus, usec))
SYSTEMD(int, sd_bus_add_match,
        (sd_bus * bus, sd_bus_slot** slot, const char* match, sd_bus_message_handler_t f, void* u),
        (bus, slot, match, f, u))
SYSTEMD(void, sd_bus_error_free, (sd_bus_error * e), (e))
SYSTEMD(int, sd_bus_message_new_method_call,
        (sd_bus * bus, sd_bus_message** m, const char* destination, const char* path,
         const char* interface, const char* member),
        (bus, m, destination, path, interface, member))
SYSTEMD(sd_bus_message*, sd_bus_message_unref, (sd_bus_message * m), (m))
SYSTEMD(int, sd_bus_message_set_auto_start, (sd_bus_message * m, int b), (m, b))
SYSTEMD(int, sd_bus_message_set_allow_interactive_authorization, (sd_bus_message * m, int b),
        (m, b))
SYSTEMD(int, sd_bus_message_append_basic, (sd_bus_message * m, char type, const void* p),
        (m, type, p))
SYSTEMD(int, sd_bus_message_open_container, (sd_bus_message * m, char type, const char* contents),
        (m, type, contents))
SYSTEMD(int, sd_bus_message_close_container, (sd_bus_message * m), (m))
SYSTEMD(int, sd_bus_message_read_basic, (sd_bus_message * m, char type, void* p), (m, type, p))
SYSTEMD(int, sd_bus_message_enter_container, (sd_bus_message * m, char type, const char* contents),
        (m, type, contents))
SYSTEMD(int, sd_bus_message_exit_container, (sd_bus_message * m), (m))
SYSTEMD(int, sd_bus_message_peek_type, (sd_bus_message * m, char* type, const char** contents),
        (m, type, contents))
SYSTEMD(int, sd_bus_message_skip, (sd_bus_message * m, const char* types), (m, types))
SYSTEMD(int, sd_bus_message_is_signal,
        (sd_bus_message * m, const char* interface, const char* member), (m, interface, member))
SYSTEMD(const char*, sd_bus_message_get_path, (sd_bus_message * m), (m))

namespace vfioctl {

bool has_libsystemd() {
    return ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) != nullptr;
}

}  // namespace vfioctl
