// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>

#include "bindd/bus/bus_service.hpp"
#include "tests/bus/bus_world.hpp"
#include "tests/bus/model_controller.hpp"

/// The bus part of the daemon with the model of the kernel behind it:
///
///     bus_test_server ADDRESS DIRECTORY [DEVICES]
///
/// DIRECTORY has (or gets) the kernel, the state and policy.yaml. Prints "ready" when the name is
/// its own. A line on stdin changes the world: "remove 0000:01:00.0", "unbind 0000:01:00.0",
/// "look".
namespace tests {
namespace {

struct TestServer {
    fake::FakeKernel& kernel;
    ModelController& controller;
    sd_event* event;
    std::string unread;
};

void on_command(TestServer& server, const std::string& line) {
    if (line.starts_with("remove "))
        server.kernel.change(
            [&](fake::KernelState& w) { w.devices.erase(fake::pci_id(line.substr(7))); });
    if (line.starts_with("unbind "))
        server.kernel.change([&](fake::KernelState& w) {
            w.devices.at(fake::pci_id(line.substr(7))).driver.reset();
        });
    server.controller.scan();
    std::cout << "done" << std::endl;
}

int on_input(sd_event_source* /*source*/, int fd, std::uint32_t /*events*/, void* userdata) {
    auto& server = *static_cast<TestServer*>(userdata);
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got <= 0)
        return sd_event_exit(server.event, 0);
    server.unread.append(bytes.data(), static_cast<std::size_t>(got));
    for (std::size_t end = 0; (end = server.unread.find('\n')) != std::string::npos;) {
        on_command(server, server.unread.substr(0, end));
        server.unread.erase(0, end + 1);
    }
    return 0;
}

int run(const std::string& address, const std::string& directory, unsigned extra) {
    const std::string kernel_path = directory + "/kernel";
    if (::access(kernel_path.c_str(), F_OK) != 0)
        fake::FakeKernel::create(kernel_path, bus_world(extra));
    fake::FakeKernel kernel(kernel_path);
    const binding::StateDir state{
        directory + "/run", directory + "/lib", directory + "/boot_id", {}};
    sd_event* event = nullptr;
    if (sd_event_default(&event) < 0)
        return 1;
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &signals, nullptr);
    (void)sd_event_add_signal(event, nullptr, SIGTERM, nullptr, nullptr);
    ModelController controller(event, kernel, state, {directory + "/policy.yaml"});
    auto bus = bindd::BusService::open(event, controller, {.address = address, .root = {}});
    if (!bus) {
        std::cerr << bus.error().text() << std::endl;
        return 1;
    }
    (*bus)->on_name([&](const base::Result<void>& owned) {
        if (owned)
            std::cout << "ready" << std::endl;
        else
            std::cerr << owned.error().text() << std::endl;
        if (!owned)
            (void)sd_event_exit(event, 1);
    });
    if (auto started = controller.start(); !started)
        std::cerr << started.error().text() << std::endl;
    TestServer server{kernel, controller, event, {}};
    (void)sd_event_add_io(event, nullptr, STDIN_FILENO, 1, on_input, &server);
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
