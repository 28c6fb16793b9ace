// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include <iostream>
#include <memory>

#include "base/try.hpp"
#include "tests/fake/fake_kernel.hpp"
#include "vfioctl/cli/invocation.hpp"
#include "vfioctl/client/daemon_client.hpp"
#include "vfioctl/hosts/read_only_host.hpp"

/// vfioctl at the model of the kernel, as main.cpp does it at the real one:
///
///     cli_on_bus DIRECTORY WORDS...
///
/// Through the daemon when BINDD_BUS_ADDRESS says where it is, else on the kernel in DIRECTORY
/// itself.
namespace {

vfioctl::CliResult<vfioctl::ExitCode> run(const std::string& directory,
                                          const vfioctl::Invocation& invocation) {
    fake::FakeKernel kernel(directory + "/kernel");
    const binding::StateDir state{
        directory + "/run", directory + "/lib", directory + "/boot_id", {}};
    auto daemon = TRY(vfioctl::DaemonClient::find(state.run));
    binding::HostSnapshot picture;
    std::unique_ptr<sysfs::Kernel> pictured;
    if (daemon != nullptr) {
        auto seen = daemon->fetch_snapshot({});
        if (!seen)
            return vfioctl::propagate(seen);
        picture = *std::move(seen);
        pictured = std::make_unique<vfioctl::SnapshotHost>(kernel, *daemon, picture);
    }
    vfioctl::GlobalOptions options = invocation.global;
    if (daemon == nullptr)
        options.policies = {directory + "/policy.yaml"};
    vfioctl::CliContext session{.options = options,
                                .kernel = pictured == nullptr ? kernel : *pictured,
                                .state = state,
                                .terminal = {},
                                .user = vfioctl::User::kRoot,
                                .actor = "vfioctl (uid 0)",
                                .check_open = {},
                                .out = std::cout,
                                .err = std::cerr,
                                .daemon = daemon.get(),
                                .snapshot = &picture};
    return invocation.command->run(session, invocation.arguments);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3)
        return 2;
    const auto invocation = vfioctl::parse_command_line({argv + 2, argv + argc});
    if (!invocation) {
        std::cerr << vfioctl::failure_text(invocation.error());
        return static_cast<int>(invocation.error().code);
    }
    const auto ended = run(argv[1], *invocation);
    if (ended)
        return static_cast<int>(*ended);
    std::cerr << vfioctl::failure_text(ended.error());
    return static_cast<int>(ended.error().code);
}
