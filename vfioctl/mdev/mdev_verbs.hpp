// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/non_copyable.hpp"
#include "binding/mdevctl/mdev_context.hpp"
#include "vfioctl/mdev/mdev_options.hpp"

/// What `vfioctl mdev VERB` and `mdevctl VERB` have in common: the options, which are mdevctl's,
/// the checks of them, and the work. The two differ in how they print a failure and in what follows
/// the text.
namespace vfioctl {

/// The output of a verb: mdevctl's text, and the same as a JSON object of vfioctl's.
struct MdevOutput {
    std::string text;
    nlohmann::ordered_json json;
};
[[nodiscard]] base::Result<MdevOutput> run_mdev_verb(MdevVerb verb, binding::MdevContext& context,
                                                     const Arguments& arguments);

/// A context with all that it refers to, for one command.
class MdevCommandContext : base::NonCopyable {
  public:
    /// The program that runs. vfioctl runs no script of a captured host; mdevctl does, below
    /// MDEVCTL_ENV_ROOT.
    enum class Program { kVfioctl, kMdevctl };
    MdevCommandContext(CliContext& cli, Program program, binding::Force force);

    [[nodiscard]] binding::MdevContext& context() { return context_; }

  private:
    binding::MdevStore store_;
    binding::Callouts callouts_;
    binding::MdevContext context_;
};

}  // namespace vfioctl
