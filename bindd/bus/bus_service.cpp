// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/bus_service.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <optional>
#include <set>

#include "base/file_io.hpp"
#include "bindd/bus/leases.hpp"
#include "bindd/bus/memory_trimmer.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/device_objects.hpp"
#include "bindd/interfaces/group_objects.hpp"
#include "bindd/interfaces/history_document.hpp"
#include "bindd/interfaces/job_object.hpp"
#include "bindd/interfaces/manager_object.hpp"
#include "bindd/interfaces/mdev_objects.hpp"
#include "bindd/interfaces/snapshot_file.hpp"
#include "dbus/sdbus_compat.hpp"

/// sdbus-c++ serves the two interfaces that have few objects, the Manager and the JobRegistry, by
/// its generated adaptors. Devices, groups and mediated devices, of which a host may have
/// thousands, are served by fallback vtables on the same connection (bus_family.hpp); these too are
/// made of the XML. The connection is driven by sd-event itself: sdbus-c++'s own loop is never
/// entered.
///
/// Signals of changes are sent at the end of a turn of the loop: an event that changes a device
/// three times, or a burst that changes a thousand, is told once each. What is told at once (an
/// object comes or goes, a transaction or a job has ended) is told after the changes that came
/// before it; the counts, which follow from them, after all.
namespace bindd {
namespace {

sd_bus_slot* add_object_manager(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    (void)sd_bus_add_object_manager(bus, &slot, kManagerPath);
    return slot;
}

/// Says that a daemon is on the bus, for programs to which asking the bus is a large part of their
/// run: without the mark there is none. A stale one only costs them the question.
void create_presence_file(const std::string& path) {
    if (base::make_directories(path.substr(0, path.rfind('/'))))
        (void)base::UniqueFd(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
}

}  // namespace

/// Everything, in the order in which it is made; it goes in the other one.
class BusService::Impl final : public Observer {
  public:
    Impl(sd_event* event, ControllerRunner& controller, const BusSettings& options);
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() override;

    [[nodiscard]] base::Result<void> start(sd_event* event);
    [[nodiscard]] bool owns_name() const { return owns_name_; }
    void on_name(std::function<void(base::Result<void>)> told) { on_name_ = std::move(told); }

    void device_appeared(const sysfs::DeviceId& id) override;
    void device_changed(const sysfs::DeviceId& id) override { mark_dirty(changed_devices_, id); }
    void device_vanished(const sysfs::DeviceId& id) override;
    void group_appeared(int group) override;
    void group_changed(int group) override { mark_dirty(changed_groups_, group); }
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
    void mark_dirty(std::set<T>& changed, const T& what) {
        changed.insert(what);
        flush_soon();
    }
    void flush_soon();
    void emit_pending_changes();
    void flush();
    void request_name();
    void handle_name_reply(sd_bus_message* reply);
    static int on_flush(sd_event_source* source, void* userdata);
    static int on_name_reply(sd_bus_message* reply, void* userdata, sd_bus_error* error);

