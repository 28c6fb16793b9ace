// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "binding/picture.hpp"
#include "binding/state_dir.hpp"
#include "sysfs/kernel.hpp"
#include "sysfs/root.hpp"

namespace vfioctl {

enum class Format { kText, kJson };
enum class Colour { kAuto, kAlways, kNever };
/// Through the daemon when there is one, or on the kernel itself.
enum class Road { kAny, kDirect };

/// The options that stand before or after any command.
struct GlobalOptions {
    Format format = Format::kText;
    sysfs::Root root;
    std::vector<std::string> policies;  ///< in place of the standard directories
    Road road = Road::kAny;
    Colour colour = Colour::kAuto;
};

/// What the reader of our output can see.
struct Screen {
    enum class Kind { kFile, kTerminal };
    Kind out = Kind::kFile;
    Kind err = Kind::kFile;
    bool colours = false;
    bool unicode = false;
    std::size_t width = 80;  ///< columns, on a terminal
};

/// Who asks: root may write to the kernel.
enum class User { kRoot, kOther };

class Daemon;

/// Everything that one command works with; made by main, or by a test.
struct Session {
    GlobalOptions options;
    sysfs::Kernel& kernel;  ///< of this machine, or the reader of `options.root`
    binding::StateDir state;
    Screen screen;
    User user = User::kOther;
    std::string actor = "vfioctl";  ///< for the history: with the uid of who called sudo, or our own
    /// Opens a bound device once, as its user would: what `check: open` asks for.
    std::function<sysfs::Result<void>(const sysfs::Device&)> check_open;
    std::ostream& out;
    std::ostream& err;
    /// Null: none is there, or it is not to be used. Else `kernel` is the host as it sees it, and `picture` the rest.
    Daemon* daemon = nullptr;
    const binding::Picture* picture = nullptr;

    [[nodiscard]] bool json() const { return options.format == Format::kJson; }
};

}  // namespace vfioctl
