// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/lost_reads.hpp"

#include <cerrno>
#include <cstring>

namespace base {
namespace {

thread_local LostReads* current = nullptr;

}  // namespace

LostReads::LostReads(Denied denied) : denied_(denied) {
    current = this;
}

LostReads::~LostReads() {
    current = nullptr;
}

void LostReads::note(int errnum, const std::string& object) {
    if (current == nullptr || !current->first_.empty())
        return;
    const bool is_denied = errnum == EACCES || errnum == EPERM;
    const bool is_lost =
        errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM || errnum == EISDIR;
    if (is_lost || (is_denied && current->denied_ == Denied::kIsLoss))
        current->first_ = object + ": " + std::strerror(errnum);
}

}  // namespace base
