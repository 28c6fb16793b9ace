// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sysfs/device/names.hpp"
#include "sysfs/host/root.hpp"

namespace vfioctl {

/// One host device of a domain of libvirt's.
struct LibvirtHostdev {
    enum class DomainState { kDefined, kRunning };
    enum class ManagedMode { kNo, kYes };
    std::string domain;
    DomainState state = DomainState::kDefined;
    ManagedMode managed = ManagedMode::kNo;  ///< kYes: libvirt itself binds it and gives it back
    sysfs::DeviceId device;
    std::string path;  ///< of the file that says so
};

/// From the files of libvirt's drivers: /etc/libvirt/*/NAME.xml of defined domains,
/// /run/libvirt/*/NAME.xml of running ones (readable by root only). None is no failure.
[[nodiscard]] std::vector<LibvirtHostdev> read_libvirt_hostdevs(const sysfs::Root& root);

/// The host devices of one domain's XML, PCI and mediated; path, name and state are the caller's.
[[nodiscard]] std::vector<LibvirtHostdev> parse_hostdevs(std::string_view xml);

}  // namespace vfioctl
