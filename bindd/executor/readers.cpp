// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/executor/readers.hpp"

#include <malloc.h>

#include <algorithm>
#include <utility>

#include "base/number.hpp"
#include "base/try.hpp"
#include "binding/policies/devices_in_use_file.hpp"
#include "binding/policies/policy_files.hpp"
#include "binding/policies/udev_rules_file.hpp"

namespace bindd {
namespace {

using base::Result;
using Emit = std::function<void(binding::Message)>;

struct HostReader {
    sysfs::Kernel& kernel;
    const Emit& emit;

    Result<void> operator()(const binding::ScanHost& request) const {
        emit_inventory(TRY(kernel.inventory(request.wanted)));
        return emit_drivers(request.wanted);
    }
    Result<void> operator()(const binding::ScanDevices& request) const {
        emit_inventory(TRY(kernel.devices(request.ids, request.wanted)));
        return request.drivers == binding::DriverScan::kInclude ? emit_drivers(request.wanted)
                                                                : Result<void>();
    }
    Result<void> operator()(const binding::QueryUsage& request) const {
        sysfs::Inventory seen;
        seen.devices = request.devices;
        std::vector<sysfs::DeviceId> ids;
        for (const sysfs::Device& device : request.devices)
            ids.push_back(device.id);
        seen.rebuild_index();
        emit(binding::UsageFound{kernel.usage(seen, ids)});
        return {};
    }
    template <typename Other>
    Result<void> operator()(const Other& other) const {
        return tl::unexpected(binding::unexpected_message(other));
    }

