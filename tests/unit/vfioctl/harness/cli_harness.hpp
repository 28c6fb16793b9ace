// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"
#include "vfioctl/context/cli_context.hpp"

namespace tests {

/// The output and the exit status of a command on the model of the kernel.
struct CommandOutput {
    int status = -1;
    std::string out;
    std::string err;
};

/// Runs command lines on the model of the kernel, as root, with policies in a file.
class CliHarness {
  public:
    CliHarness(const fake::KernelState& world, const std::string& policy);

    CommandOutput run(const std::string& line);  ///< words between blanks
    void not_root() { user_ = vfioctl::User::kOther; }
    void at_terminal() { terminal_.err = vfioctl::Terminal::StreamKind::kTerminal; }

    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    /// "e1000e", or "vfio-pci (vfio-pci)" with an override.
    [[nodiscard]] std::string driver_state(const std::string& address);
    [[nodiscard]] const std::string& path() const { return dir_.path(); }

  private:
    fake::TempDir dir_;
    fake::FakeKernel kernel_;
    vfioctl::User user_ = vfioctl::User::kRoot;
    vfioctl::Terminal terminal_;
};

}  // namespace tests
