// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "binding/picture.hpp"
#include "policy/plan.hpp"
#include "vfioctl/bus_message.hpp"
#include "vfioctl/failure.hpp"

namespace vfioctl {

/// The daemon, as seen through the bus. Every failure of it is one of the command.
class Daemon {
  public:
    /// Where to look for it: a bus of its own by BINDD_BUS_ADDRESS, else the system bus (which may be
    /// another by DBUS_SYSTEM_BUS_ADDRESS). Null when none is there; not started for the sake of asking.
    [[nodiscard]] static std::unique_ptr<Daemon> find(const std::string& run_directory);
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon();

    /// What it sees; with who uses `devices`, looked up now.
    [[nodiscard]] Outcome<binding::Picture> picture(const std::vector<std::string>& usage_of);

    /// A change to be made, and what came of it.
    struct Wish {
        const char* method;                ///< of the Manager: Apply, Bind, Release, Rollback
        std::vector<std::string> paths{};  ///< of Bind and Release
        std::string transaction{};         ///< of Rollback
        Options options{};
    };
    struct Done {
        policy::Plan plan;
        std::vector<std::string> warnings;
    };
    [[nodiscard]] Outcome<Done> carry_out(const Wish& wish,
                                          const std::function<void(const binding::Progress&)>& progress);

    [[nodiscard]] Outcome<void> reload();
    [[nodiscard]] Outcome<std::vector<binding::HistoryEntry>> history();

    using Properties = std::vector<std::pair<std::string, std::string>>;
    [[nodiscard]] Outcome<Properties> properties(const std::string& path, const char* interface);
    /// Every signal of it from now on, until `told` says to stop.
    enum class Next { kGoOn, kStop };
    [[nodiscard]] Outcome<void> listen(const std::function<Next(sd_bus_message*)>& told);

  private:
    explicit Daemon(sd_bus* bus) : bus_(bus) {}
    [[nodiscard]] Outcome<Message> new_call(const std::string& path, const char* interface, const char* member);
    [[nodiscard]] Outcome<Message> call(sd_bus_message* message);
    [[nodiscard]] Outcome<std::string> begin(const Wish& wish);
    [[nodiscard]] Outcome<void> wait_for(const std::string& job,
                                         const std::function<void(const binding::Progress&)>& progress);
    [[nodiscard]] Outcome<Done> outcome_of(const std::string& job);
    [[nodiscard]] Outcome<void> next();

    sd_bus* bus_;
};

}  // namespace vfioctl
