// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/bounded_streambuf.hpp"

#include <fmt/format.h>

#include <string_view>

namespace policy {
namespace {

/// Each costs yaml-cpp up to 300 bytes while it waits for a key: 30 MB.
constexpr std::size_t kMaxPendingIndicators = 100'000;
constexpr std::string_view kIndicators = "[]{},:-?\"'&*!|>%@`";

}  // namespace

BoundedStreambuf::int_type BoundedStreambuf::underflow() {
    constexpr std::size_t kSlice = 1024;
    const std::string_view slice = source_->text().substr(next_, kSlice);
    if (slice.empty())
        return traits_type::eof();
    for (std::size_t i = 0; i < slice.size(); ++i)
        count(slice[i], next_ + i);
    next_ += slice.size();
    buffer_.assign(slice);
    setg(buffer_.data(), buffer_.data(), buffer_.data() + buffer_.size());
    return traits_type::to_int_type(buffer_.front());
}

void BoundedStreambuf::count(char character, std::size_t offset) {
    if (kIndicators.find(character) == std::string_view::npos)
        return;
    if (pending_indicators_ == 0)
        first_ = offset;
    if (++pending_indicators_ > kMaxPendingIndicators)
        throw YamlError(source_->position(first_),
                        fmt::format("what begins here is larger or deeper than any policy: at most "
                                    "{} values, nested at most {} deep",
                                    kMaxNodes, kMaxDepth));
}

}  // namespace policy
