// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/region_io.hpp"

#include <endian.h>

#include <cerrno>

#include "base/try.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/src/abi/errno_hints.hpp"

namespace vfio {
namespace {

std::string span_text(std::uint64_t offset, std::uint64_t length) {
    return std::to_string(length) + " bytes at " + hex_text(offset);
}

const char* io_hint(int errnum) {
    return errnum == EIO ? "memory decoding is off (the command register), or the device sleeps"
                         : "";
}

std::uint8_t swap(std::uint8_t value) {
    return value;
}
std::uint16_t swap(std::uint16_t value) {
    return le16toh(value);
}
std::uint32_t swap(std::uint32_t value) {
    return le32toh(value);
}
std::uint64_t swap(std::uint64_t value) {
    return le64toh(value);
}

template <typename T>
Result<T> read_one(const RegionIo& io, std::uint64_t offset) {
    T value{};
    TRY(io.read(offset, std::as_writable_bytes(std::span(&value, 1))));
    return swap(value);
}

template <typename T>
Result<void> write_one(const RegionIo& io, std::uint64_t offset, T value) {
    const T raw = swap(value);
    return io.write(offset, std::as_bytes(std::span(&raw, 1)));
}

}  // namespace

Result<void> RegionIo::check(std::uint64_t offset, std::uint64_t length, std::uint32_t right,
                             const char* operation) const {
    if ((region_.flags & right) == 0)
        return base::fail(Code::kDenied, operation, name_, "the region does not allow it");
    if (offset > region_.size || region_.size - offset < length)
        return base::fail(Code::kInvalid, std::string(operation) + " " + span_text(offset, length),
                          name_, "outside the region's " + hex_text(region_.size) + " bytes");
    return {};
}

Result<void> RegionIo::read(std::uint64_t offset, std::span<std::byte> into) const {
    TRY(check(offset, into.size(), abi::kRegionRead, "read"));
    const ssize_t got = calls_->pread(*fd_, into, region_.offset + offset);
    const std::string operation = "read " + span_text(offset, into.size());
    if (got < 0)
        return fail_call(static_cast<int>(-got), operation, name_, io_hint(static_cast<int>(-got)));
    if (static_cast<std::size_t>(got) != into.size())
        return base::fail(Code::kFailed, operation, name_,
                          "only " + std::to_string(got) + " bytes came");
    return {};
}

Result<void> RegionIo::write(std::uint64_t offset, std::span<const std::byte> from) const {
    TRY(check(offset, from.size(), abi::kRegionWrite, "write"));
    const ssize_t put = calls_->pwrite(*fd_, from, region_.offset + offset);
    const std::string operation = "write " + span_text(offset, from.size());
    if (put < 0)
        return fail_call(static_cast<int>(-put), operation, name_, io_hint(static_cast<int>(-put)));
    if (static_cast<std::size_t>(put) != from.size())
        return base::fail(Code::kFailed, operation, name_,
                          "only " + std::to_string(put) + " bytes went");
    return {};
}

Result<std::uint8_t> RegionIo::read8(std::uint64_t offset) const {
    return read_one<std::uint8_t>(*this, offset);
}
Result<std::uint16_t> RegionIo::read16(std::uint64_t offset) const {
    return read_one<std::uint16_t>(*this, offset);
}
Result<std::uint32_t> RegionIo::read32(std::uint64_t offset) const {
    return read_one<std::uint32_t>(*this, offset);
}
Result<std::uint64_t> RegionIo::read64(std::uint64_t offset) const {
    return read_one<std::uint64_t>(*this, offset);
}
Result<void> RegionIo::write8(std::uint64_t offset, std::uint8_t value) const {
    return write_one(*this, offset, value);
}
Result<void> RegionIo::write16(std::uint64_t offset, std::uint16_t value) const {
    return write_one(*this, offset, value);
}
Result<void> RegionIo::write32(std::uint64_t offset, std::uint32_t value) const {
    return write_one(*this, offset, value);
}
Result<void> RegionIo::write64(std::uint64_t offset, std::uint64_t value) const {
    return write_one(*this, offset, value);
}

}  // namespace vfio
