// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "binding/apply.hpp"
#include "binding/callouts.hpp"
#include "binding/mdev_definition.hpp"
#include "binding/mdev_store.hpp"
#include "sysfs/kernel.hpp"

/// Mediated devices by hand, as mdevctl does it: what is defined, what is active, and the verbs between. The
/// sentences of failures are mdevctl's, since scripts know them. Starting and stopping go through the
/// journal like everything else that is written to the kernel.
namespace binding {

/// What the verbs work with. Refers to everything, owns nothing.
struct MdevDesk {
    sysfs::Kernel& kernel;
    const StateDir& state;
    const MdevStore& store;
    Callouts& callouts;
    ApplyOptions options;
    Force force = Force::kNo;
    std::function<void(const std::string&)> warn;
};

/// One line of a list: the definition, or of an active device what is known of it.
struct ListedMdev {
    MdevDefinition definition;
    bool active = false;
    bool defined = false;
};

/// Sorted by parent and UUID.
[[nodiscard]] sysfs::Result<std::vector<ListedMdev>> active_mdevs(MdevDesk& desk,
                                                                  const MdevFilter& filter);
[[nodiscard]] sysfs::Result<std::vector<ListedMdev>> defined_mdevs(MdevDesk& desk,
                                                                   const MdevFilter& filter);

/// What define, modify and start are told; absent things come from the definition or the running device.
struct MdevWords {
    std::optional<std::string> uuid;
    std::optional<std::string> parent;
    std::optional<std::string> type;
    std::optional<MdevStart> start;
    /// The text behind --jsonfile, and the name it was read from.
    struct JsonFile {
        std::string name;
        std::string text;
    };
    std::optional<JsonFile> json;
};

/// Returns the UUID: a new one where none was given.
[[nodiscard]] sysfs::Result<std::string> define_mdev(MdevDesk& desk, const MdevWords& words);
/// Under every parent, unless one is named.
[[nodiscard]] sysfs::Result<void> undefine_mdev(MdevDesk& desk, const MdevFilter& which);

/// What `modify` is to do to the attributes: insert before `index` (at the end without), or delete there
/// (the last without).
struct AttrEdit {
    enum class What { kNothing, kAdd, kDelete } what = What::kNothing;
    std::string name;
    std::string value;
    std::optional<std::size_t> index;
};
enum class ModifyWhat { kDefinition, kLive, kLiveAndDefinition };
[[nodiscard]] sysfs::Result<void> modify_mdev(MdevDesk& desk, const MdevWords& words,
                                              const AttrEdit& edit, ModifyWhat what);

/// Returns the UUID. All of it or nothing: an attribute that the device does not take removes it again.
[[nodiscard]] sysfs::Result<std::string> start_mdev(MdevDesk& desk, const MdevWords& words);
/// Refused while it is open: the kernel would wait for its holder.
[[nodiscard]] sysfs::Result<void> stop_mdev(MdevDesk& desk, const std::string& uuid);
/// All that are defined with "start": "auto" on this parent and not active yet; each failure is a warning.
[[nodiscard]] sysfs::Result<void> start_parent_mdevs(MdevDesk& desk, const std::string& parent);

}  // namespace binding
