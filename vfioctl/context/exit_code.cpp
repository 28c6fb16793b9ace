// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/exit_code.hpp"

#include "base/name_table.hpp"

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

namespace {

constexpr base::NameTable<ExitCode::kChanges> kExitNames{
    "done",      "failed", "usage", "refused", "partly-done", "no-such-device",
    "timed-out", "",       "",      "",        "changes"};

}  // namespace

const char* exit_name(ExitCode code) {
    return kExitNames[code];
}

}  // namespace vfioctl
