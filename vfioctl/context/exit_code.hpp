// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/result.hpp"

namespace vfioctl {

/// How a run ends, as scripts see it.
enum class ExitCode {
    kDone = 0,  ///< done, or nothing to do
    kFailed = 1,
    kUsage = 2,    ///< the command line makes no sense
    kRefused = 3,  ///< a safety check, a policy or a conflict said no; nothing was changed
    kPartly = 4,   ///< some of it was done
    kNoDevice = 5,
    kTimedOut = 6,  ///< a device is stuck in the kernel
    kChanges = 10,  ///< plan --detailed-exitcode: apply would change something
};

/// How a command ends that fails with a library's error of this kind.
[[nodiscard]] ExitCode to_exit_code(base::Code code);
/// The word for a failure of this kind in JSON ("no-such-device").
[[nodiscard]] const char* exit_name(ExitCode code);

}  // namespace vfioctl
