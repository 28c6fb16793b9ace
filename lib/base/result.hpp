// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

/// Exported by libbindd-vfio, whose functions return these.
#pragma GCC visibility push(default)
namespace base {

/// The kind of a failure, for code that decides on it; the errno is kept for the reader.
enum class Code {
    kInvalid,      ///< the argument could never be right (a malformed name, a value out of range)
    kNotFound,     ///< there is no such device, driver, module or file
    kGone,         ///< it was there a moment ago: a device that went while we looked
    kDenied,       ///< EPERM, EACCES, EROFS
    kBusy,         ///< EBUSY: someone holds it, or it is bound already
    kRefused,      ///< a driver's probe, a safety check or the kernel's own rule said no
    kUnsupported,  ///< this kernel or this device does not have the feature
    kStale,        ///< what it was decided from has changed since: decide again
    kTimeout,      ///< a deadline passed; the operation may still be going on
    kFailed,       ///< anything else
};

/// One failure as a value: the operation, its object, the reason, and a hint. `text()` is `object:
/// operation: reason`.
struct Error {
    Code code = Code::kFailed;
    std::string operation;  ///< "bind to mlx5_vfio_pci"
    std::string object;     ///< "0000:01:00.0", or a path
    int errnum = 0;         ///< the errno, 0 when no system call failed
    std::string reason;     ///< overrides strerror(errnum) when set
    std::string hint;       ///< advice, one line, may be empty

    [[nodiscard]] std::string text() const;
};

template <typename T>
using Result = tl::expected<T, Error>;

/// The errno of a failed system call as an Error; the code follows from the errno.
[[nodiscard]] tl::unexpected<Error> fail_errno(int errnum, std::string operation,
                                               std::string object);

/// A failure without an errno.
[[nodiscard]] tl::unexpected<Error> fail(Code code, std::string operation, std::string object,
                                         std::string reason, std::string hint = {});

/// Returns a failure to the caller's caller.
template <typename T>
[[nodiscard]] tl::unexpected<Error> propagate(const Result<T>& failed) {
    return tl::unexpected<Error>(failed.error());
}

[[nodiscard]] Code code_from_errno(int errnum);

}  // namespace base
#pragma GCC visibility pop
