// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "tests/fake/kernel_state.hpp"

/// The kernel's rules on a KernelState, each as the errno that its write would give (0: it worked).
/// They are design/kernel.md's; the lab shows that a real kernel has them too.
namespace fake {

[[nodiscard]] int set_override(KernelState& world, sysfs::Device& device,
                               const std::string& driver);
/// drivers/<driver>/bind.
[[nodiscard]] int bind(KernelState& world, sysfs::Device& device, const std::string& driver);
/// What is left of an unbind once it has been allowed and nobody holds the device any more.
void finish_unbind(KernelState& world, sysfs::Device& device);
[[nodiscard]] int load_module(KernelState& world, const std::string& module);
[[nodiscard]] int set_vfs(KernelState& world, sysfs::Device& pf, std::uint32_t count);
[[nodiscard]] int create_mdev(KernelState& world, const std::string& parent,
                              const std::string& type, const std::string& uuid);
void remove_mdev(KernelState& world, const std::string& uuid);
/// nvidia/current_vgpu_type of a VF: one type at a time, 0 is none; the VFIO device comes and goes
/// with it.
[[nodiscard]] int set_vgpu(KernelState& world, sysfs::Device& vf, const std::string& number);
/// The next promised VF of that PF comes into being.
void make_late_vf(KernelState& world, const std::string& pf);

[[nodiscard]] bool is_vfio_bound(const sysfs::Device& device);
/// Modules whose drivers' ids or whose VFIO aliases claim the modalias, most specific first.
[[nodiscard]] std::vector<std::string> modules_matching(const KernelState& world,
                                                        const std::string& modalias);

}  // namespace fake
