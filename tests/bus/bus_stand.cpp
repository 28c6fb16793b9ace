// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>

#include "bindd/bus.hpp"
#include "tests/bus/model_keeper.hpp"
#include "tests/bus/world.hpp"

/// The bus part of the daemon with the model of the kernel behind it:
///
///     bus_stand ADDRESS DIRECTORY [DEVICES]
///
/// DIRECTORY has (or gets) the kernel, the state and policy.yaml. Prints "ready" when the name is its own. A line on stdin
/// changes the world: "remove 0000:01:00.0", "unbind 0000:01:00.0", "look".
namespace tests {
namespace {

struct Stand {
    fake::FakeKernel& kernel;
    ModelKeeper& keeper;
    sd_event* event;
    std::string unread;
};

void obey(Stand& stand, const std::string& line) {
    if (line.starts_with("remove "))
        stand.kernel.change([&](fake::World& w) { w.devices.erase(fake::pci_id(line.substr(7))); });
    if (line.starts_with("unbind "))
        stand.kernel.change([&](fake::World& w) { w.devices.at(fake::pci_id(line.substr(7))).driver.reset(); });
    stand.keeper.look();
    std::cout << "done" << std::endl;
}

int on_input(sd_event_source* /*source*/, int fd, std::uint32_t /*events*/, void* userdata) {
    auto& stand = *static_cast<Stand*>(userdata);
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got <= 0)
        return sd_event_exit(stand.event, 0);
    stand.unread.append(bytes.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = stand.unread.find('\n')) != std::string::npos;) {
        obey(stand, stand.unread.substr(0, end));
        stand.unread.erase(0, end + 1);
    }
    return 0;
}

int run(const std::string& address, const std::string& directory, unsigned extra) {
    const std::string kernel_path = directory + "/kernel";
    if (::access(kernel_path.c_str(), F_OK) != 0)
        fake::FakeKernel::create(kernel_path, bus_world(extra));
    fake::FakeKernel kernel(kernel_path);
    const binding::StateDir state{directory + "/run", directory + "/lib", directory + "/boot_id", {}};
    sd_event* event = nullptr;
    if (sd_event_default(&event) < 0)
        return 1;
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    (void)sd_event_add_signal(event, nullptr, SIGTERM, nullptr, nullptr);
    ModelKeeper keeper(event, kernel, state, {directory + "/policy.yaml"});
    auto bus = bindd::Bus::open(event, keeper, {.address = address, .root = {}});
    if (!bus) {
        std::cerr << bus.error().text() << std::endl;
        return 1;
    }
    (*bus)->on_name([&](const sysfs::Result<void>& owned) {
        if (owned)
            std::cout << "ready" << std::endl;
        else
            std::cerr << owned.error().text() << std::endl;
        if (!owned)
            (void)sd_event_exit(event, 1);
    });
    if (auto started = keeper.start(); !started)
        std::cerr << started.error().text() << std::endl;
    Stand stand{kernel, keeper, event, {}};
    (void)sd_event_add_io(event, nullptr, STDIN_FILENO, 1, on_input, &stand);
    const int status = sd_event_loop(event);
    bus->reset();
    sd_event_unref(event);
    return status;
}

}  // namespace
}  // namespace tests

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    return tests::run(argv[1], argv[2], argc > 3 ? static_cast<unsigned>(std::stoul(argv[3])) : 0);
}
