// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/// Under AddressSanitizer memory says nothing: it takes a multiple, and what is freed is kept.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif
