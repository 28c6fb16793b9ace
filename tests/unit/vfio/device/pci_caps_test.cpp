// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfio/pci_caps.hpp"

#include <gtest/gtest.h>

namespace {

std::vector<std::byte> config(std::size_t size) {
    std::vector<std::byte> space(size);
    space[0x06] = std::byte{0x10};
    space[0x34] = std::byte{0x40};
    return space;
}

TEST(PciCaps, AreWalkedInBothSpaces) {
    auto space = config(4096);
    space[0x40] = std::byte{0x01};
    space[0x41] = std::byte{0x52};  // the low bits are reserved: 0x50
    space[0x50] = std::byte{0x11};
    space[0x100] = std::byte{0x03};
    space[0x102] = std::byte{0x01};
    const auto walked = vfio::walk_pci_caps(space);
    EXPECT_EQ(walked.defect, "");
    ASSERT_EQ(walked.caps.size(), 3U);
    EXPECT_EQ(vfio::pci_cap_name(walked.caps[0]), "Power Management");
    EXPECT_EQ(vfio::pci_cap_name(walked.caps[1]), "MSI-X");
    EXPECT_EQ(vfio::pci_cap_name(walked.caps[2]), "Device Serial Number");
    EXPECT_EQ(walked.find(0x11)->offset, 0x50);
}

TEST(PciCaps, AnOrdinaryUsersSixtyFourBytesHaveNone) {
    EXPECT_EQ(vfio::walk_pci_caps(config(64)), vfio::PciCaps{});
}

TEST(PciCaps, CirclesAndStrayPointersEndTheList) {
    auto circle = config(256);
    circle[0x40] = std::byte{0x01};
    circle[0x41] = std::byte{0x40};
    EXPECT_EQ(vfio::walk_pci_caps(circle).defect, "capability at 0x40 comes a second time");
    EXPECT_EQ(vfio::walk_pci_caps(circle).caps.size(), 1U);
    auto header = config(256);
    header[0x34] = std::byte{0x10};
    EXPECT_EQ(vfio::walk_pci_caps(header).defect, "capability at 0x10 lies in the header");
    const std::vector<std::byte> gone(256, std::byte{0xff});
    EXPECT_EQ(vfio::walk_pci_caps(gone).defect, "capability at 0xfc reads as all ones");
}

}  // namespace
