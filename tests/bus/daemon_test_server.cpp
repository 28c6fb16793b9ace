// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "bindd/bus/bus_service.hpp"
#include "bindd/loop/daemon.hpp"
#include "tests/bus/bus_world.hpp"
#include "tests/fake/fake_kernel.hpp"

/// The whole daemon with the model of the kernel behind it, executor and all, on a bus of the
/// test's:
///
///     daemon_test_server ADDRESS DIRECTORY [DEVICES]
///
/// As bus_test_server, whose words it takes and gives.
namespace tests {
namespace {

using bindd::HostEvent;

class Input final : public bindd::EventSource {
  public:
    Input(sd_event* event, fake::FakeKernel& kernel)
        : kernel_(kernel),
          watch_(event, STDIN_FILENO, EPOLLIN, [this](std::uint32_t) { receive(); }) {}
    void start(std::function<void(const HostEvent&)> call) override { call_ = std::move(call); }

  private:
    void receive() {
        std::array<char, 4096> bytes{};
        const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
        if (got <= 0)
            return watch_.set_events(0);
        unread_.append(bytes.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
            on_command(unread_.substr(0, end));
            unread_.erase(0, end + 1);
        }
    }

    void on_command(const std::string& line) {
        if (line.starts_with("remove ")) {
            const sysfs::DeviceId id = fake::pci_id(line.substr(7));
            kernel_.change([&](fake::KernelState& w) { w.devices.erase(id); });
            call_({HostEvent::EventKind::kRemoved, id});
        } else {
            call_({HostEvent::EventKind::kLost, {}});
        }
        std::cout << "done" << std::endl;
    }

    fake::FakeKernel& kernel_;
    std::function<void(const HostEvent&)> call_;
    std::string unread_;
    bindd::IoWatch watch_;
};

/// "ready" is said when both are true: the name is ours, and the host has been looked at.
struct Readiness final : bindd::Observer {
    bool owned = false;
    bool looked = false;
    std::shared_ptr<void> bus;
    void ready() override {
        looked = true;
        print_ready();
    }
    void print_ready() const {
        if (owned && looked)
            std::cout << "ready" << std::endl;
    }
};

/// What stands for the fds of a device is of no matter here.
base::Result<bindd::OpenedDevice> open_made_up(fake::FakeKernel& kernel, const std::string& name,
                                               const std::string& backend) {
    const sysfs::Inventory inventory = kernel.state().inventory();
    const auto ids = sysfs::resolve(inventory, name);
    const sysfs::Device* device = ids ? inventory.find(ids->front()) : nullptr;
    if (device == nullptr || !device->vfio || !device->vfio->group)
        return base::fail(base::Code::kRefused, "open", name, "VFIO does not have it");
    bindd::OpenedDevice opened{
        .backend = backend.empty() ? "type1v2" : backend, .fds = {}, .facts = {}};
    for (const char* fd : {"group", "container", "device"})
        opened.fds.emplace_back(fd, base::UniqueFd(::eventfd(0, EFD_CLOEXEC)));
    opened.facts = {{"device_name", name}, {"iommu_group", *device->vfio->group}};
    return opened;
}

int run(const std::string& address, const std::string& directory, unsigned extra) {
    const std::string path = directory + "/kernel";
    if (::access(path.c_str(), F_OK) != 0)
        fake::FakeKernel::create(path, bus_world(extra));
    fake::FakeKernel kernel(path);
    constexpr std::chrono::seconds kTimeout{10};
    const bindd::DaemonOptions options{.policies = {directory + "/policy.yaml"},
                                       .timeout = kTimeout};
    const bindd::DaemonHooks hooks{
        .executor = {.kernel = kernel,
                     .state = {directory + "/run", directory + "/lib", directory + "/boot_id", {}},
                     .check_open = [](const sysfs::Device&) { return base::Result<void>(); },
                     .open =
                         [&kernel](const std::string& device, const std::string& backend) {
                             return open_made_up(kernel, device, backend);
                         },
                     .write_timeout = kTimeout,
                     .read_timeout = kTimeout},
        .events = [&kernel](sd_event* event) -> base::Result<std::unique_ptr<bindd::EventSource>> {
            return std::make_unique<Input>(event, kernel);
        },
        .attach = [&](sd_event* event, bindd::HostController& controller,
                      const std::function<void()>& owned) -> base::Result<std::shared_ptr<void>> {
            auto readiness = std::make_shared<Readiness>();
            controller.subscribe(*readiness);
            auto bus =
                bindd::attach_bus(event, controller, address, [readiness = readiness.get(), owned] {
                    owned();
                    readiness->owned = true;
                    readiness->print_ready();
                });
            if (!bus)
                return bus;
            readiness->bus = *std::move(bus);
            return std::shared_ptr<void>(std::move(readiness));
        }};
    return bindd::run_daemon(options, hooks);
}

}  // namespace
}  // namespace tests

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    return tests::run(argv[1], argv[2], argc > 3 ? static_cast<unsigned>(std::stoul(argv[3])) : 0);
}
