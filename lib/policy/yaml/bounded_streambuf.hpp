// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <exception>
#include <streambuf>
#include <string>
#include <utility>

#include "policy/yaml/source_file.hpp"

namespace policy {

/// An error of our own checks, which ends the parse. Thrown through yaml-cpp and caught by
/// parse_yaml().
struct YamlError : std::exception {
    YamlError(SourcePosition at, std::string what_is_wrong, std::string what_to_do = {})
        : position(at), text(std::move(what_is_wrong)), hint(std::move(what_to_do)) {}
    [[nodiscard]] const char* what() const noexcept override { return text.c_str(); }
    SourcePosition position;
    std::string text;
    std::string hint;
};

/// Passes a file to yaml-cpp in slices and counts the characters that could begin a token. Throws
/// YamlError when too many pass without an event.
class BoundedStreambuf : public std::streambuf {
  public:
    explicit BoundedStreambuf(const SourceBuffer& source) : source_(&source) {}
    void on_event() { pending_indicators_ = 0; }

  private:
    int_type underflow() override;
    void count(char character, std::size_t offset);

    const SourceBuffer* source_;
    std::string buffer_;
    std::size_t next_ = 0;
    std::size_t pending_indicators_ = 0;
    std::size_t first_ = 0;
};

}  // namespace policy
