// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace sysfs {
namespace {

using namespace std::string_view_literals;

// What no parser of names may take: paths, blanks at the ends, control characters, nothing at all.
constexpr std::string_view kNeverNames[] = {
    "",        "."sv,        ".."sv, "../x"sv, "a/../b"sv,  "a/.."sv,        "/etc"sv,
    "a/b/c"sv, "a\0b"sv,     "\0"sv, "a\n"sv,  "a "sv,      " a"sv,          "a\tb"sv,
    "a..b"sv,  "\xff\xfe"sv, "a/"sv, "/a"sv,   ".hidden"sv, "caf\xc3\xa9"sv, "a\x7f"sv,
};

TEST(PciAddress, ReadsWhatSysfsPrints) {
    for (const auto text : {"0000:00:00.0", "0000:01:1f.7", "10000:e1:00.0", "fffffffe:ff:00.0"}) {
        const auto address = parse_pci_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->text(), text);
    }
    EXPECT_EQ(*parse_pci_address("10000:e1:1d.5"), (PciAddress{0x10000, 0xe1, 0x1d, 5}));
}

TEST(PciAddress, RefusesEveryOtherSpelling) {
    for (const auto text : {""sv,
                            "0000:01:00"sv,
                            "000:01:00.0"sv,
                            "00000:01:00.0"sv,
                            "0000:01:00.8"sv,
                            "0000:01:20.0"sv,
                            "0000:1:00.0"sv,
                            "0000:01:0.0"sv,
                            "0000:01:00.00"sv,
                            "0000:0A:00.0"sv,
                            "01:00.0"sv,
                            "0000:01:00.0 "sv,
                            " 0000:01:00.0"sv,
                            "0000:01:00.0\n"sv,
                            "+000:01:00.0"sv,
                            "0x00:01:00.0"sv,
                            "0000:+1:00.0"sv,
                            "0000:-1:00.0"sv,
                            "0000:01:0x.0"sv,
                            "0000-01-00.0"sv,
                            "123456789:01:00.0"sv,
                            "0000:01:00.0\0"sv,
                            "../0000:01:00.0"sv,
                            "0000:01:00.*"sv})
        EXPECT_FALSE(parse_pci_address(text)) << text;
}

TEST(PciAddress, AcceptsUsersSpellings) {
    EXPECT_EQ(parse_pci_address_loosely("01:00.0")->text(), "0000:01:00.0");
    EXPECT_EQ(parse_pci_address_loosely("0000:0A:1F.3")->text(), "0000:0a:1f.3");
    EXPECT_EQ(parse_pci_address_loosely("00010000:01:00.0")->text(), "10000:01:00.0");
    for (const auto text :
         {"1:0.0"sv, "01:00"sv, "01:00.8"sv, ":01:00.0"sv, "01:00.0\0"sv, "0x1:00.0"sv})
        EXPECT_FALSE(parse_pci_address_loosely(text)) << text;
}

TEST(PciAddress, QuotesWhatItRefused) {
    EXPECT_EQ(parse_pci_address("01:00.0\n").error().text(),
              "'01:00.0\\x0a': not a PCI address as sysfs spells it (0000:01:00.0)");
    EXPECT_EQ(parse_pci_address("x").error().code, base::Code::kInvalid);
    EXPECT_LT(parse_pci_address(std::string(5000, 'x')).error().text().size(), 200U);
}

TEST(Uuid, IsFoldedToLowerCase) {
    EXPECT_EQ(*parse_uuid("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001"),
              "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001");
}

TEST(Uuid, RefusesEveryOtherFormat) {
    for (const auto text :
         {""sv, "83b8f4f2509f382f3c1ee6bfe0fa1001"sv, "{83b8f4f2-509f-382f-3c1e-e6bfe0fa1001}"sv,
          "83b8f4f2-509f-382f-3c1e-e6bfe0fa100"sv, "83b8f4f2-509f-382f-3c1e-e6bfe0fa10010"sv,
          "83b8f4f2-509f-382f-3c1e-e6bfe0fa100g"sv, "83b8f4f2-509f-382f-3c1e_e6bfe0fa1001"sv,
          "83b8f4f2--09f-382f-3c1e-e6bfe0fa1001"sv, "../../../../../../../../../../../etc"sv})
        EXPECT_FALSE(parse_uuid(text)) << text;
}

