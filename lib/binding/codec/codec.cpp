// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/codec.hpp"

#include "base/try.hpp"
#include "binding/codec/field_lists.hpp"
#include "binding/codec/validate.hpp"

namespace binding {

std::string encode(const policy::Transaction& transaction) {
    return encode_fields(transaction);
}

std::string encode(const sysfs::Device& device) {
    return encode_fields(device);
}

std::string encode(const base::Error& error) {
    return encode_fields(error);
}

base::Result<policy::Transaction> decode_transaction(std::string_view line) {
    auto transaction = TRY(decode_fields<policy::Transaction>(line, "a transaction"));
    TRY(validate(transaction));
    return transaction;
}

base::Result<sysfs::Device> decode_device(std::string_view line) {
    auto device = TRY(decode_fields<sysfs::Device>(line, "a device"));
    TRY(validate(device));
    return device;
}

base::Result<base::Error> decode_error(std::string_view line) {
    return decode_fields<base::Error>(line, "an error");
}

}  // namespace binding
