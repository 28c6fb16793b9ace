// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <optional>
#include <set>

#include "bindd/bus_compat.hpp"
#include "bindd/bus_device.hpp"
#include "bindd/bus_group.hpp"
#include "bindd/bus_history.hpp"
#include "bindd/bus_job.hpp"
#include "bindd/bus_lease.hpp"
#include "bindd/bus_manager.hpp"
#include "bindd/bus_mdev.hpp"
#include "bindd/bus_requests.hpp"
#include "bindd/bus_spare.hpp"
#include "bindd/bus_snapshot.hpp"
#include "binding/files.hpp"

/// sdbus-c++ serves the two interfaces that have few objects, the Manager and the Jobs, by its generated adaptors. Devices,
/// groups and mediated devices, of which a host may have thousands, are served by fallback vtables on the
/// same connection (bus_family.hpp); these too are made of the XML. The connection is driven by sd-event itself: sdbus-c++'s own
/// loop is never entered.
///
/// Signals of changes are sent at the end of a turn of the loop: an event that changes a device three times, or a burst
/// that changes a thousand, is told once each. What is told at once (an object comes or goes, a transaction or a job
/// has ended) is told after the changes that came before it; the counts, which follow from them, after all.
namespace bindd {
namespace {

sd_bus_slot* add_object_manager(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    (void)sd_bus_add_object_manager(bus, &slot, kManagerPath);
    return slot;
}

/// Says that a daemon is on the bus, for programs to which asking the bus is a large part of their run: without the mark
/// there is none. A stale one only costs them the question.
void leave_mark(const std::string& path) {
    if (binding::make_directories(path.substr(0, path.rfind('/'))))
        (void)sysfs::UniqueFd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
}

}  // namespace

/// Everything, in the order in which it is made; it goes in the other one.
class Bus::Parts final : public Observer {
  public:
    Parts(sd_event* event, Keeper& keeper, const Options& options);
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() override;

    [[nodiscard]] sysfs::Result<void> start(sd_event* event);
    [[nodiscard]] bool owns_name() const { return owns_name_; }
    void on_name(std::function<void(sysfs::Result<void>)> told) { told_name_ = std::move(told); }

    void device_appeared(const sysfs::DeviceId& id) override;
    void device_changed(const sysfs::DeviceId& id) override { stir(changed_devices_, id); }
    void device_vanished(const sysfs::DeviceId& id) override;
    void group_appeared(int group) override;
    void group_changed(int group) override { stir(changed_groups_, group); }
    void group_vanished(int group) override;
    void counts_changed() override;
    void job_changed(const Job& job) override { jobs_.changed(job); }
    void job_ended(const Job& job) override;
    void transaction_finished(const Job& job, const policy::Transaction& transaction) override;
    void policies_reloaded(const std::vector<policy::Diagnostic>& diagnostics) override {
        manager_.policies_reloaded(diagnostics);
    }
    void ready() override;

  private:
    template <typename T>
    void stir(std::set<T>& changed, const T& what) {
        changed.insert(what);
        flush_soon();
    }
    void flush_soon();
    void tell_changes();
    void flush();
    void ask_for_name();
    void name_answered(sd_bus_message* reply);
    static int on_flush(sd_event_source* source, void* userdata);
    static int on_name_reply(sd_bus_message* reply, void* userdata, sd_bus_error* error);

