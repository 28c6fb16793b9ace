// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/binding/test_host.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/file_io.hpp"
#include "binding/transaction/release_plan.hpp"
#include "policy/plan/plan_steps.hpp"
#include "sysfs/device/names.hpp"

namespace binding {
namespace {

policy::ChainLink link(const std::string& driver) {
    policy::ChainLink link;
    link.driver = driver;
    link.module = sysfs::normalise_module(driver);
    link.status = policy::CandidateStatus::kUse;
    link.from = "rule test";
    return link;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const DriverState& state) {
    return out << state.driver.value_or("-") << " (override " << state.driver_override.value_or("-")
               << ")";
}

TestHost::TestHost(const fake::KernelState& world) : kernel_(dir_.path() + "/kernel") {
    fake::FakeKernel::create(dir_.path() + "/kernel", world);
    std::ofstream(dir_.path() + "/boot_id") << "boot-1\n";
    state_.run = dir_.path() + "/run/bindd";
    state_.lib = dir_.path() + "/var/lib/bindd";
    state_.boot_id = dir_.path() + "/boot_id";
    state_.on_write = [this](const char* what) { return on_disk_write(what); };
    options_.timeout = std::chrono::milliseconds(2000);
    options_.workers = 1;
    options_.on_warning = [this](const std::string& text) { warnings_.push_back(text); };
}

policy::Change TestHost::change(const std::string& device,
                                const std::vector<std::string>& drivers) {
    const auto now = kernel_.device(pci_id(device));
    EXPECT_TRUE(now) << now.error().text();
    policy::Change change;
    change.target = {now->id, now->identity()};
    change.from_driver = now->driver;
    change.from_override = now->driver_override;
    for (const std::string& driver : drivers)
        change.candidates.push_back(link(driver));
    change.rule = "test";
    change.where = "test.yaml:1";
    return change;
}

policy::Plan TestHost::make_plan(std::vector<policy::Change> changes) {
    policy::Transaction transaction;
    transaction.verdict = policy::Verdict::kChange;
    for (const policy::Change& change : changes) {
        transaction.devices.push_back(change.target.id);
        transaction.group = change.target.identity.iommu_group;
    }
    transaction.steps = policy::make_steps(changes, kernel_.state().inventory());
    transaction.changes = std::move(changes);
    return {{std::move(transaction)}};
}

policy::Plan TestHost::plan(const std::vector<std::string>& devices,
                            const std::vector<std::string>& drivers) {
    std::vector<policy::Change> changes;
    for (const std::string& device : devices) {
        changes.push_back(change(device, drivers));
        changes.back().taken_along = changes.size() > 1;
    }
    return make_plan(std::move(changes));
}

policy::Plan TestHost::apply(policy::Plan plan) {
    auto done = binding::apply(kernel_, state_, std::move(plan), options_);
    EXPECT_TRUE(done) << done.error().text();
    return done ? *std::move(done) : policy::Plan{};
}

policy::Plan TestHost::release_plan(const std::vector<std::string>& devices) {
    std::vector<sysfs::DeviceId> ids;
    for (const std::string& device : devices)
        ids.push_back(pci_id(device));
    auto plan = plan_release(kernel_, state_, kernel_.state().inventory(), ids);
    EXPECT_TRUE(plan) << plan.error().text();
    return plan ? *std::move(plan) : policy::Plan{};
}

policy::Plan TestHost::release(const std::vector<std::string>& devices) {
    options_.action = "release";
    policy::Plan done = apply(release_plan(devices));
    options_.action = "apply";
    return done;
}

void TestHost::recover() {
    const auto notes = binding::recover(kernel_, state_, options_);
    ASSERT_TRUE(notes) << notes.error().text();
}

unsigned TestHost::moments() const {
    struct stat status {};
    return ::stat((path() + "/kernel.moments").c_str(), &status) == 0
               ? static_cast<unsigned>(status.st_size)
               : 0;
}

std::string TestHost::moment_kinds() const {
    return base::read_file(path() + "/kernel.moments").value_or("");
}

int TestHost::on_disk_write(const char* what) {
    const unsigned moment = kernel_.crash_point(what);
    if (full_at_ == 0 || moment < full_at_ || std::string_view(what) == "journal written")
        return 0;
    if (moment == full_at_ && std::string_view(what) == "journal write")
        std::ofstream(state_.journal_path(), std::ios::app) << "\nthe front half of a rec";
    return ENOSPC;
}

DriverStates TestHost::driver_states() {
    DriverStates states;
    for (const auto& [id, device] : kernel_.state().devices)
        states[id.name] = {device.driver, device.driver_override};
    return states;
}

JournalState TestHost::journal_state() {
    auto journal_state = read_journal(state_);
    EXPECT_TRUE(journal_state) << journal_state.error().text();
    return journal_state ? *std::move(journal_state) : JournalState{};
}

std::string TestHost::state_files() const {
    std::string all;
    for (const std::string& top : {state_.run, state_.lib}) {
        if (!std::filesystem::exists(top))
            continue;
        for (const auto& entry : std::filesystem::directory_iterator(top)) {
            struct stat status {};
            ::stat(entry.path().c_str(), &status);
            all += entry.path().string() + " " + std::to_string(status.st_size) + " " +
                   std::to_string(status.st_mtim.tv_sec) + "." +
                   std::to_string(status.st_mtim.tv_nsec) + " " + std::to_string(status.st_ino) +
                   "\n";
        }
    }
    return all;
}

bool TestHost::survives(const std::function<void()>& run) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::setpgid(0, 0);
        run();
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::vector<std::string> words(const std::vector<policy::Step>& steps) {
    std::vector<std::string> all;
    for (const policy::Step& step : steps)
        all.push_back(std::string(policy::op_name(step.op)) + " " + step.device.display() + " " +
                      step.value.value_or("-") + " " +
                      (step.result ? policy::step_result_name(*step.result) : "-") +
                      (step.error.empty() ? "" : ": " + step.error));
    return all;
}

fake::KernelState one_nic() {
    fake::Host host;
    host.pci("0000:01:00.0").nic().group(15).driver("e1000e");
    return fake::KernelState::from(host);
}

fake::KernelState group_of_three() {
    fake::Host host;
    host.pci("0000:00:1f.2")
        .vendor("8086", "2922")
        .class_code("010601")
        .group(7)
        .driver("ahci")
        .override_("ahci");
    host.pci("0000:00:1f.3")
        .vendor("8086", "2930")
        .class_code("0c0500")
        .group(7)
        .driver("i801_smbus");
    host.pci("0000:00:1f.4").vendor("8086", "2940").class_code("040300").group(7).unbound();
    return fake::KernelState::from(host);
}

}  // namespace binding
