// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_io.hpp"
#include "sysfs/host/root.hpp"

namespace sysfs {

/// The text of pci.ids, searched for single entries: parsing its 1.3 MB would take longer than the
/// rest of a listing.
class PciIds {
  public:
    explicit PciIds(std::string_view text) : text_(text) {}

    [[nodiscard]] std::optional<std::string> vendor(std::uint16_t vendor) const;
    [[nodiscard]] std::optional<std::string> device(std::uint16_t vendor,
                                                    std::uint16_t device) const;
    [[nodiscard]] std::optional<std::string> subsystem(std::uint16_t vendor, std::uint16_t device,
                                                       std::uint16_t subsystem_vendor,
                                                       std::uint16_t subsystem_device) const;
    [[nodiscard]] std::optional<std::string> base_class(std::uint8_t code) const;
    [[nodiscard]] std::optional<std::string> subclass(std::uint8_t code, std::uint8_t sub) const;

  private:
    std::string_view text_;
};

/// The first pci.ids there is below /usr/share.
[[nodiscard]] std::optional<base::MappedFile> open_pci_ids(const Root& root);

}  // namespace sysfs
