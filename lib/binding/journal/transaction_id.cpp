// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/journal/transaction_id.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string_view>

#include "base/file_io.hpp"
#include "base/number.hpp"
#include "base/version_sort.hpp"

namespace binding {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::size_t kMicrosDigits = 6;

/// The time in microseconds that the name begins with.
std::optional<std::int64_t> parse_time(const std::string& id) {
    std::tm utc{};
    const char* rest = ::strptime(id.c_str(), "%Y%m%d-%H%M%S.", &utc);
    const auto micros =
        rest == nullptr
            ? std::nullopt
            : std::optional(base::parse_decimal(std::string_view(rest).substr(0, kMicrosDigits)));
    if (!micros || !*micros)
        return std::nullopt;
    return static_cast<std::int64_t>(::timegm(&utc)) * kSecond +
           static_cast<std::int64_t>(**micros);
}

/// The newest that stands in the records' field "txn". No other text can look like that field:
/// quotation marks inside a JSON string are escaped.
std::string newest_in(std::string_view text) {
    constexpr std::string_view kKey = R"("txn":")";
    std::string newest;
    for (std::size_t at = text.find(kKey); at != text.npos; at = text.find(kKey, at)) {
        at += kKey.size();
        std::string id(text.substr(at, text.find('"', at) - at));
        if (base::version_compare(newest, id) < 0 && parse_time(id))
            newest = std::move(id);
    }
    return newest;
}

}  // namespace

std::string newest_transaction_id(const StateDir& state) {
    std::string newest;
    for (const std::string& path :
         {state.journal_path(), state.history_path(), state.history_path() + ".1"}) {
        std::string id = newest_in(base::read_file(path).value_or(""));
        if (base::version_compare(newest, id) < 0)
            newest = std::move(id);
    }
    return newest;
}

std::string next_transaction_id(std::int64_t time_us, const std::string& last, std::size_t number) {
    if (const auto before = parse_time(last))
        time_us = std::max(time_us, *before + 1);
    const std::time_t seconds = time_us / kSecond;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%d-%H%M%S", &utc);
    const std::string micros = std::to_string(kSecond + time_us % kSecond).substr(1);
    return std::string(text.data(), length) + "." + micros + "-" + std::to_string(number);
}

}  // namespace binding
