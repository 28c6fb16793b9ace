// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "binding/journal/state_dir.hpp"
#include "binding/report/host_snapshot.hpp"
#include "sysfs/host/root.hpp"
#include "sysfs/kernel/kernel.hpp"

namespace vfioctl {

enum class Format { kText, kJson };
enum class Color { kAuto, kAlways, kNever };
/// Through the daemon when there is one, or on the kernel itself.
enum class Transport { kAuto, kDirect };

/// The options of any command.
struct GlobalOptions {
    Format format = Format::kText;
    sysfs::Root root;
    std::vector<std::string> policies;  ///< in place of the standard directories
    Transport transport = Transport::kAuto;
    Color color = Color::kAuto;
};

/// What the reader of our output can see.
struct Terminal {
    enum class StreamKind { kFile, kTerminal };
    StreamKind out = StreamKind::kFile;
    StreamKind err = StreamKind::kFile;
    bool colors = false;
    bool unicode = false;
    std::size_t width = 80;  ///< columns, on a terminal
};

/// The user: root may write to the kernel.
enum class User { kRoot, kOther };

/// What lifts a forceable reason against what a command would do: `in_use` of the rule that wants
/// it, the command's own --force, or nothing.
enum class ReasonLift { kRule, kForceOption, kNone };

class DaemonClient;

/// Everything that one command works with; made by main, or by a test.
struct CliContext {
    GlobalOptions options;
    sysfs::Kernel& kernel;  ///< of this machine, or the reader of `options.root`
    binding::StateDir state;
    Terminal terminal;
    User user = User::kOther;
    std::string actor =
        "vfioctl";  ///< for the history: with the uid of who called sudo, or our own
    /// Opens a bound device once, as a program would, for `check: open`.
    std::function<base::Result<void>(const sysfs::Device&)> check_open;
    ReasonLift reason_lift = ReasonLift::kRule;  ///< of the command that runs
    std::ostream& out;
    std::ostream& err;
    /// Null: none is there, or it is not to be used. Else `kernel` is the host as it sees it, and
    /// `picture` the rest.
    DaemonClient* daemon = nullptr;
    const binding::HostSnapshot* snapshot = nullptr;

    [[nodiscard]] bool json() const { return options.format == Format::kJson; }
};

}  // namespace vfioctl
