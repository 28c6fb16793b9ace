// SPDX-License-Identifier: LGPL-2.1-or-later
//
// lab_vfio_fd_passing OBJECT-PATH BACKEND: gets QEMU's `edu` opened by bindd, over the bus, and
// does DMA with it through lib/vfio. It opens nothing below /dev/vfio.
#include <fcntl.h>
#include <systemd/sd-bus.h>

#include <cstring>
#include <map>
#include <string>

#include "device_checks.hpp"
#include "vfio/fd_passing.hpp"
#include "vfio/system_calls.hpp"

namespace {

using Texts = std::map<std::string, std::string>;

int read_description(sd_bus_message* reply, Texts& facts, std::vector<std::string>& names) {
    int more = sd_bus_message_enter_container(reply, 'a', "{sv}");
    while (more >= 0 && (more = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        const char* key = nullptr;
        const char* inside = nullptr;
        sd_bus_message_read(reply, "s", &key);
        sd_bus_message_peek_type(reply, nullptr, &inside);
        if (std::strcmp(inside, "as") == 0) {
            sd_bus_message_enter_container(reply, 'v', "as");
            sd_bus_message_enter_container(reply, 'a', "s");
            const char* word = nullptr;
            while (sd_bus_message_read(reply, "s", &word) > 0)
                names.emplace_back(word);
            sd_bus_message_exit_container(reply);
            sd_bus_message_exit_container(reply);
        } else {
            const char* text = nullptr;
            sd_bus_message_read(reply, "v", "s", &text);
            facts[key] = text != nullptr ? text : "";
        }
        more = sd_bus_message_exit_container(reply);
    }
    return sd_bus_message_exit_container(reply);
}

/// The fds, copied: the message's own close with it.
std::map<std::string, base::UniqueFd> read_fds(sd_bus_message* reply,
                                               const std::vector<std::string>& names) {
    std::map<std::string, base::UniqueFd> fds;
    sd_bus_message_enter_container(reply, 'a', "h");
    for (const std::string& name : names) {
        int fd = -1;
        if (sd_bus_message_read(reply, "h", &fd) > 0)
            fds[name] = base::UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
    return fds;
}

vfio::PassedDevice ask(Checks& checks, const char* path, const char* backend) {
    vfio::PassedDevice handed;
    sd_bus* bus = nullptr;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* reply = nullptr;
    sd_bus_open_system(&bus);
    const int answer = sd_bus_call_method(bus, "org.bindd1", path, "org.bindd1.Device", "Open",
                                          &error, &reply, "a{sv}", 1, "backend", "s", backend);
    checks.that(answer >= 0, "Open answers");
    if (answer < 0) {
        std::printf("# %s: %s\n", error.name, error.message);
        return handed;
    }
    Texts facts;
    std::vector<std::string> names;
    checks.that(read_description(reply, facts, names) >= 0 && facts["backend"] == backend,
                "and says which backend it took");
    auto fds = read_fds(reply, names);
    handed.name = facts["device_name"];
    handed.backend = vfio::parse_backend(facts["backend"]).value_or(vfio::Backend::kNoiommu);
    handed.device = std::move(fds["device"]);
    handed.group = std::move(fds["group"]);
    handed.container = std::move(fds["container"]);
    handed.iommufd = std::move(fds["iommufd"]);
    handed.device_id =
        static_cast<std::uint32_t>(std::strtoul(facts["devid"].c_str(), nullptr, 10));
    handed.ioas = static_cast<std::uint32_t>(std::strtoul(facts["ioas"].c_str(), nullptr, 10));
    sd_bus_message_unref(reply);
    sd_bus_flush_close_unref(bus);
    return handed;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    Checks checks;
    vfio::SystemCalls calls;
    auto device = vfio::adopt_device(calls, ask(checks, argv[1], argv[2]));
    if (checks.works(device, "the library takes it over")) {
        check_edu_map(checks, *device);
        check_edu_dma(checks, *device);
    }
    return checks.status();
}
