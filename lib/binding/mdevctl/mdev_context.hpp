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

/// Mediated devices as mdevctl manages them: definitions, active devices, and the verbs between.
/// The messages of failures are mdevctl's, since scripts know them. Starting and stopping go
/// through the journal like every other write to the kernel.
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
    /// Carries out the plan of one transaction, with its result. Absent: apply() does.
    std::function<base::Result<policy::Plan>(const policy::Plan&)> execute = {};
};

/// The arguments of define, modify and start; absent ones come from the definition or the running
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

}  // namespace binding
