// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/hand_marks.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/fake/host.hpp"
#include "tests/fake/temp_dir.hpp"

namespace bindd {
namespace {

using What = HandMarks::What;

class Marks : public testing::Test {
  protected:
    Marks() {
        host_.pci("0000:01:00.0").nic();
        host_.pci("0000:02:00.0").gpu();
    }
    [[nodiscard]] const sysfs::Device& device(const std::string& address) {
        inventory_ = host_.inventory();
        return *inventory_.find(fake::pci_id(address));
    }
    [[nodiscard]] std::string path() const { return dir_.path() + "/by-hand"; }

    fake::TempDir dir_;
    fake::Host host_;
    sysfs::Inventory inventory_;
};

TEST_F(Marks, OutliveTheDaemon) {
    HandMarks marks = HandMarks::read(path());
    marks.set(device("0000:01:00.0"), What::kReleased);
    marks.set(device("0000:02:00.0"), What::kBound);
    ASSERT_TRUE(marks.save());
    const HandMarks again = HandMarks::read(path());
    EXPECT_EQ(again.of(fake::pci_id("0000:01:00.0")), What::kReleased);
    EXPECT_EQ(again.of(fake::pci_id("0000:02:00.0")), What::kBound);
    EXPECT_EQ(again.of(fake::pci_id("0000:03:00.0")), std::nullopt);
}

TEST_F(Marks, AreNotThoseOfAnotherDeviceAtTheAddress) {
    HandMarks marks = HandMarks::read(path());
    marks.set(device("0000:01:00.0"), What::kReleased);
    host_.pci("0000:01:00.0").nvme();
    marks.keep(host_.inventory());
    EXPECT_EQ(marks.of(fake::pci_id("0000:01:00.0")), std::nullopt);
}

TEST_F(Marks, SurviveAFileThatIsNotTheirs) {
    std::ofstream(path()) << "nonsense\n\tx\ty\npci/0000:01:00.0\treleased\tmodalias\n\n";
    const HandMarks marks = HandMarks::read(path());
    EXPECT_EQ(marks.of(fake::pci_id("0000:01:00.0")), What::kReleased);
}

}  // namespace
}  // namespace bindd
