// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace binding {

/// While one of these lives, this process goes before others; not without CAP_SYS_NICE, nor when somebody has given it a
/// niceness. A device between two drivers serves nobody, and each that is bound makes work for udev, on every processor:
/// what udev does for the first devices is not to hold up the last. Forked workers inherit it, programs they run do not.
class Urgency {
  public:
    Urgency();
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;
    ~Urgency();

    /// From now on what this process forks is as urgent as others are, whatever this process is.
    static void keep_from_children();

  private:
    bool raised_ = false;
};

}  // namespace binding