    Keeper& keeper_;
    std::unique_ptr<sdbus::IConnection> connection_;
    sd_bus* bus_;
    SpareMemory spare_;
    sd_bus_slot* object_manager_;
    std::string mark_;
    sd_event_source* flush_ = nullptr;
    DevicePaths paths_;
    Callers callers_;
    Authority authority_;
    Requests requests_;
    Leases leases_;
    Snapshots snapshots_;
    Histories histories_;
    DeviceFamily devices_;
    GroupFamily groups_;
    MdevFamily mdevs_;
    Jobs jobs_;
    ManagerObject manager_;
    std::set<sysfs::DeviceId> changed_devices_;
    std::set<int> changed_groups_;
    bool counts_changed_ = false;
    enum class Name { kNone, kAsked, kAnswered } name_ = Name::kNone;
    bool owns_name_ = false;
    std::function<void(sysfs::Result<void>)> told_name_ = [](const sysfs::Result<void>&) {};
};

Bus::Parts::Parts(sd_event* event, Keeper& keeper, const Options& options)
    : keeper_(keeper), connection_(connect_bus(options.address)), bus_(raw_bus(*connection_)), spare_(event, bus_),
      object_manager_(add_object_manager(bus_)), mark_(keeper.state_dir().run + "/on-bus"), callers_(bus_), authority_(bus_, callers_),
      requests_(keeper, authority_, paths_),
      leases_(event, keeper, requests_, keeper.state_dir().run + "/claims"), snapshots_(keeper, authority_, paths_),
      histories_(event, keeper),
      devices_(bus_, keeper, requests_, paths_, options.root), groups_(bus_, keeper, paths_),
      mdevs_(bus_, keeper, paths_), jobs_(*connection_, bus_, event, keeper, requests_),
      manager_(*connection_, bus_, {keeper, requests_, leases_, snapshots_, histories_, paths_}) {
    requests_.on_begun([this](JobId id) { jobs_.show(id); });
    requests_.on_release([this](const std::vector<sysfs::DeviceId>& ids) -> Answer<void> {
        for (const sysfs::DeviceId& id : ids)
            if (const std::string why = leases_.why(id); !why.empty())
                return fault(FaultKind::kBusy, id.display() + ": it is claimed, for " + why);
        return {};
    });
    devices_.tell_claims([this](const sysfs::DeviceId& id) { return leases_.why(id); });
    leases_.on_change([this](const sysfs::DeviceId& id) { stir(changed_devices_, id); });
}

Bus::Parts::~Parts() {
    keeper_.forget(*this);
    if (owns_name_)
        (void)::unlink(mark_.c_str());
    sd_event_source_unref(flush_);
    (void)sd_bus_detach_event(bus_);
    (void)sd_bus_flush(bus_);
    sd_bus_slot_unref(object_manager_);
}

sysfs::Result<void> Bus::Parts::start(sd_event* event) {
    const auto failed = [](int r, const char* what) { return sysfs::fail_errno(-r, what, "bus"); };
    if (const int r = sd_bus_attach_event(bus_, event, SD_EVENT_PRIORITY_NORMAL); r < 0)
        return failed(r, "attach to the event loop");
    // Without the bus nobody can ask for anything any more: the service manager starts us again.
    (void)sd_bus_set_exit_on_disconnect(bus_, 1);
    if (const int r = sd_event_add_defer(event, &flush_, on_flush, this); r < 0)
        return failed(r, "add to the event loop");
    (void)sd_event_source_set_priority(flush_, SD_EVENT_PRIORITY_IDLE);
    (void)sd_event_source_set_enabled(flush_, SD_EVENT_OFF);
    keeper_.observe(*this);
    for (const sysfs::Device& device : keeper_.view().inventory.devices)
        device_appeared(device.id);
    for (const auto& [id, group] : keeper_.view().inventory.groups)
        groups_.appeared(id);
    return {};
}

void Bus::Parts::device_appeared(const sysfs::DeviceId& id) {
    tell_changes();
    devices_.appeared(id);
    mdevs_.appeared(id);
    if (name_ == Name::kNone)
        flush_soon();
}

void Bus::Parts::device_vanished(const sysfs::DeviceId& id) {
    changed_devices_.erase(id);
    tell_changes();
    mdevs_.vanished(id);
    devices_.vanished(id);
}

void Bus::Parts::group_appeared(int group) {
    tell_changes();
    groups_.appeared(group);
}

void Bus::Parts::group_vanished(int group) {
    changed_groups_.erase(group);
    tell_changes();
    groups_.vanished(group);
}

void Bus::Parts::counts_changed() {
    devices_.rest();
    counts_changed_ = true;
    flush_soon();
}

void Bus::Parts::job_ended(const Job& job) {
    tell_changes();
    jobs_.ended(job);
}

void Bus::Parts::transaction_finished(const Job& job, const policy::Transaction& transaction) {
    tell_changes();
    manager_.transaction_finished(job, transaction);
}

void Bus::Parts::ready() {
    manager_.ready();
    ask_for_name();
}

void Bus::Parts::flush_soon() {
    if (flush_ != nullptr)
        (void)sd_event_source_set_enabled(flush_, SD_EVENT_ONESHOT);
}

void Bus::Parts::tell_changes() {
    for (const sysfs::DeviceId& id : std::exchange(changed_devices_, {})) {
        devices_.changed(id);
        mdevs_.changed(id);
    }
    for (const int group : std::exchange(changed_groups_, {}))
        groups_.changed(group);
}

void Bus::Parts::flush() {
    tell_changes();
    if (std::exchange(counts_changed_, false))
        manager_.counts_changed();
    ask_for_name();
}

int Bus::Parts::on_flush(sd_event_source* /*source*/, void* userdata) {
    try {
        static_cast<Parts*>(userdata)->flush();
    } catch (const std::exception&) {
        return 0;  // no memory for a signal: the properties can still be read
    }
    return 0;
}

void Bus::Parts::ask_for_name() {
    if (name_ != Name::kNone)
        return;
    name_ = Name::kAsked;
    // Not in a queue behind another daemon: one of us is one too many.
    const int r = sd_bus_request_name_async(bus_, nullptr, kBusName, 0, on_name_reply, this);
    if (r < 0)
        told_name_(sysfs::fail_errno(-r, "ask for the name", kBusName));
}

int Bus::Parts::on_name_reply(sd_bus_message* reply, void* userdata, sd_bus_error* /*error*/) {
    try {
        static_cast<Parts*>(userdata)->name_answered(reply);
    } catch (const std::exception&) {
        return 0;  // told too late; the daemon's own start-up deadline ends it
    }
    return 0;
}

void Bus::Parts::name_answered(sd_bus_message* reply) {
    constexpr std::uint32_t kPrimaryOwner = 1;
    constexpr std::uint32_t kAlreadyOwner = 4;
    name_ = Name::kAnswered;
    std::uint32_t answer = 0;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return told_name_(sysfs::fail(sysfs::Code::kDenied, "own the name", kBusName,
                                      error->message == nullptr ? error->name : error->message,
                                      "the bus' policy (system.d/org.bindd1.conf) lets root own it"));
    owns_name_ = sd_bus_message_read(reply, "u", &answer) > 0 &&
                 (answer == kPrimaryOwner || answer == kAlreadyOwner);
    if (owns_name_)
        leave_mark(mark_);
    if (!owns_name_)
        return told_name_(sysfs::fail(sysfs::Code::kBusy, "own the name", kBusName,
                                      "another process on the bus has it", "is a daemon running already?"));
    told_name_({});
}

Bus::Bus(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Bus::~Bus() = default;

sysfs::Result<std::unique_ptr<Bus>> Bus::open(sd_event* event, Keeper& keeper, const Options& options) {
    const std::string where = options.address.empty() ? "the system bus" : options.address;
    try {
        auto parts = std::make_unique<Parts>(event, keeper, options);
        if (auto started = parts->start(event); !started)
            return sysfs::propagate(started);
        return std::unique_ptr<Bus>(new Bus(std::move(parts)));
    } catch (const std::exception& error) {
        return sysfs::fail(sysfs::Code::kFailed, "connect", where, error.what());
    }
}

bool Bus::owns_name() const {
    return parts_->owns_name();
}

void Bus::on_name(std::function<void(sysfs::Result<void>)> told) {
    parts_->on_name(std::move(told));
}

}  // namespace bindd
