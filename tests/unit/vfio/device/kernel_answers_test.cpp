// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/fuzz/vfio_parsers.hpp"
#include "vfio/abi/capability.hpp"
#include "vfio/abi/region.hpp"
#include "vfio/region.hpp"

/// A million generated answers of a kernel, the same ones every time. Most are nearly valid, so
/// that a parser gets far before the fault; check_vfio_parsers aborts when a guarantee is violated.
namespace {

class Answers {
  public:
    /// A structure with capabilities: random bytes, the flag for capabilities, and a chain of
    /// offsets that is mostly valid.
    std::vector<std::byte> next(std::uint8_t kind) {
        std::vector<std::byte> bytes(16 + number_() % (kind == 3 ? 496 : 240));
        for (std::byte& b : bytes)
            b = static_cast<std::byte>(number_() & 0xff);
        if (kind == 3)
            make_config(bytes);
        else
            make_chain(bytes, kind);
        return bytes;
    }

  private:
    static void put(std::vector<std::byte>& bytes, std::size_t at, std::uint32_t value) {
        if (at + sizeof value <= bytes.size())
            std::memcpy(bytes.data() + at, &value, sizeof value);
    }
    std::uint32_t below(std::size_t limit) {
        return static_cast<std::uint32_t>(number_() % std::max<std::size_t>(limit, 1));
    }
    void make_chain(std::vector<std::byte>& bytes, std::uint8_t kind) {
        const std::size_t fixed = kind == 1 ? 32 : 24;
        const std::size_t pointer = kind == 1 ? 12 : 16;
        put(bytes, 4, 0xff);  // every flag, "there are capabilities" among them
        std::uint32_t at = static_cast<std::uint32_t>(fixed);
        put(bytes, pointer, at);
        for (unsigned left = below(8); left > 0 && at + 8 <= bytes.size(); --left) {
            put(bytes, at, below(8) | (1U + below(3)) << 16);
            const std::uint32_t next = at + 8 + below(6) * 4;
            const std::uint32_t wrong = below(12);
            put(bytes, at + 4,
                wrong == 0   ? below(bytes.size() + 16)
                : wrong == 1 ? static_cast<std::uint32_t>(number_())
                : left == 1  ? 0
                             : next);
            at = next;
        }
    }
    void make_config(std::vector<std::byte>& bytes) {
        if (bytes.size() < 0x40)
            return;
        bytes[6] |= std::byte{0x10};  // there is a list
        bytes[0x34] = static_cast<std::byte>(0x40 + below(48) * 4);
    }

    std::mt19937 number_{20260101};
};

TEST(KernelAnswers, AMillionAreParsedSafely) {
    Answers answers;
    for (unsigned i = 0; i < 1'000'000; ++i) {
        const auto kind = static_cast<std::uint8_t>(i % 4);
        check_vfio_parsers(kind, answers.next(kind));
    }
}

TEST(KernelAnswers, AnUnknownCapabilityIsKeptWithAllItsBytes) {
    vfio::abi::RegionInfo info{};
    info.flags = vfio::abi::kRegionCaps;
    info.cap_offset = sizeof info;
    const vfio::abi::CapHeader header{.id = 0xbeef, .version = 9, .next = 0};
    const char body[] = "of tomorrow";
    std::vector<std::byte> bytes(sizeof info + sizeof header + sizeof body);
    std::memcpy(bytes.data(), &info, sizeof info);
    std::memcpy(bytes.data() + sizeof info, &header, sizeof header);
    std::memcpy(bytes.data() + sizeof info + sizeof header, body, sizeof body);
    const vfio::Region region = vfio::parse_region(bytes);
    ASSERT_EQ(region.caps.caps.size(), 1U);
    const vfio::Capability& kept = region.caps.caps[0];
    EXPECT_EQ(kept.id, 0xbeef);
    EXPECT_EQ(kept.version, 9);
    EXPECT_EQ(kept.bytes, std::vector<std::byte>(bytes.begin() + sizeof info, bytes.end()));
}

}  // namespace
