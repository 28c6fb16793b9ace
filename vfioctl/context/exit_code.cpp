// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/exit_code.hpp"

namespace vfioctl {

ExitCode to_exit_code(base::Code code) {
    switch (code) {
        case base::Code::kTimeout:
            return ExitCode::kTimedOut;
        case base::Code::kRefused:
            return ExitCode::kRefused;
        case base::Code::kInvalid:
        case base::Code::kNotFound:
        case base::Code::kGone:
        case base::Code::kDenied:
        case base::Code::kBusy:
        case base::Code::kUnsupported:
        case base::Code::kStale:
        case base::Code::kFailed:
            return ExitCode::kFailed;
    }
    return ExitCode::kFailed;
}

const char* exit_name(ExitCode code) {
    switch (code) {
        case ExitCode::kDone:
            return "done";
        case ExitCode::kFailed:
            return "failed";
        case ExitCode::kUsage:
            return "usage";
        case ExitCode::kRefused:
            return "refused";
        case ExitCode::kPartly:
            return "partly-done";
        case ExitCode::kNoDevice:
            return "no-such-device";
        case ExitCode::kTimedOut:
            return "timed-out";
        case ExitCode::kChanges:
            return "changes";
    }
    return "";
}

}  // namespace vfioctl
