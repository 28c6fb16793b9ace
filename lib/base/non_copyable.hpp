// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace base {

/// A base of classes whose objects stay where they are: others hold their address.
class NonCopyable {
  public:
    NonCopyable(const NonCopyable&) = delete;
    NonCopyable& operator=(const NonCopyable&) = delete;

  protected:
    NonCopyable() = default;
    ~NonCopyable() = default;
};

}  // namespace base
