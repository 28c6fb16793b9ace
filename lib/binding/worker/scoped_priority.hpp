// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "base/non_copyable.hpp"

namespace binding {

/// While one of these lives, this process goes before others; not without CAP_SYS_NICE, nor when
/// somebody has given it a niceness. A device between two drivers serves nobody, and each that is
/// bound makes work for udev, on every processor: what udev does for the first devices is not to
/// hold up the last. Workers that are forked meanwhile inherit it.
class ScopedPriority : base::NonCopyable {
  public:
    ScopedPriority();
    ~ScopedPriority();

  private:
    bool raised_ = false;
};

}  // namespace binding