TEST(Names, AcceptNamesOfRealKernels) {
    for (const auto name : {"vfio-pci", "virtio_vfio_pci", "8139too", "3w-9xxx", "e1000e", "uio.x"})
        EXPECT_EQ(parse_driver_name(name).value_or("refused"), name);
    for (const auto name : {"vfio_pci", "aes-x86_64", "8021q"})
        EXPECT_EQ(parse_module_name(name).value_or("refused"), name);
    for (const auto name : {"pci", "fsl-mc", "serial-base", "mdio_bus"})
        EXPECT_EQ(parse_bus_name(name).value_or("refused"), name);
    for (const auto name : {"0000:01:00.0", "cdx-00:00", "04.0006", "0.0.0313", "Fixed MDIO bus.0",
                            "f8615163-df3e-46c5-913f-f2d2f965ed0e", "PNP0A08:00", "i2c_hid@2c"})
        EXPECT_EQ(parse_device_name(name).value_or("refused"), name);
    for (const auto name : {"driver_override", "nvidia/current_vgpu_type", "power/control"})
        EXPECT_EQ(parse_attr_name(name).value_or("refused"), name);
    for (const auto name : {"mtty-2", "i915-GVTg_V5_4", "vfio_ap-passthrough"})
        EXPECT_EQ(parse_mdev_type(name).value_or("refused"), name);
    EXPECT_EQ(parse_kernel_name("budget_ci dvb").value_or("refused"), "budget_ci dvb");
}

TEST(Names, NeverBecomePaths) {
    for (const auto text : kNeverNames) {
        EXPECT_FALSE(parse_driver_name(text)) << text;
        EXPECT_FALSE(parse_kernel_name(text)) << text;
        EXPECT_FALSE(parse_module_name(text)) << text;
        EXPECT_FALSE(parse_bus_name(text)) << text;
        EXPECT_FALSE(parse_device_name(text)) << text;
        EXPECT_FALSE(parse_attr_name(text)) << text;
        EXPECT_FALSE(parse_mdev_type(text)) << text;
    }
    EXPECT_FALSE(parse_driver_name("a/b"));
    EXPECT_FALSE(parse_driver_name("vfio pci"));
    EXPECT_FALSE(parse_module_name("vfio_pci.ko"));
    EXPECT_FALSE(parse_module_name(std::string(56, 'a')));
    EXPECT_FALSE(parse_attr_name("a/b/c"));
    EXPECT_FALSE(parse_driver_name(std::string(256, 'a')));
}

TEST(Modules, CompareWithDashesFolded) {
    EXPECT_EQ(normalise_module("vfio-pci-core"), "vfio_pci_core");
}

TEST(DeviceOrder, ComparesNumbersByValue) {
    const std::vector<std::string> ordered = {"0000:00:02.0",
                                              "0000:00:1f.0",
                                              "0000:0a:00.0",
                                              "0000:10:00.0",
                                              "10000:00:00.0",
                                              "1",
                                              "01",
                                              "card2",
                                              "card10",
                                              "card10a",
                                              "mtty",
                                              "x99999999999999999999998",
                                              "x99999999999999999999999"};
    std::vector<std::string> mixed(ordered.rbegin(), ordered.rend());
    std::sort(mixed.begin(), mixed.end(), device_name_less);
    // "1" and "01" have one value and differ as text: either order will do, but always the same.
    std::vector<std::string> expected = ordered;
    std::swap(expected[5], expected[6]);
    EXPECT_EQ(mixed, expected);
}

TEST(DeviceOrder, IsStrictAndTransitive) {
    const std::vector<std::string> names = {
        "0000:01:00.0", "0000:0a:00.0", "0000:9", "0000:a", "00", "0", "", "a",
        "a0",           "a00",          "b1c",    "b01c",   "b1d"};
    for (const auto& a : names) {
        EXPECT_FALSE(device_name_less(a, a));
        for (const auto& b : names) {
            EXPECT_TRUE(a == b || device_name_less(a, b) != device_name_less(b, a))
                << a << " " << b;
            for (const auto& c : names)
                EXPECT_TRUE(!device_name_less(a, b) || !device_name_less(b, c) ||
                            device_name_less(a, c))
                    << a << " " << b << " " << c;
        }
    }
}

}  // namespace
}  // namespace sysfs