  private:
    void emit_inventory(const sysfs::Inventory& inventory) const {
        for (const sysfs::Device& device : inventory.devices)
            emit(binding::DeviceFound{device});
        emit(binding::ContextFound{binding::HostContext::from(inventory)});
    }
    Result<void> emit_drivers(const sysfs::ScanOptions& wanted) const {
        emit(binding::DriversFound{TRY(kernel.drivers(wanted))});
        return {};
    }
};

using base::Result;
using binding::decode_message;
using binding::encode_message;

/// The controller decides what is in use, and may be taken over: what the record has already stays
/// in it while the running system needs the device, which no policy can allow.
Result<policy::DevicesInUse> with_needed(const ExecutorDependencies& deps,
                                         policy::DevicesInUse in_use) {
    const auto before = binding::read_devices_in_use(deps.state);
    std::vector<sysfs::DeviceId> dropped;
    for (const policy::DeviceInUse& each : before.value_or(policy::DevicesInUse{}))
        if (std::ranges::find(in_use, each.device, &policy::DeviceInUse::device) == in_use.end())
            dropped.push_back(each.device);
    if (dropped.empty())
        return in_use;
    const sysfs::Inventory inventory = TRY(deps.kernel.devices(dropped, {}));
    const sysfs::Usage usage = deps.kernel.usage(inventory, dropped);
    for (const policy::DeviceInUse& each : *before)
        if (const auto uses = usage.find(each.device);
            uses != usage.end() && std::ranges::any_of(uses->second, &sysfs::Use::essential))
            in_use.push_back(each);
    return in_use;
}

constexpr unsigned kReaders = 2;
constexpr std::chrono::milliseconds kIdleTime{3'000};

}  // namespace

binding::Message read_host(sysfs::Kernel& kernel, const binding::Message& request,
                           const Emit& emit) {
    const auto done = std::visit(HostReader{kernel, emit}, request);
    return done ? binding::Message(binding::Completed{})
                : binding::Message(binding::Failed{done.error()});
}

Readers::Readers(const ExecutorDependencies& deps, FdChannel channel,
                 std::function<void(const std::string&)> send,
                 std::function<void(pid_t)> on_abandoned)
    : deps_(deps),
      channel_(std::move(channel)),
      send_(std::move(send)),
      pool_([this](const std::string& line, const auto& report) { return serve(line, report); },
            kReaders, deps.read_timeout,
            binding::WorkerPool::Callbacks{
                .on_progress_line = [this](const binding::WorkerJob&,
                                           const std::string& line) { send_(line); },
                .on_ended =
                    [this](const binding::WorkerJob& job, binding::JobEnd how,
                           const std::string& line) {
                        on_ended(job, how, line);
                        return std::vector<binding::WorkerJob>{};
                    },
                .on_worker_abandoned = [on_abandoned = std::move(on_abandoned)](
                                           const binding::WorkerJob&,
                                           pid_t pid) { on_abandoned(pid); }}) {}

void Readers::add(std::uint64_t id, const std::string& line) {
    idle_at_ = base::Clock::now() + kIdleTime;
    pool_.add(
        {{.name = std::to_string(id), .request = line, .drivers = {}, .progress_wanted = true}});
}

void Readers::turn() {
    pool_.turn();
    if (!pool_.idle() || !idle_at_ || *idle_at_ > base::Clock::now())
        return;
    pool_.stop_idle();
    ::malloc_trim(0);  // the replies passed through this process
    idle_at_.reset();
}

std::optional<base::Clock::time_point> Readers::next_deadline() const {
    return pool_.idle() ? idle_at_ : pool_.next_deadline();
}

/// Runs in a reader. The fds are sent before the answer is.
std::string Readers::serve(const std::string& line,
                           const std::function<void(const std::string&)>& report) const {
    const auto request = decode_message(line);
    if (!request)
        return encode_message({0, binding::Failed{request.error()}});
    const std::uint64_t id = request->id;
    const auto ended = [id](const Result<void>& done) {
        return encode_message({id, done ? binding::Message(binding::Completed{})
                                        : binding::Message(binding::Failed{done.error()})});
    };
    if (const auto* open = std::get_if<binding::OpenForClient>(&request->message))
        return ended(open_for(*open));
    if (const auto* update = std::get_if<binding::UpdateUdevRules>(&request->message))
        return ended(update_udev_rules(*update));
    const auto emit = [&](binding::Message found) {
        report(encode_message({id, std::move(found)}));
    };
    return encode_message({id, read_host(deps_.kernel, request->message, emit)});
}

Result<void> Readers::open_for(const binding::OpenForClient& request) const {
    if (!deps_.open)
        return base::fail(base::Code::kUnsupported, "open", "a device",
                          "this daemon cannot open devices for others");
    const auto opened = TRY(deps_.open(request.device.text(), request.backend));
    return channel_.send(request.ticket, opened);
}

/// A rule of udev's can run a program, so nothing in it is the controller's word. A set with an
/// error leaves the rules of the last good one, as the controller leaves that in force. Devices
/// that it says are in use are only left alone, and those that it conceals get what a policy says.
Result<void> Readers::update_udev_rules(const binding::UpdateUdevRules& request) const {
    if (request.in_use)
        TRY(binding::write_devices_in_use(deps_.state, TRY(with_needed(deps_, *request.in_use))));
    if (deps_.state.udev_rules.empty())
        return {};
    const policy::Parsed parsed =
        binding::load_policies(deps_.policies, binding::MissingPath::kIgnore);
    if (!parsed.ok())
        return {};
    const sysfs::ScanOptions wanted = parsed.set.required_facts();
    const auto drivers = TRY(deps_.kernel.drivers(wanted));
    const auto inventory = TRY(deps_.kernel.devices({}, wanted));
    TRY(binding::write_udev_rules(deps_.state, parsed.set, drivers, inventory.host,
                                  binding::read_devices_in_use(deps_.state)));
    return {};
}

void Readers::on_ended(const binding::WorkerJob& job, binding::JobEnd how,
                       const std::string& line) const {
    if (how == binding::JobEnd::kAnswered)
        return send_(line);
    const auto id = base::parse_decimal(job.name);
    const auto error =
        base::fail(base::Code::kTimeout, "look", "the host", "reading a device did not return");
    send_(encode_message({id.value_or(0), binding::Failed{error.value()}}));
}

}  // namespace bindd
