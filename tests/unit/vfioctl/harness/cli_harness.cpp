// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/harness/cli_harness.hpp"

#include <fstream>

#include "vfioctl/cli/invocation.hpp"

namespace tests {
namespace {

std::vector<std::string> split(const std::string& line) {
    std::istringstream words(line);
    std::vector<std::string> out;
    for (std::string word; words >> word;)
        out.push_back(word);
    return out;
}

}  // namespace

CliHarness::CliHarness(const fake::KernelState& world, const std::string& policy)
    : kernel_(dir_.path() + "/kernel") {
    fake::FakeKernel::create(dir_.path() + "/kernel", world);
    std::ofstream(dir_.path() + "/policy.yaml") << policy;
    std::ofstream(dir_.path() + "/boot_id") << "boot-1\n";
}

CommandOutput CliHarness::run(const std::string& line) {
    std::vector<std::string> words = split(line);
    if (line.find("--policy") == std::string::npos)
        words.insert(words.begin(), {"--policy", dir_.path() + "/policy.yaml"});
    const auto invocation = vfioctl::parse_command_line(words);
    if (!invocation)
        return {static_cast<int>(invocation.error().code), "",
                vfioctl::failure_text(invocation.error())};
    std::ostringstream out;
    std::ostringstream err;
    vfioctl::CliContext context{.options = invocation->global,
                                .kernel = kernel_,
                                .state = {.run = dir_.path() + "/run",
                                          .lib = dir_.path() + "/lib",
                                          .boot_id = dir_.path() + "/boot_id",
                                          .on_write = {},
                                          .udev_rules = dir_.path() + "/rules.d"},
                                .terminal = terminal_,
                                .user = user_,
                                .actor = "vfioctl (uid 0)",
                                .check_open = {},
                                .out = out,
                                .err = err};
    const auto ended = invocation->command->run(context, invocation->arguments);
    if (!ended)
        err << vfioctl::failure_text(ended.error());
    return {static_cast<int>(ended ? *ended : ended.error().code), out.str(), err.str()};
}

std::string CliHarness::driver_state(const std::string& address) {
    const auto device = kernel_.device(fake::pci_id(address));
    if (!device)
        return device.error().text();
    return device->driver.value_or("none") +
           (device->driver_override ? " (" + *device->driver_override + ")" : "");
}

}  // namespace tests
