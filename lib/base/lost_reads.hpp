// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

#include "base/non_copyable.hpp"

namespace base {

/// While one exists, keeps the first read of this thread that failed for want of descriptors or
/// memory, or since something else is in place of the file. Most readers take an optional file that
/// cannot be read for one that is absent, which is right for all other reasons. A thread has one at
/// a time.
class LostReads : private NonCopyable {
  public:
    enum class Denied {
        kIsExpected,  ///< on this machine: of users other than root, and under lockdown
        kIsLoss,      ///< in a capture, which has what could be read
    };
    explicit LostReads(Denied denied);
    ~LostReads();

    /// "/sys/class/net: list: Too many open files"; empty: none.
    [[nodiscard]] const std::string& first() const { return first_; }

    /// Called for each read that failed.
    static void note(int errnum, const std::string& object);

  private:
    Denied denied_;
    std::string first_;
};

}  // namespace base
