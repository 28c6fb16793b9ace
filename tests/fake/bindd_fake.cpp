// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include "bindd/loop/daemon.hpp"
#include "tests/fake/fake_kernel.hpp"

/// The daemon on FakeKernel, with lines on stdin and stdout in place of udev and the bus. It is not
/// installed.
///   bindd_fake WORLD STATE_DIR TIMEOUT_MS POLICY...
/// In: "add|remove|change BUS/NAME", "modules", "lost"; "apply", "bind BUS/NAME [DRIVER]", "release
/// BUS/NAME", "rollback", "reload", "state BUS/NAME", "counts". Out: "ready"; "job N KIND ended
/// ENDING [ERROR]"; "transaction KEY RESULT"; "appeared|changed|vanished BUS/NAME"; "state ...";
/// "counts ..."; "reloaded N errors"; "refused ERROR".
namespace bindd {
namespace {

sysfs::DeviceId parse_device(const std::string& text) {
    const std::size_t slash = text.find('/');
    return {text.substr(0, slash), text.substr(slash + 1)};
}

class ConsoleEventSource final : public EventSource, public Observer {
  public:
    explicit ConsoleEventSource(sd_event* event)
        : watch_(event, STDIN_FILENO, EPOLLIN, [this](std::uint32_t) { receive(); }) {
        (void)::fcntl(STDIN_FILENO, F_SETFL, ::fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
    }
    void start(std::function<void(const HostEvent&)> call) override { call_ = std::move(call); }
    void attach(ControllerRunner& controller) {
        controller_ = &controller;
        controller.subscribe(*this);
    }

    void ready() override { print("ready"); }
    void device_appeared(const sysfs::DeviceId& id) override { print("appeared " + id.text()); }
    void device_changed(const sysfs::DeviceId& id) override { print("changed " + id.text()); }
    void device_vanished(const sysfs::DeviceId& id) override { print("vanished " + id.text()); }
    void job_ended(const Job& job) override {
        print("job " + std::to_string(job.id) + " " + job_kind_name(job.request.kind) + " ended " +
              ending_name(*job.ending) + (job.error ? " " + job.error->text() : ""));
    }
    void transaction_finished(const Job&, const policy::Transaction& transaction) override {
        print("transaction " + transaction.key() + " " +
              policy::step_result_name(*transaction.result) +
              (transaction.error.empty() ? "" : ": " + transaction.error));
    }
    void policies_reloaded(const std::vector<policy::Diagnostic>& diagnostics) override {
        print("reloaded " + std::to_string(diagnostics.size()) + " errors");
    }

  private:
    static void print(const std::string& line) { std::cout << line << std::endl; }

    void receive() {
        std::array<char, 4096> buffer{};
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got == 0)
            watch_.set_events(0);
        if (got <= 0)
            return;
        unread_.append(buffer.data(), static_cast<std::size_t>(got));
        for (std::size_t end = 0; (end = unread_.find('\n')) != std::string::npos;) {
            const std::string line = unread_.substr(0, end);
            unread_.erase(0, end + 1);
            on_line(line);
        }
    }

    void on_line(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        std::string device;
        std::string driver;
        words >> verb >> device >> driver;
        if (verb == "add")
            return call_({HostEvent::EventKind::kAdded, parse_device(device)});
        if (verb == "remove")
            return call_({HostEvent::EventKind::kRemoved, parse_device(device)});
        if (verb == "change")
            return call_({HostEvent::EventKind::kChanged, parse_device(device)});
        if (verb == "bound")
            return call_({HostEvent::EventKind::kBound, parse_device(device)});
        if (verb == "modules")
            return call_({HostEvent::EventKind::kModules, {}});
        if (verb == "lost")
            return call_({HostEvent::EventKind::kLost, {}});
        if (verb == "reload")
            return (void)controller_->reload();
        if (verb == "state")
            return print_state(parse_device(device));
        if (verb == "counts")
            return print_counts();
        submit(verb, device, driver);
    }

    void submit(const std::string& verb, const std::string& device, const std::string& driver) {
        JobRequest request;
        request.kind = verb == "bind"      ? JobKind::kBind
                       : verb == "release" ? JobKind::kRelease
                       : verb == "apply"   ? JobKind::kApply
                                           : JobKind::kRollback;
        if (!device.empty())
            request.devices = {parse_device(device)};
        policy::Candidate candidate;
        if (!driver.empty())
            candidate = {policy::Candidate::CandidateKind::kNamed, driver};
        request.bind_options.driver = {policy::DriverAction::ActionKind::kChain, {candidate}};
        if (const char* timeout = std::getenv("BINDD_FAKE_TIMEOUT_MS"))
            request.timeout = std::chrono::milliseconds(std::strtoul(timeout, nullptr, 10));
        request.requester = {.uid = 0, .description = "script"};
        const auto id = controller_->submit(std::move(request));
        if (!id)
            print("refused " + id.error().text());
    }

    void print_state(const sysfs::DeviceId& id) {
        const sysfs::Device* device = controller_->view().inventory.find(id);
        if (device == nullptr)
            return print("state " + id.text() + " absent");
        const binding::DeviceState state = controller_->state(*device);
        print("state " + id.text() + " " + state.state + " " + device->driver.value_or("none") +
              " " + state.reason.value_or("-"));
    }

    void print_counts() {
        std::string line = "counts";
        for (const auto& [state, count] : controller_->counts())
            line += " " + state + "=" + std::to_string(count);
        print(line);
    }

    std::function<void(const HostEvent&)> call_;
    ControllerRunner* controller_ = nullptr;
    std::string unread_;
    IoWatch watch_;
};

int run(const std::vector<std::string>& words) {
    fake::FakeKernel kernel(words[0]);
    const std::chrono::milliseconds timeout(std::strtoul(words[2].c_str(), nullptr, 10));
    binding::StateDir state{words[1] + "/run", words[1] + "/lib", words[1] + "/boot_id", {}};
    state.on_write = [&kernel](const char* what) {
        kernel.crash_point(what);
        return 0;
    };
    DaemonOptions options{.policies = {words.begin() + 3, words.end()}, .timeout = timeout};
    const char* mode = std::getenv("BINDD_FAKE_APPLY");
    if (mode != nullptr && std::string(mode) == "manual")
        options.apply_mode = ApplyMode::kManual;
    ConsoleEventSource* stdio = nullptr;
    const DaemonHooks hooks{
        .executor = {.kernel = kernel,
                     .state = state,
                     .check_open = [](const sysfs::Device&) { return base::Result<void>(); },
                     .write_timeout = timeout,
                     .read_timeout = timeout,
                     .policies = options.policies},
        .events = [&stdio](sd_event* event) -> base::Result<std::unique_ptr<EventSource>> {
            auto made = std::make_unique<ConsoleEventSource>(event);
            stdio = made.get();
            return made;
        },
        .attach = [&stdio](
                      sd_event*, ControllerRunner& controller,
                      const std::function<void()>& owned) -> base::Result<std::shared_ptr<void>> {
            stdio->attach(controller);
            owned();
            return std::shared_ptr<void>();
        }};
    return run_daemon(options, hooks);
}

}  // namespace
}  // namespace bindd

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 4) {
        std::fputs("usage: bindd_fake WORLD STATE_DIR TIMEOUT_MS POLICY...\n", stderr);
        return 2;
    }
    return bindd::run(words);
}
