// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "bindd/controller/manual_state.hpp"
#include "bindd/interfaces/bus_service.hpp"
#include "bindd/loop/daemon.hpp"
#include "sysfs/device/resolve.hpp"
#include "tests/bus/bus_world.hpp"
#include "tests/fake/fake_kernel.hpp"

/// The whole daemon, with its executor, over a model of the kernel and on a bus of the test's:
///
///     daemon_test_server ADDRESS DIRECTORY [DEVICES [RELEASED...]]
///
/// DIRECTORY holds (or gets) the kernel, the state and policy.yaml. Prints "ready" once the bus
/// name is owned and the first reconciliation is complete. A line on stdin changes the world:
/// "remove 0000:01:00.0", "unbind 0000:01:00.0", "swap 0000:01:00.0" (for another card),
/// "mount 0000:04:00.0" (or mdev/UUID), "hang bind 0000:02:00.0" (the next such write does not
/// return), "no hang", "look". Each is answered by "done".
namespace tests {
namespace {

using bindd::HostEvent;

class StdinEventSource final : public bindd::EventSource {
  public:
    StdinEventSource(sd_event* event, fake::FakeKernel& kernel)
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
        } else if (line.starts_with("unbind ")) {
            const sysfs::DeviceId id = fake::pci_id(line.substr(7));
            kernel_.change([&](fake::KernelState& w) { w.devices.at(id).driver.reset(); });
            call_({HostEvent::EventKind::kChanged, id});
        } else if (line.starts_with("swap ")) {
            const sysfs::DeviceId id = fake::pci_id(line.substr(5));
            kernel_.change([&](fake::KernelState& w) {
                sysfs::Device& device = w.devices.at(id);
                device.ids.device = 0x1533;
                device.modalias = "pci:v00008086d00001533sv0000sd0000bc02sc00i00";
            });
            call_({HostEvent::EventKind::kRemoved, id});
            call_({HostEvent::EventKind::kAdded, id});
        } else if (line.starts_with("mount ")) {
            const std::size_t slash = line.find('/');
            const sysfs::DeviceId id =
                slash == std::string::npos
                    ? fake::pci_id(line.substr(6))
                    : sysfs::DeviceId{line.substr(6, slash - 6), line.substr(slash + 1)};
            kernel_.change([&](fake::KernelState& w) {
                w.uses[id] = {{sysfs::UseKind::kMounted, "a partition is on /home/secret",
                               "/dev/nvme0n1p1 /home/secret ext4"}};
            });
            call_({HostEvent::EventKind::kChanged, id});
        } else if (line.starts_with("hang ")) {
            kernel_.change([&](fake::KernelState& w) { w.faults.hang_on = {line.substr(5)}; });
        } else if (line == "no hang") {
            kernel_.change([&](fake::KernelState& w) { w.faults.hang_on.clear(); });
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

/// Prints "ready" when both are true.
struct ReadyPrinter final : bindd::Observer {
    bool owned = false;
    bool reconciled = false;
    std::shared_ptr<void> bus;
    void ready() override {
        reconciled = true;
        print_ready();
    }
    void print_ready() const {
        if (owned && reconciled)
            std::cout << "ready" << std::endl;
    }
};

/// Event fds in place of the device's.
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

void create_world(const std::string& directory, unsigned extra,
                  const std::vector<std::string>& released) {
    const fake::KernelState world = bus_world(extra);
    fake::FakeKernel::create(directory + "/kernel", world);
    bindd::ManualState manual;
    for (const std::string& address : released)
        manual.set(world.devices.at(fake::pci_id(address)),
                   bindd::ManualState::ManualAction::kReleased);
    ::mkdir((directory + "/run").c_str(), 0755);
    ::mkdir((directory + "/run/controller").c_str(), 0755);
    std::ofstream(directory + "/run/controller/by-hand") << manual.take_unsaved().value_or("");
}

int run(const std::string& address, const std::string& directory, unsigned extra,
        const std::vector<std::string>& released) {
    const std::string path = directory + "/kernel";
    if (::access(path.c_str(), F_OK) != 0)
        create_world(directory, extra, released);
    fake::FakeKernel kernel(path);
    constexpr std::chrono::seconds kTimeout{10};
    bindd::DaemonOptions options{.policies = {directory + "/policy.yaml"}, .timeout = kTimeout};
    if (std::getenv("BINDD_TEST_APPLY_MANUAL") != nullptr)
        options.apply_mode = bindd::ApplyMode::kManual;
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
            return std::make_unique<StdinEventSource>(event, kernel);
        },
        .attach = [&](sd_event* event, bindd::ControllerRunner& controller,
                      const std::function<void()>& owned) -> base::Result<std::shared_ptr<void>> {
            auto readiness = std::make_shared<ReadyPrinter>();
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
    const std::vector<std::string> words(argv + 1, argv + argc);
    return tests::run(
        words[0], words[1], words.size() > 2 ? static_cast<unsigned>(std::stoul(words[2])) : 0,
        {words.begin() + std::min<std::ptrdiff_t>(std::ssize(words), 3), words.end()});
}
