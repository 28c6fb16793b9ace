// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "binding/mdevctl/callouts.hpp"
#include "binding/mdevctl/mdev_definition.hpp"
#include "binding/mdevctl/mdev_store.hpp"
#include "binding/transaction/apply.hpp"
#include "sysfs/kernel/kernel.hpp"

/// The commands of mdevctl: defined and active mediated devices, and what changes one to the other.
/// Error messages are mdevctl's, since scripts match them. Start and stop are journaled like every
/// other write to the kernel.
namespace binding {

/// An error in mdevctl's own words: there is no operation or object to name beside them.
[[nodiscard]] inline tl::unexpected<base::Error> fail_mdev(base::Code code, std::string why) {
    return base::fail(code, {}, {}, std::move(why));
}

/// What the verbs work with. Refers to everything, owns nothing.
struct MdevContext {
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
[[nodiscard]] base::Result<std::vector<ListedMdev>> active_mdevs(MdevContext& context,
                                                                 const MdevFilter& filter);
[[nodiscard]] base::Result<std::vector<ListedMdev>> defined_mdevs(MdevContext& context,
                                                                  const MdevFilter& filter);

/// The options of define, modify and start; absent ones come from the definition or the running
/// device.
struct MdevArguments {
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
[[nodiscard]] base::Result<std::string> define_mdev(MdevContext& context,
                                                    const MdevArguments& arguments);
/// Under every parent, unless one is named.
[[nodiscard]] base::Result<void> undefine_mdev(MdevContext& context, const MdevFilter& which);

/// What `modify` is to do to the attributes: insert before `index` (at the end without), or delete
/// there (the last without).
struct AttrEdit {
    enum class EditKind { kNothing, kAdd, kDelete } kind = EditKind::kNothing;
    std::string name;
    std::string value;
    std::optional<std::size_t> index;
};
enum class ModifyTarget { kDefinition, kLive, kLiveAndDefinition };
[[nodiscard]] base::Result<void> modify_mdev(MdevContext& context, const MdevArguments& arguments,
                                             const AttrEdit& edit, ModifyTarget target);

/// Returns the UUID. All of it or nothing: an attribute that the device does not take removes it
/// again.
[[nodiscard]] base::Result<std::string> start_mdev(MdevContext& context,
                                                   const MdevArguments& arguments);
/// Refused while it is open: the kernel would wait for its holder.
[[nodiscard]] base::Result<void> stop_mdev(MdevContext& context, const std::string& uuid);
/// All that are defined with "start": "auto" on this parent and not active yet; each failure is a
/// warning.
[[nodiscard]] base::Result<void> start_parent_mdevs(MdevContext& context,
                                                    const std::string& parent);

}  // namespace binding
