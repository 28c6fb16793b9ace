// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/bus_service.hpp"

#include <cstdlib>
#include <exception>
#include <set>

#include "base/path.hpp"
#include "base/try.hpp"
#include "bindd/bus/inspection.hpp"
#include "bindd/bus/leases.hpp"
#include "bindd/bus/memory_trimmer.hpp"
#include "bindd/bus/message_limit.hpp"
#include "bindd/bus/name_owner.hpp"
#include "bindd/bus/requests.hpp"
#include "bindd/interfaces/device_objects.hpp"
#include "bindd/interfaces/documents.hpp"
#include "bindd/interfaces/group_objects.hpp"
#include "bindd/interfaces/job_object.hpp"
#include "bindd/interfaces/manager_object.hpp"
#include "bindd/interfaces/mdev_objects.hpp"
#include "bindd/loop/journal_log.hpp"
#include "dbus/sdbus_compat.hpp"

/// sdbus-c++ serves the two interfaces with few objects, Manager and Job, through its generated
/// adaptors. Devices, groups and mediated devices, of which there may be thousands, are served by
/// fallback vtables on the same connection (fallback_objects.hpp), which are generated from the XML
/// as well. sd-event drives the connection; the loop of sdbus-c++ is never entered.
///
/// Changes are signalled at the end of a turn of the loop: a device that changes three times, or a
/// burst that changes a thousand devices, results in one signal for each device. An object that
/// appears or vanishes, and the end of a transaction or a job, are signalled at once, after the
/// changes before them. The counts follow from all of these and are signalled last.
namespace bindd {
namespace {

sd_bus_slot* add_object_manager(sd_bus* bus) {
    sd_bus_slot* slot = nullptr;
    (void)sd_bus_add_object_manager(bus, &slot, kManagerPath);
    return slot;
}

/// The daemon on the bus: the name org.bindd1 and all objects below /org/bindd1. Runs in the event
/// loop of its caller. Nothing here blocks, and no call ends the daemon.
class BusService final : public Observer {
  public:
    BusService(sd_event* event, ControllerRunner& controller, const std::string& address);
    ~BusService() override;

    [[nodiscard]] base::Result<void> start(sd_event* event, const std::function<void()>& owned);
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
    static int on_flush(sd_event_source* source, void* userdata);