    ControllerRunner& controller_;
    dbus::Connection connection_;
    sd_bus* bus_;
    MemoryTrimmer memory_trimmer_;
    sd_bus_slot* object_manager_;
    std::string presence_file_;
    sd_event_source* flush_ = nullptr;
    DevicePaths paths_;
    Callers callers_;
    Authority authority_;
    Requests requests_;
    Leases leases_;
    SnapshotFiles snapshots_;
    HistoryDocuments histories_;
    DeviceObjects devices_;
    GroupObjects groups_;
    MdevObjects mdevs_;
    JobRegistry jobs_;
    ManagerObject manager_;
    std::set<sysfs::DeviceId> changed_devices_;
    std::set<int> changed_groups_;
    bool counts_changed_ = false;
    enum class NameState { kNone, kAsked, kAnswered } name_ = NameState::kNone;
    bool owns_name_ = false;
    std::function<void(base::Result<void>)> on_name_ = [](const base::Result<void>&) {};
};

BusService::Impl::Impl(sd_event* event, ControllerRunner& controller, const BusSettings& options)
    : controller_(controller),
      connection_(dbus::connect(options.address)),
      bus_(connection_.raw),
      memory_trimmer_(event, bus_),
      object_manager_(add_object_manager(bus_)),
      presence_file_(controller.state_dir().run + "/on-bus"),
      callers_(bus_),
      authority_(bus_, callers_),
      requests_(controller, authority_, paths_),
      leases_(event, controller, requests_, controller.state_dir().run + "/claims"),
      snapshots_(controller, authority_, paths_),
      histories_(event, controller),
      devices_(bus_, controller, requests_, paths_, options.root),
      groups_(bus_, controller, paths_),
      mdevs_(bus_, controller, paths_),
      jobs_(*connection_.connection, bus_, event, controller, requests_),
      manager_(*connection_.connection, bus_,
               {controller, requests_, leases_, snapshots_, histories_, paths_}) {
    requests_.on_job_created([this](JobId id) { jobs_.show(id); });
    requests_.on_release([this](const std::vector<sysfs::DeviceId>& ids) -> BusResult<void> {
        for (const sysfs::DeviceId& id : ids)
            if (const std::string why = leases_.reason_for(id); !why.empty())
                return bus_error(BusErrorKind::kBusy, id.display() + ": it is claimed, for " + why);
        return {};
    });
    devices_.set_claim_lookup([this](const sysfs::DeviceId& id) { return leases_.reason_for(id); });
    leases_.on_change([this](const sysfs::DeviceId& id) { mark_dirty(changed_devices_, id); });
}

BusService::Impl::~Impl() {
    controller_.unsubscribe(*this);
    if (owns_name_)
        (void)::unlink(presence_file_.c_str());
    sd_event_source_unref(flush_);
    (void)sd_bus_detach_event(bus_);
    (void)sd_bus_flush(bus_);
    sd_bus_slot_unref(object_manager_);
}

base::Result<void> BusService::Impl::start(sd_event* event) {
    const auto failed = [](int r, const char* what) { return base::fail_errno(-r, what, "bus"); };
    if (const int r = sd_bus_attach_event(bus_, event, SD_EVENT_PRIORITY_NORMAL); r < 0)
        return failed(r, "attach to the event loop");
    // Without the bus nobody can ask for anything any more: the service manager starts us again.
    (void)sd_bus_set_exit_on_disconnect(bus_, 1);
    if (const int r = sd_event_add_defer(event, &flush_, on_flush, this); r < 0)
        return failed(r, "add to the event loop");
    (void)sd_event_source_set_priority(flush_, SD_EVENT_PRIORITY_IDLE);
    (void)sd_event_source_set_enabled(flush_, SD_EVENT_OFF);
    controller_.subscribe(*this);
    for (const sysfs::Device& device : controller_.view().inventory.devices)
        device_appeared(device.id);
    for (const auto& [id, group] : controller_.view().inventory.groups)
        groups_.appeared(id);
    return {};
}

void BusService::Impl::device_appeared(const sysfs::DeviceId& id) {
    emit_pending_changes();
    devices_.appeared(id);
    mdevs_.appeared(id);
    if (name_ == NameState::kNone)
        flush_soon();
}

void BusService::Impl::device_vanished(const sysfs::DeviceId& id) {
    changed_devices_.erase(id);
    emit_pending_changes();
    mdevs_.vanished(id);
    devices_.vanished(id);
}

void BusService::Impl::group_appeared(int group) {
    emit_pending_changes();
    groups_.appeared(group);
}

void BusService::Impl::group_vanished(int group) {
    changed_groups_.erase(group);
    emit_pending_changes();
    groups_.vanished(group);
}

void BusService::Impl::counts_changed() {
    devices_.on_changes_published();
    counts_changed_ = true;
    flush_soon();
}

void BusService::Impl::job_ended(const Job& job) {
    emit_pending_changes();
    jobs_.ended(job);
}

void BusService::Impl::transaction_finished(const Job& job,
                                            const policy::Transaction& transaction) {
    emit_pending_changes();
    manager_.transaction_finished(job, transaction);
}

void BusService::Impl::ready() {
    manager_.ready();
    request_name();
}

void BusService::Impl::flush_soon() {
    if (flush_ != nullptr)
        (void)sd_event_source_set_enabled(flush_, SD_EVENT_ONESHOT);
}

void BusService::Impl::emit_pending_changes() {
    for (const sysfs::DeviceId& id : std::exchange(changed_devices_, {})) {
        devices_.changed(id);
        mdevs_.changed(id);
    }
    for (const int group : std::exchange(changed_groups_, {}))
        groups_.changed(group);
}

void BusService::Impl::flush() {
    emit_pending_changes();
    if (std::exchange(counts_changed_, false))
        manager_.counts_changed();
    request_name();
}

int BusService::Impl::on_flush(sd_event_source* /*source*/, void* userdata) {
    try {
        static_cast<Impl*>(userdata)->flush();
    } catch (const std::exception&) {
        return 0;  // no memory for a signal: the properties can still be read
    }
    return 0;
}

void BusService::Impl::request_name() {
    if (name_ != NameState::kNone)
        return;
    name_ = NameState::kAsked;
    // Not in a queue behind another daemon: one of us is one too many.
    const int r = sd_bus_request_name_async(bus_, nullptr, kBusName, 0, on_name_reply, this);
    if (r < 0)
        on_name_(base::fail_errno(-r, "ask for the name", kBusName));
}

int BusService::Impl::on_name_reply(sd_bus_message* reply, void* userdata,
                                    sd_bus_error* /*error*/) {
    try {
        static_cast<Impl*>(userdata)->handle_name_reply(reply);
    } catch (const std::exception&) {
        return 0;  // told too late; the daemon's own start-up deadline ends it
    }
    return 0;
}

void BusService::Impl::handle_name_reply(sd_bus_message* reply) {
    constexpr std::uint32_t kPrimaryOwner = 1;
    constexpr std::uint32_t kAlreadyOwner = 4;
    name_ = NameState::kAnswered;
    std::uint32_t answer = 0;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return on_name_(base::fail(base::Code::kDenied, "own the name", kBusName,
                                   error->message == nullptr ? error->name : error->message,
                                   "the bus' policy (system.d/org.bindd1.conf) lets root own it"));
    owns_name_ = sd_bus_message_read(reply, "u", &answer) > 0 &&
                 (answer == kPrimaryOwner || answer == kAlreadyOwner);
    if (owns_name_)
        create_presence_file(presence_file_);
    if (!owns_name_)
        return on_name_(base::fail(base::Code::kBusy, "own the name", kBusName,
                                   "another process on the bus has it",
                                   "is a daemon running already?"));
    on_name_({});
}

BusService::BusService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BusService::~BusService() = default;

base::Result<std::unique_ptr<BusService>> BusService::open(sd_event* event,
                                                           ControllerRunner& controller,
                                                           const BusSettings& options) {
    const std::string where = options.address.empty() ? "the system bus" : options.address;
    try {
        auto impl = std::make_unique<Impl>(event, controller, options);
        if (auto started = impl->start(event); !started)
            return base::propagate(started);
        return std::unique_ptr<BusService>(new BusService(std::move(impl)));
    } catch (const std::exception& error) {
        return base::fail(base::Code::kFailed, "connect", where, error.what());
    }
}

bool BusService::owns_name() const {
    return impl_->owns_name();
}

void BusService::on_name(std::function<void(base::Result<void>)> told) {
    impl_->on_name(std::move(told));
}

}  // namespace bindd
