// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "sysfs/host/root.hpp"

namespace binding {

/// Which mdevs are meant; absent: any.
struct MdevFilter {
    std::optional<std::string> uuid;
    std::optional<std::string> parent;
};

/// /etc/mdevctl.d, which is mdevctl's too: a directory for each parent, a file for each mdev. Files
/// are replaced, never rewritten in place: a crash leaves the old one or the new.
class MdevStore {
  public:
    explicit MdevStore(const sysfs::Root& root) : directory_(root.path("/etc/mdevctl.d")) {}

    /// Definitions by parent and UUID, and what was passed over: a sentence for each with the
    /// file's name.
    struct Definitions {
        std::vector<MdevDefinition> definitions;
        std::vector<std::string> warnings;
        std::vector<std::string> misnamed;  ///< files whose names are not in lower case
    };
    /// One bad file never hides the others. No directory at all: an empty listing.
    [[nodiscard]] Definitions list(const MdevFilter& filter) const;
    [[nodiscard]] bool has(const MdevDefinition& definition) const;

    [[nodiscard]] base::Result<void> write(const MdevDefinition& definition) const;
    [[nodiscard]] base::Result<void> remove(const MdevDefinition& definition) const;

  private:
    [[nodiscard]] std::string definition_path(const MdevDefinition& definition) const;
    void list_parent(const std::string& parent, const MdevFilter& filter,
                     Definitions& listing) const;

    std::string directory_;
};

}  // namespace binding
