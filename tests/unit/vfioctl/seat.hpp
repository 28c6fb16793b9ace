// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/fake/fake_kernel.hpp"
#include "tests/fake/temp_dir.hpp"
#include "vfioctl/session.hpp"

namespace tests {

/// What a command said and how it ended, on the model of the kernel.
struct Said {
    int status = -1;
    std::string out;
    std::string err;
};

/// Somebody at a machine with the model of the kernel below it: root, with policies in a file, typing
/// command lines.
class Seat {
  public:
    Seat(const fake::World& world, const std::string& policy);

    Said type(const std::string& line);  ///< words between blanks
    void not_root() { user_ = vfioctl::User::kOther; }
    void at_terminal() { screen_.err = vfioctl::Screen::Kind::kTerminal; }

    [[nodiscard]] fake::FakeKernel& kernel() { return kernel_; }
    /// "e1000e", or "vfio-pci (vfio-pci)" with an override.
    [[nodiscard]] std::string stands(const std::string& address);
    [[nodiscard]] const std::string& path() const { return dir_.path(); }

  private:
    fake::TempDir dir_;
    fake::FakeKernel kernel_;
    vfioctl::User user_ = vfioctl::User::kRoot;
    vfioctl::Screen screen_;
};

}  // namespace tests
