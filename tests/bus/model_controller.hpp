// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <systemd/sd-event.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "bindd/controller/controller.hpp"
#include "binding/journal/state_dir.hpp"
#include "tests/fake/fake_kernel.hpp"

namespace tests {

/// A controller in one process and one thread: the daemon's seam over the model of the kernel, for
/// tests of the bus. It really looks, decides, plans and carries out, one job a turn of the loop;
/// what it lacks is the executor, so a write that hangs hangs all.
class ModelController final : public bindd::Controller {
  public:
    ModelController(sd_event* event, fake::FakeKernel& kernel, binding::StateDir state,
                    std::vector<std::string> policies);
    ~ModelController() override;

    /// The first look; ready afterwards.
    [[nodiscard]] base::Result<void> start();
    /// Something happened to the kernel.
    void scan();

    [[nodiscard]] const bindd::View& view() const override { return view_; }
    [[nodiscard]] binding::DeviceState state(const sysfs::Device& device) const override;
    [[nodiscard]] bindd::GroupState group_state(int group) const override;
    [[nodiscard]] std::map<std::string, unsigned> counts() const override;
    [[nodiscard]] std::vector<bindd::StuckDevice> stuck() const override { return {}; }
    [[nodiscard]] const binding::StateDir& state_dir() const override { return state_; }
    [[nodiscard]] std::string plan_json() const override;
    [[nodiscard]] base::Result<std::string> explain_json(const sysfs::DeviceId& id) const override;
    [[nodiscard]] base::Result<bindd::JobId> submit(bindd::JobRequest request) override;
    [[nodiscard]] const bindd::Job* job(bindd::JobId id) const override;
    [[nodiscard]] std::vector<bindd::JobId> jobs() const override;
    [[nodiscard]] base::Result<void> cancel(bindd::JobId id) override;
    [[nodiscard]] base::Result<void> reload(const bindd::Requester& requester) override;
    void open(OpenRequest request,
              std::function<void(base::Result<bindd::OpenedDevice>)> done) override;
    void usage(std::vector<sysfs::DeviceId> devices,
               std::function<void(base::Result<sysfs::Usage>)> done) override;
    void subscribe(bindd::Observer& observer) override { observers_.push_back(&observer); }
    void unsubscribe(bindd::Observer& observer) override { std::erase(observers_, &observer); }

  private:
    static int on_turn(sd_event_source* source, void* userdata);
    void run_job(bindd::Job& job);
    [[nodiscard]] base::Result<policy::Plan> make_job_plan(const bindd::JobRequest& request);
    [[nodiscard]] base::Result<policy::Plan> plan_manual(const bindd::JobRequest& request);
    void end(bindd::Job& job);
    template <typename Notify>
    void notify(Notify notify_one) const {
        for (bindd::Observer* observer : std::vector(observers_))
            notify_one(*observer);
    }

    fake::FakeKernel& kernel_;
    binding::StateDir state_;
    std::vector<std::string> policies_;
    bindd::View view_;
    std::vector<bindd::Observer*> observers_;
    std::map<bindd::JobId, bindd::Job> jobs_;
    std::deque<bindd::JobId> waiting_;
    bindd::JobId last_ = 0;
    sd_event_source* turn_ = nullptr;
};

}  // namespace tests
