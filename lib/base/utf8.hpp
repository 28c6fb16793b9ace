// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace base {

/// One code point at the front of a text: its value and how many bytes it takes. `bytes` is 0 at
/// the end of the text and where the text is not UTF-8 (overlong forms and surrogates are not).
struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 0;
};
[[nodiscard]] CodePoint next_code_point(std::string_view text);

/// Offset of the first byte that is not UTF-8, npos when all of it is.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);

/// Does it move a terminal's cursor, end a line, change the direction of writing or hide? C0 and C1
/// controls, DEL, the Unicode line separators, the bidirectional marks and overrides, and what has
/// no width.
[[nodiscard]] bool is_control(char32_t code_point);

/// `text` for one line of a terminal: each control character and each invalid byte becomes a '?'.
[[nodiscard]] std::string printable(std::string_view text);
/// The same for several lines: line feeds stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

/// `text` in single quotes, printable, and cut after 60 characters: for messages that cite a file.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace base
