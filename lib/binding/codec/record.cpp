// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/record.hpp"

#include "base/hash.hpp"
#include "base/try.hpp"
#include "binding/codec/record_fields.hpp"
#include "binding/codec/validate.hpp"

namespace binding {
namespace {

constexpr std::size_t kChecksumDigits = 8;

}  // namespace

std::string encode_record(const Record& record) {
    const std::string text = encode_fields(record);
    return base::to_hex(base::fnv1a_32(text), kChecksumDigits) + " " + text;
}

base::Result<Record> decode_record(std::string_view line) {
    const auto damaged = [] {
        return base::fail(base::Code::kInvalid, "read", "journal line", "damaged");
    };
    if (line.size() <= kChecksumDigits || line[kChecksumDigits] != ' ')
        return damaged();
    const auto sum = base::parse_hex(line.substr(0, kChecksumDigits), kChecksumDigits);
    const std::string_view text = line.substr(kChecksumDigits + 1);
    if (!sum || *sum != base::fnv1a_32(text))
        return damaged();
    Record record = TRY(decode_fields<Record>(text, "journal line"));
    TRY(validate(record));
    return record;
}

}  // namespace binding
