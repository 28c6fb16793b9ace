// SPDX-License-Identifier: LGPL-2.1-or-later
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "base/path.hpp"
#include "base/path_root.hpp"
#include "sysfs/kernel/live_kernel.hpp"
#include "vfio/device.hpp"
#include "vfio/system_calls.hpp"
#include "vfioctl/cli/completion.hpp"
#include "vfioctl/cli/help.hpp"
#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/cli/mdevctl_program.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/hosts/read_only_host.hpp"
#include "vfioctl/hosts/unpacked_root.hpp"
#include "vfioctl/pipeline/policy_loading.hpp"
#include "vfioctl/version.hpp"

namespace vfioctl {
namespace {

Terminal detect_terminal(Color color) {
    Terminal terminal;
    terminal.out =
        isatty(STDOUT_FILENO) == 1 ? Terminal::StreamKind::kTerminal : Terminal::StreamKind::kFile;
    terminal.err =
        isatty(STDERR_FILENO) == 1 ? Terminal::StreamKind::kTerminal : Terminal::StreamKind::kFile;
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.width = size.ws_col;
    terminal.unicode = std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    const char* no_color = std::getenv("NO_COLOR");  // no-color.org: set and not empty
    const char* term = std::getenv("TERM");
    const bool plain = (no_color != nullptr && *no_color != '\0') || term == nullptr ||
                       std::strcmp(term, "dumb") == 0;
    switch (color) {
        case Color::kAlways:
            terminal.colors = true;
            break;
        case Color::kNever:
            break;
        case Color::kAuto:
            terminal.colors = terminal.out == Terminal::StreamKind::kTerminal && !plain;
            break;
    }
    return terminal;
}

int print_failure(const Failure& failure, Format format) {
    std::cout.flush();
    std::cerr << failure_text(failure);
    if (format == Format::kJson) {
        nlohmann::ordered_json json = json_document();
        json["error"] = failure_json(failure);
        std::cout << dump(json);
    }
    return static_cast<int>(failure.code);
}

CliResult<void> enter_root(const sysfs::Root& root) {
    if (root.is_live() || base::confine_paths(root.prefix))
        return {};
    return fail(ExitCode::kFailed, "--root " + root.prefix, "no such directory");
}

std::string actor(const std::string& program) {
    const char* sudo_uid = std::getenv("SUDO_UID");
    const auto caller =
        sudo_uid == nullptr ? base::Result<std::uint64_t>(getuid()) : base::parse_decimal(sudo_uid);
    return program + " (uid " + std::to_string(caller ? *caller : getuid()) + ")";
}

base::Result<void> check_open(const sysfs::Device& device) {
    vfio::SystemCalls calls;
    const auto opened = vfio::VfioDevice::open(calls, device.id.text());
    return opened ? base::Result<void>() : tl::unexpected(opened.error());
}

std::unique_ptr<sysfs::Kernel> make_kernel(const sysfs::Root& root) {
    if (root.is_live())
        return std::make_unique<sysfs::LiveKernel>(sysfs::HangingReads::kAbandon);
    return std::make_unique<CapturedHost>(root);
}

struct Streams {
    std::ostream& out = std::cout;
    std::ostream& err = std::cerr;
};

CliContext make_context(sysfs::Kernel& kernel, const GlobalOptions& global, std::string who,
                        Streams streams = {}) {
    return {.options = global,
            .kernel = kernel,
            .state = binding::StateDir::below(global.root),
            .terminal = detect_terminal(global.color),
            .user = geteuid() == 0 ? User::kRoot : User::kOther,
            .actor = std::move(who),
            .check_open = check_open,
            .out = streams.out,
            .err = streams.err};
}

/// The daemon serves commands on this host with its own policies, except for what units do during
/// the boot.
bool should_use_daemon(const Invocation& invocation) {
    const GlobalOptions& global = invocation.global;
    return invocation.command->uses_daemon == UsesDaemon::kYes &&
           global.transport == Transport::kAuto && global.root.is_live() &&
           global.policies.empty() && !invocation.arguments.has("early") &&
           !invocation.arguments.has("at-boot");
}

CliResult<ExitCode> run_once(const Invocation& invocation, Streams streams) {
    const GlobalOptions& global = invocation.global;
    const auto kernel = make_kernel(global.root);
    std::unique_ptr<DaemonClient> daemon;
    if (should_use_daemon(invocation))
        daemon = TRY(DaemonClient::find(binding::StateDir::below(global.root).controller_dir()));
    if (daemon == nullptr) {
        CliContext cli = make_context(*kernel, global, actor("vfioctl"), streams);
        return invocation.command->run(cli, invocation.arguments);
    }
    const auto snapshot = TRY(daemon->fetch_snapshot({}));
    SnapshotHost host(*kernel, *daemon, snapshot);
    CliContext cli = make_context(host, global, actor("vfioctl"), streams);
    cli.daemon = daemon.get();
    cli.snapshot = &snapshot;
    return invocation.command->run(cli, invocation.arguments);
}

/// `--watch`: runs the command every second and prints what it says whenever that has changed,
/// until the reader of the output goes away. A daemon may come and go meanwhile.
CliResult<ExitCode> run_watched(const Invocation& invocation) {
    constexpr int kMilliseconds = 1000;
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    std::string shown;
    for (bool first = true;; first = false) {
        std::ostringstream out;
        std::ostringstream err;
        const auto ended = run_once(invocation, {out, err});
        if (!ended)
            return ended;
        if (std::string now = err.str() + out.str(); first || now != shown) {
            std::cout << (is_terminal                                          ? "\033[H\033[2J"
                          : first || invocation.global.format == Format::kJson ? ""
                                                                               : "\n")
                      << out.str() << std::flush;
            std::cerr << err.str();
            shown = std::move(now);
        }
        pollfd reader{.fd = STDOUT_FILENO, .events = 0, .revents = 0};  // POLLERR: it is gone
        if (poll(&reader, 1, kMilliseconds) > 0 || !std::cout)
            return ExitCode::kDone;
    }
}

CliResult<ExitCode> run_command(Invocation invocation) {
    sysfs::Root& root = invocation.global.root;
    std::optional<UnpackedRoot> unpacked;
    std::error_code ignored;
    const auto status = std::filesystem::status(root.prefix, ignored);
    if (root.prefix == "-" ||
        (std::filesystem::exists(status) && !std::filesystem::is_directory(status))) {
        unpacked.emplace(TRY(UnpackedRoot::unpack(root.prefix)));
        root.prefix = unpacked->directory();
    } else {
        TRY(enter_root(root));
    }
    TRY(check_named_policies(invocation.global));
    return invocation.arguments.has("watch") ? run_watched(invocation) : run_once(invocation, {});
}

/// Under which name were we called? As mdevctl we are that program.
bool is_mdevctl(std::string_view name) {
    return name == "mdevctl" || name == "lsmdev";
}

int main_as_mdevctl(std::string_view name, std::vector<std::string> words) {
    GlobalOptions global;
    const char* root = std::getenv("MDEVCTL_ENV_ROOT");
    if (root != nullptr && std::string_view(root) != "/")
        global.root.prefix = root;
    if (const auto entered = enter_root(global.root); !entered)
        return print_failure(entered.error(), Format::kText);
    if (name == "lsmdev")
        words.insert(words.begin(), "list");
    const auto kernel = make_kernel(global.root);
    CliContext cli = make_context(*kernel, global, actor("mdevctl"));
    return run_as_mdevctl(cli, words);
}

CliResult<ExitCode> run_invocation(const Invocation& invocation) {
    switch (invocation.kind) {
        case Invocation::InvocationKind::kShowVersion:
            std::cout << "vfioctl " << kVersion << "\n";
            return ExitCode::kDone;
        case Invocation::InvocationKind::kHelp:
            std::cout << (!invocation.family.empty()      ? family_help(invocation.family)
                          : invocation.command == nullptr ? program_help()
                                                          : command_help(*invocation.command));
            return ExitCode::kDone;
        case Invocation::InvocationKind::kRun:
            return run_command(invocation);
    }
    return ExitCode::kFailed;
}

/// For the shells' scripts. A wrong line has no completions, which is no error; a slow host is left
/// at the deadline.
int main_as_completer(const std::vector<std::string>& words) {
    constexpr unsigned kDeadlineSeconds = 3;
    alarm(kDeadlineSeconds);
    const CompletionPlace place = find_completion_place(words);
    if (!enter_root(place.global.root))
        return 0;
    const auto kernel = make_kernel(place.global.root);
    CliContext cli = make_context(*kernel, place.global, actor("vfioctl"));
    std::cout << completion_text(cli, place);
    return 0;
}

int main_as_vfioctl(const std::vector<std::string>& words) {
    if (!words.empty() && words[0] == "__complete")
        return main_as_completer({words.begin() + 1, words.end()});
    const Format format = asks_for_json(words) ? Format::kJson : Format::kText;
    const auto invocation = parse_command_line(words);
    if (!invocation)
        return print_failure(invocation.error(), format);
    const auto ended = run_invocation(*invocation);
    return ended ? static_cast<int>(*ended) : print_failure(ended.error(), format);
}

}  // namespace
}  // namespace vfioctl

int main(int argc, char** argv) {
    using namespace vfioctl;
    std::ios::sync_with_stdio(false);
    std::setlocale(LC_CTYPE, "");
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    const std::string name = base::base_name(argc > 0 ? argv[0] : "vfioctl");
    const int status = is_mdevctl(name) ? main_as_mdevctl(name, words) : main_as_vfioctl(words);

    std::cout.flush();
    if (!std::cout) {
        std::cerr << name << ": standard output: could not be written\n";
        return static_cast<int>(ExitCode::kFailed);
    }
    return status;
}
