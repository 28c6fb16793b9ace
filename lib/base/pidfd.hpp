// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/// glibc's pidfd functions. Its header lacks the guard for C++, and the one against a second
/// inclusion is never defined, which from 2.43 on is an error. Include this one instead.
extern "C" {
#include <sys/pidfd.h>
}