    ControllerRunner& controller_;
    dbus::Connection connection_;
    sd_bus* bus_;
    MemoryTrimmer memory_trimmer_;
    sd_bus_slot* object_manager_;
    sd_event_source* flush_ = nullptr;
    DevicePaths paths_;
    Callers callers_;
    Authority authority_;
    Inspection inspection_;
    MessageLimit message_limit_;  // after all other filters: sd-bus calls the newest first
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
    NameOwner name_;
};

BusService::BusService(sd_event* event, ControllerRunner& controller, const std::string& address)
    : controller_(controller),
      connection_(dbus::connect(address)),
      bus_(connection_.raw),
      memory_trimmer_(event, bus_),
      object_manager_(add_object_manager(bus_)),
      callers_(bus_),
      authority_(bus_, callers_),
      inspection_(bus_, authority_),
      message_limit_(bus_),
      requests_(controller, authority_, inspection_, paths_),
      leases_(event, controller, requests_, controller.state_dir().controller_dir() + "/claims"),
      snapshots_(controller, inspection_, paths_),
      histories_(event, controller),
      devices_(bus_, controller, requests_, inspection_, paths_, sysfs::Root{}),
      groups_(bus_, controller, paths_),
      mdevs_(bus_, controller, requests_, paths_),
      jobs_(*connection_.connection, bus_, event, controller, requests_, inspection_),
      manager_(*connection_.connection, bus_,
               {controller, requests_, inspection_, leases_, snapshots_, histories_, paths_}),
      name_(bus_, controller.state_dir().controller_dir() + "/on-bus") {
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

BusService::~BusService() {
    controller_.unsubscribe(*this);
    sd_event_source_unref(flush_);
    (void)sd_bus_detach_event(bus_);
    (void)sd_bus_flush(bus_);
    sd_bus_slot_unref(object_manager_);
}

base::Result<void> BusService::start(sd_event* event, const std::function<void()>& owned) {
    const auto failed = [](int r, const char* what) { return base::fail_errno(-r, what, "bus"); };
    if (const int r = sd_bus_attach_event(bus_, event, SD_EVENT_PRIORITY_NORMAL); r < 0)
        return failed(r, "attach to the event loop");
    // Without the bus the daemon gets no requests. The service manager starts it again.
    (void)sd_bus_set_exit_on_disconnect(bus_, 1);
    if (const int r = sd_event_add_defer(event, &flush_, on_flush, this); r < 0)
        return failed(r, "add to the event loop");
    (void)sd_event_source_set_priority(flush_, SD_EVENT_PRIORITY_IDLE);
    (void)sd_event_source_set_enabled(flush_, SD_EVENT_OFF);
    name_.on_answer([event, owned](const base::Result<void>& named) {
        if (named)
            return owned();
        Log(Log::default_sink()).write(Level::kError, LogEvent::kStopped, named.error().text());
        (void)sd_event_exit(event, EXIT_FAILURE);
    });
    controller_.subscribe(*this);
    for (const sysfs::Device& device : controller_.view().inventory.devices)
        device_appeared(device.id);
    for (const auto& [id, group] : controller_.view().inventory.groups)
        groups_.appeared(id);
    return {};
}

void BusService::device_appeared(const sysfs::DeviceId& id) {
    emit_pending_changes();
    devices_.appeared(id);
    mdevs_.appeared(id);
    if (!name_.is_requested())
        flush_soon();
}

void BusService::device_vanished(const sysfs::DeviceId& id) {
    changed_devices_.erase(id);
    emit_pending_changes();
    mdevs_.vanished(id);
    devices_.vanished(id);
}

void BusService::group_appeared(int group) {
    emit_pending_changes();
    groups_.appeared(group);
}

void BusService::group_vanished(int group) {
    changed_groups_.erase(group);
    emit_pending_changes();
    groups_.vanished(group);
}

void BusService::counts_changed() {
    devices_.on_changes_published();
    counts_changed_ = true;
    flush_soon();
}

void BusService::job_ended(const Job& job) {
    emit_pending_changes();
    jobs_.ended(job);
}

void BusService::transaction_finished(const Job& job, const policy::Transaction& transaction) {
    emit_pending_changes();
    manager_.transaction_finished(job, transaction);
}

void BusService::ready() {
    manager_.ready();
    name_.request();
}

void BusService::flush_soon() {
    if (flush_ != nullptr)
        (void)sd_event_source_set_enabled(flush_, SD_EVENT_ONESHOT);
}

void BusService::emit_pending_changes() {
    for (const sysfs::DeviceId& id : std::exchange(changed_devices_, {})) {
        devices_.changed(id);
        mdevs_.changed(id);
    }
    for (const int group : std::exchange(changed_groups_, {}))
        groups_.changed(group);
}

void BusService::flush() {
    emit_pending_changes();
    if (std::exchange(counts_changed_, false))
        manager_.counts_changed();
    name_.request();
}

int BusService::on_flush(sd_event_source* /*source*/, void* userdata) {
    try {
        static_cast<BusService*>(userdata)->flush();
    } catch (const std::exception&) {
        return 0;  // memory is exhausted; the properties can still be read
    }
    return 0;
}

}  // namespace

/// Connects, and recovers the leases of the previous daemon. The name is requested after the first
/// scan has been published, so that a caller that D-Bus activation keeps waiting for the name finds
/// the devices.
base::Result<std::shared_ptr<void>> attach_bus(sd_event* event, ControllerRunner& controller,
                                               const std::string& bus,
                                               const std::function<void()>& owned) {
    if (bus == "none") {
        owned();
        return std::shared_ptr<void>();
    }
    const std::string address = bus == "system" ? "" : bus;
    try {
        auto service = std::make_shared<BusService>(event, controller, address);
        TRY(service->start(event, owned));
        return std::shared_ptr<void>(std::move(service));
    } catch (const std::exception& error) {
        return base::fail(base::Code::kFailed, "connect",
                          address.empty() ? "the system bus" : address, error.what());
    }
}

}  // namespace bindd
