// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace tests {

/// An escape sequence, C1's CSI, DEL, a right-to-left override and mark, a line separator, a byte
/// that is no UTF-8.
inline const std::string kHostile =
    "\x1b[31m\xc2\x9b"
    "\x7f\xe2\x80\xae\xe2\x80\x8f\xe2\x80\xa8\xff";

/// Puts it at the end of each line that is no number, in every file below `root` that is no syntax.
void make_lines_hostile(const std::string& root);
/// Adds what the sample hosts do not have: slots, drivers, types, mount points, files of policies,
/// of mdevctl and of the history with such names and texts. Each is read by some command.
void add_hostile_names(const std::string& root);

}  // namespace tests
