// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "tests/fake/kernel_state.hpp"

/// The kernel's rules on a KernelState. Each function returns the errno of its write, 0 for
/// success. tests/lab/cases/kernel_facts.sh asserts the same rules on a real kernel.
namespace fake {

[[nodiscard]] int set_override(KernelState& world, sysfs::Device& device,
                               const std::string& driver);
/// drivers/<driver>/bind.
[[nodiscard]] int bind(KernelState& world, sysfs::Device& device, const std::string& driver);
/// The end of an unbind, once the device is no longer open.
void finish_unbind(KernelState& world, sysfs::Device& device);
[[nodiscard]] int load_module(KernelState& world, const std::string& module);
[[nodiscard]] int set_vfs(KernelState& world, sysfs::Device& pf, std::uint32_t count);
[[nodiscard]] int create_mdev(KernelState& world, const std::string& parent,
                              const std::string& type, const std::string& uuid);
void remove_mdev(KernelState& world, const std::string& uuid);
/// A hot unplug: the device goes with its VFs and mdevs, whoever has it open.
void unplug(KernelState& world, const sysfs::DeviceId& id);
/// The device appears, without an override, and registered drivers are offered it.
void plug(KernelState& world, sysfs::Device device);
/// nvidia/current_vgpu_type of a VF: one type at a time, 0 is none; the VFIO device exists while
/// a type is set.
[[nodiscard]] int set_vgpu(KernelState& world, sysfs::Device& vf, const std::string& number);
/// resourceN_resize: refused while the device has a driver (resource_resize_store). The model has
/// sizes from 1 MiB up, and `resource` with as many lines as it was given.
[[nodiscard]] int resize_bar(sysfs::Device& device, const std::string& attr,
                             const std::string& value);
/// The next pending VF of that PF appears.
void make_late_vf(KernelState& world, const std::string& pf);

[[nodiscard]] bool is_vfio_bound(const sysfs::Device& device);
/// Modules whose drivers' ids or whose VFIO aliases claim the modalias, most specific first.
[[nodiscard]] std::vector<std::string> modules_matching(const KernelState& world,
                                                        const std::string& modalias);

}  // namespace fake
