// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/serial.hpp"

#include <gtest/gtest.h>

#include "tests/fake/tree.hpp"

namespace sysfs {
namespace {

using namespace std::string_literals;

/// A resource with a tag and 16 bits of length.
std::string resource(char tag, const std::string& data) {
    return tag +
           std::string{static_cast<char>(data.size() & 0xff), static_cast<char>(data.size() >> 8)} +
           data;
}

std::string field(const std::string& keyword, const std::string& data) {
    return keyword + static_cast<char>(data.size()) + data;
}

std::string vpd(const std::string& fields) {
    return resource('\x82', "Some Card") + resource('\x90', fields) + "\x78";
}

TEST(VitalProductData, HasTheSerialNumber) {
    EXPECT_EQ(vpd_serial(fake::vpd_with_serial("MT2016X01234")), "MT2016X01234");
    EXPECT_EQ(vpd_serial(vpd(field("PN", "X") + field("EC", "") + field("SN", "A1"))), "A1");
    // Resources of other kinds are passed over, a small one among them.
    EXPECT_EQ(vpd_serial("\x0b"
                         "abc" +
                         resource('\x91', "xxxx") + resource('\x90', field("SN", "A1"))),
              "A1");
}

TEST(VitalProductData, IsReadWithoutPadding) {
    EXPECT_EQ(vpd_serial(vpd(field("SN", "A1   "))), "A1");
    EXPECT_EQ(vpd_serial(vpd(field("SN", " A1\0\0"s))), "A1");
    EXPECT_EQ(vpd_serial(vpd(field("SN", "A 1\xff"))), "A 1");
}

TEST(VitalProductData, IsRejectedWhenMalformed) {
    const std::string good = fake::vpd_with_serial("MT2016X01234");
    std::string bad_sum = good;
    bad_sum[3] = 'F';
    const std::string malformed[] = {
        "",                         // nothing
        std::string(4096, '\0'),    // a device without reads as zeros
        std::string(4096, '\xff'),  // or as ones
        "\x82",                     // ends within a header
        "\x82\x04"s,                // within a length
        "\x82\xff\xff",             // a length beyond the end
        "\x90",                     // read-only data, no more
        "\x90\x10\x00SN"s,          // ends within a keyword
        "\x90\x10\x00SN\x20"
        "abc"s,  // within the serial itself
        resource('\x90',
                 "SN\xff"
                 "abc"),                       // a field longer than its resource
        resource('\x90', field("SN", "")),     // empty
        resource('\x90', field("SN", "   ")),  // blank
        resource('\x90', field("SN",
                               "A\x01"
                               "B")),                  // not printable
        resource('\x90', field("SN", "caf\xc3\xa9")),  // not ASCII
        resource('\x91', field("SN", "A1")),           // in the writable part
        "\x78" + resource('\x90', field("SN", "A1")),  // after the end
        resource('\x90', field("XX",
                               "SN\x02"
                               "A1")),  // within another field's data
        bad_sum,                        // the checksum fails
    };
    for (const std::string& bytes : malformed)
        EXPECT_EQ(vpd_serial(bytes), std::nullopt) << testing::PrintToString(bytes.substr(0, 32));
}

TEST(VitalProductData, IsReadSafelyWhenTruncatedOrCorrupted) {
    const std::string good = fake::vpd_with_serial("MT2016X01234");
    for (std::size_t size = 0; size < good.size(); ++size)
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string bytes = good.substr(0, size + 1);
            bytes[size] = static_cast<char>(bytes[size] ^ (1 << bit));
            const auto serial = vpd_serial(bytes);
            EXPECT_TRUE(!serial || serial->size() <= 12U);
        }
}

TEST(VitalProductData, IsAcceptedWithoutAChecksum) {
    // RV is last; many cards' data end before it.
    EXPECT_EQ(vpd_serial(resource('\x90', field("SN", "A1"))), "A1");
    EXPECT_EQ(vpd_serial(resource('\x90', field("SN", "A1") + "RV"s + '\0')), "A1");
}

std::string config_with(std::size_t at, const std::string& capability) {
    std::string out(4096, '\0');
    return out.replace(at, capability.size(), capability);
}

/// A capability's header: id, version 1, where the next one is.
std::string header(unsigned id, unsigned next) {
    return {static_cast<char>(id & 0xff), static_cast<char>(id >> 8),
            static_cast<char>(1U | (next & 0xf) << 4), static_cast<char>(next >> 4)};
}

TEST(DeviceSerialNumber, IsFormattedAsByLspci) {
    const std::string number = "\x55\x44\x33\xfe\xff\x22\x11\x00"s;
    EXPECT_EQ(dsn_serial(config_with(0x100, header(3, 0) + number)), "00-11-22-ff-fe-33-44-55");
    EXPECT_EQ(dsn_serial(config_with(
                  0x100, header(1, 0x140) + std::string(60, 'x') + header(3, 0) + number)),
              "00-11-22-ff-fe-33-44-55");
}

TEST(DeviceSerialNumber, IsAbsentWithoutTheCapability) {
    EXPECT_EQ(dsn_serial(""), std::nullopt);
    EXPECT_EQ(dsn_serial(std::string(256, '\0')), std::nullopt);
    EXPECT_EQ(dsn_serial(std::string(4096, '\0')), std::nullopt);
    EXPECT_EQ(dsn_serial(std::string(4096, '\xff')), std::nullopt);
    EXPECT_EQ(dsn_serial(config_with(0x100, header(3, 0) + std::string(8, '\0'))), std::nullopt);
    EXPECT_EQ(dsn_serial(config_with(0x100, header(3, 0) + std::string(8, '\xff'))), std::nullopt);
    // Capped at the 64 bytes that the kernel shows without privileges, and within the capability.
    const std::string whole = config_with(0x100, header(3, 0) + "12345678");
    EXPECT_EQ(dsn_serial(whole.substr(0, 64)), std::nullopt);
    EXPECT_EQ(dsn_serial(whole.substr(0, 0x10b)), std::nullopt);
    EXPECT_NE(dsn_serial(whole.substr(0, 0x10c)), std::nullopt);
}

TEST(DeviceSerialNumber, EndsOnMalformedCapabilityLists) {
    EXPECT_EQ(dsn_serial(config_with(0x100, header(1, 0x100))), std::nullopt);  // bites its tail
    EXPECT_EQ(dsn_serial(config_with(0x100, header(1, 0x40))), std::nullopt);   // below 0x100
    EXPECT_EQ(dsn_serial(config_with(0x100, header(1, 0x102))), std::nullopt);  // not aligned
    EXPECT_EQ(dsn_serial(config_with(0x100, header(1, 0xffc))), std::nullopt);  // at the very end
}

}  // namespace
}  // namespace sysfs
