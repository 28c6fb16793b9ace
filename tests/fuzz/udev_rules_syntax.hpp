// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

/// The first line that udev(7) would not take as what it was meant to be; empty: there is none.
/// Stricter than udev: one blank after each comma, and no escape inside a value.
[[nodiscard]] std::string find_udev_syntax_error(std::string_view rules);
