// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <langinfo.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "sysfs/live_kernel.hpp"
#include "sysfs/text_file.hpp"
#include "vfio/device.hpp"
#include "vfio/system_calls.hpp"
#include "vfioctl/captured_host.hpp"
#include "vfioctl/daemon.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/help.hpp"
#include "vfioctl/mdev_verbs.hpp"
#include "vfioctl/options.hpp"
#include "vfioctl/pictured_host.hpp"
#include "vfioctl/version.hpp"

namespace vfioctl {
namespace {

Screen look_at_screen(Colour wish) {
    Screen screen;
    screen.out = isatty(STDOUT_FILENO) == 1 ? Screen::Kind::kTerminal : Screen::Kind::kFile;
    screen.err = isatty(STDERR_FILENO) == 1 ? Screen::Kind::kTerminal : Screen::Kind::kFile;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        screen.width = size.ws_col;
    screen.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char* no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
    const char* term = std::getenv("TERM");
    const bool plain = (no_color != nullptr && *no_color != '\0') || term == nullptr ||
                       std::strcmp(term, "dumb") == 0;
    switch (wish) {
        case Colour::kAlways:
            screen.colours = true;
            break;
        case Colour::kNever:
            break;
        case Colour::kAuto:
            screen.colours = screen.out == Screen::Kind::kTerminal && !plain;
            break;
    }
    return screen;
}

int report(const Failure& failure, Format format) {
    std::cout.flush();
    std::cerr << failure_text(failure);
    if (format == Format::kJson) {
        nlohmann::ordered_json json = document();
        json["error"] = failure_json(failure);
        std::cout << dump(json);
    }
    return static_cast<int>(failure.code);
}

Outcome<void> check_root(const sysfs::Root& root) {
    struct stat info{};
    if (root.is_live() || (stat(root.prefix.c_str(), &info) == 0 && S_ISDIR(info.st_mode)))
        return {};
    return fail(ExitCode::kFailed, "--root " + root.prefix, "no such directory");
}

std::string actor(const std::string& program) {
    const char* sudo_uid = std::getenv("SUDO_UID");
    const auto caller = sudo_uid == nullptr ? sysfs::Result<std::uint64_t>(getuid())
                                            : sysfs::parse_decimal(sudo_uid);
    return program + " (uid " + std::to_string(caller ? *caller : getuid()) + ")";
}

sysfs::Result<void> open_once(const sysfs::Device& device) {
    vfio::SystemCalls calls;
    const auto opened = vfio::Device::open(calls, device.id.text());
    return opened ? sysfs::Result<void>() : tl::unexpected(opened.error());
}

std::unique_ptr<sysfs::Kernel> kernel_of(const sysfs::Root& root) {
    if (root.is_live())
        return std::make_unique<sysfs::LiveKernel>();
    return std::make_unique<CapturedHost>(root);
}

Session session_on(sysfs::Kernel& kernel, const GlobalOptions& global, std::string who) {
    return {.options = global,
            .kernel = kernel,
            .state = binding::StateDir::below(global.root),
            .screen = look_at_screen(global.colour),
            .user = geteuid() == 0 ? User::kRoot : User::kOther,
            .actor = std::move(who),
            .check_open = open_once,
            .out = std::cout,
            .err = std::cerr};
}

/// What concerns this host as it is, by its own policies. What is done before there can be a daemon is no business of one.
bool goes_through_daemon(const Invocation& invocation) {
    const GlobalOptions& global = invocation.global;
    return invocation.command->through == Through::kDaemon && global.road == Road::kAny && global.root.is_live() &&
           global.policies.empty() && !invocation.arguments.has("early");
}

Outcome<ExitCode> run_command(const Invocation& invocation) {
    const GlobalOptions& global = invocation.global;
    if (auto there = check_root(global.root); !there)
        return propagate(there);
    const auto kernel = kernel_of(global.root);
    std::unique_ptr<Daemon> daemon;
    if (goes_through_daemon(invocation))
        daemon = Daemon::find(binding::StateDir::below(global.root).run);
    if (daemon == nullptr) {
        Session session = session_on(*kernel, global, actor("vfioctl"));
        return invocation.command->run(session, invocation.arguments);
    }
    const auto picture = daemon->picture({});
    if (!picture)
        return propagate(picture);
    PicturedHost host(*kernel, *daemon, *picture);
    Session session = session_on(host, global, actor("vfioctl"));
    session.daemon = daemon.get();
    session.picture = &*picture;
    return invocation.command->run(session, invocation.arguments);
}

/// Under which name were we called? As mdevctl we are that program.
bool is_mdevctl(std::string_view name) {
    return name == "mdevctl" || name == "lsmdev";
}

int be_mdevctl(std::string_view name, std::vector<std::string> words) {
    GlobalOptions global;
    const char* root = std::getenv("MDEVCTL_ENV_ROOT");
    if (root != nullptr && std::string_view(root) != "/")
        global.root.prefix = root;
    if (name == "lsmdev")
        words.insert(words.begin(), "list");
    const auto kernel = kernel_of(global.root);
    Session session = session_on(*kernel, global, actor("mdevctl"));
    return run_as_mdevctl(session, words);
}

Outcome<ExitCode> answer(const Invocation& invocation) {
    switch (invocation.ask) {
        case Invocation::Ask::kTellVersion:
            std::cout << "vfioctl " << kVersion << "\n";
            return ExitCode::kDone;
        case Invocation::Ask::kHelp:
            std::cout << (invocation.command == nullptr ? program_help()
                                                        : command_help(*invocation.command));
            return ExitCode::kDone;
        case Invocation::Ask::kRun:
            return run_command(invocation);
    }
    return ExitCode::kFailed;
}

int be_vfioctl(const std::vector<std::string>& words) {
    const Format format = asks_for_json(words) ? Format::kJson : Format::kText;
    const auto invocation = parse_command_line(words);
    if (!invocation)
        return report(invocation.error(), format);
    const auto ended = answer(*invocation);
    return ended ? static_cast<int>(*ended) : report(ended.error(), format);
}

}  // namespace
}  // namespace vfioctl

int main(int argc, char** argv) {
    using namespace vfioctl;
    std::ios::sync_with_stdio(false);
    std::setlocale(LC_CTYPE, "");
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const std::string name = sysfs::base_name(argc > 0 ? argv[0] : "vfioctl");
    const int status = is_mdevctl(name) ? be_mdevctl(name, words) : be_vfioctl(words);

    std::cout.flush();
    if (!std::cout) {
        std::cerr << name << ": standard output: could not be written\n";
        return static_cast<int>(ExitCode::kFailed);
    }
    return status;
}
