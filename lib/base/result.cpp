// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/result.hpp"

#include <cerrno>
#include <system_error>

#include "base/lost_reads.hpp"

namespace base {

std::string Error::text() const {
    std::string out;
    const auto add = [&out](std::string_view part) {
        if (part.empty())
            return;
        if (!out.empty())
            out += ": ";
        out += part;
    };
    add(object);
    add(operation);
    add(!reason.empty() ? reason : errnum != 0 ? std::generic_category().message(errnum) : "");
    return out;
}

Code code_from_errno(int errnum) {
    switch (errnum) {
        case EINVAL:
        case ERANGE:
        case ENAMETOOLONG:
            return Code::kInvalid;
        case ENOENT:
        case ENOTDIR:
            return Code::kNotFound;
        case ENODEV:
        case ENXIO:
            return Code::kGone;
        case EPERM:
        case EACCES:
        case EROFS:
            return Code::kDenied;
        case EBUSY:
        case EEXIST:
            return Code::kBusy;
        case ENOTTY:
        case EOPNOTSUPP:
        case ENOSYS:
            return Code::kUnsupported;
        case ETIMEDOUT:
            return Code::kTimeout;
        default:
            return Code::kFailed;
    }
}

tl::unexpected<Error> fail_errno(int errnum, std::string operation, std::string object) {
    LostReads::note(errnum, object);
    return tl::unexpected<Error>(Error{.code = code_from_errno(errnum),
                                       .operation = std::move(operation),
                                       .object = std::move(object),
                                       .errnum = errnum,
                                       .reason = {},
                                       .hint = {}});
}

tl::unexpected<Error> fail(Code code, std::string operation, std::string object, std::string reason,
                           std::string hint) {
    return tl::unexpected<Error>(Error{.code = code,
                                       .operation = std::move(operation),
                                       .object = std::move(object),
                                       .errnum = 0,
                                       .reason = std::move(reason),
                                       .hint = std::move(hint)});
}

}  // namespace base
