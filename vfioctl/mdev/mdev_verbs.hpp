// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "binding/mdevctl/mdev_context.hpp"
#include "vfioctl/context/command.hpp"

/// What `vfioctl mdev VERB` and `mdevctl VERB` have in common: the options, which are mdevctl's,
/// the checks of them, and the work. The two differ in how a failure is told and in what follows
/// the text.
namespace vfioctl {

enum class MdevVerb { kTypes, kList, kDefine, kUndefine, kModify, kStart, kStop };

[[nodiscard]] const std::vector<OptionSpec>& mdev_options(MdevVerb verb);

/// Which options exclude or need each other, and what a UUID looks like. Every failure is a kUsage.
[[nodiscard]] CliResult<void> check_mdev_options(MdevVerb verb, const Arguments& arguments);

/// What a verb has to say: mdevctl's text, and the same as an object of vfioctl's.
struct MdevOutput {
    std::string text;
    nlohmann::ordered_json json;
};
[[nodiscard]] base::Result<MdevOutput> run_mdev_verb(MdevVerb verb, binding::MdevContext& context,
                                                     const Arguments& arguments);

/// A context with all that it refers to, for one command.
class MdevCommandContext {
  public:
    /// Under whose name. Of a captured host vfioctl runs no script; mdevctl's own MDEVCTL_ENV_ROOT
    /// does.
    enum class Program { kVfioctl, kMdevctl };
    MdevCommandContext(CliContext& cli, Program program, binding::Force force);
    MdevCommandContext(const MdevCommandContext&) = delete;
    MdevCommandContext& operator=(const MdevCommandContext&) = delete;

    [[nodiscard]] binding::MdevContext& context() { return context_; }

  private:
    binding::MdevStore store_;
    binding::Callouts callouts_;
    binding::MdevContext context_;
};

/// The program under the name of mdevctl (or lsmdev): its command lines, its texts, its exit
/// statuses.
[[nodiscard]] int run_as_mdevctl(CliContext& cli, const std::vector<std::string>& words);

}  // namespace vfioctl
