// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/model/device_attributes.hpp"

#include <gtest/gtest.h>

namespace policy {
namespace {

/// The value as the kernel takes it, or the reason and the hint.
std::string parsed(const std::string& name, const std::string& value) {
    const auto attribute = parse_device_attribute(name, value);
    return attribute ? attribute->second : attribute.error().reason + ": " + attribute.error().hint;
}

TEST(DeviceAttributes, TakesTheKernelsValues) {
    EXPECT_EQ(parsed("d3cold_allowed", "0"), "0");
    EXPECT_EQ(parsed("msi_bus", "1"), "1");
    EXPECT_EQ(parsed("sriov_drivers_autoprobe", "0"), "0");
    EXPECT_EQ(parsed("power/control", "on"), "on");
    EXPECT_EQ(parsed("numa_node", "-1"), "-1");
    EXPECT_EQ(parsed("numa_node", "3"), "3");
    EXPECT_EQ(parsed("reset_method", "  flr   bus "), "flr bus");
    EXPECT_EQ(parsed("resource0_resize", "14"), "14");
    EXPECT_EQ(parsed("resource1_resize", "16G"), "14");
    EXPECT_EQ(parsed("resource5_resize", "256M"), "8");
    EXPECT_EQ(parsed("resource1_resize", "1T"), "20");
}

TEST(DeviceAttributes, RefusesOtherValuesAndSaysWhichThereAre) {
    EXPECT_EQ(parsed("d3cold_allowed", "yes"), "cannot be yes: 0 or 1");
    EXPECT_EQ(parsed("power/control", "off"), "cannot be off: auto or on");
    for (const char* value : {"flr flr", "flr hot", "", " "})
        EXPECT_FALSE(parse_device_attribute("reset_method", value)) << value;
    for (const char* value : {"-2", "1024", "01", "one", ""})
        EXPECT_FALSE(parse_device_attribute("numa_node", value)) << value;
    for (const char* value :
         {"44", "3G", "1024M", "16GB", "0M", "G", "-1", "16g", "99999999999999999999"})
        EXPECT_FALSE(parse_device_attribute("resource1_resize", value)) << value;
}

TEST(DeviceAttributes, NamesWhatIsMeant) {
    EXPECT_EQ(parsed("reset_metod", "flr"),
              "is not an attribute that can be set: did you mean 'reset_method'?");
    EXPECT_EQ(
        parsed("disable_idle_d3", "1"),
        "is not an attribute that can be set: a parameter of the module vfio_pci, for all its "
        "devices: `options vfio_pci disable_idle_d3=...` in /etc/modprobe.d");
    for (const char* name : {"driver_override", "remove", "rom", "resource6_resize", "resource1",
                             "resourceN_resize", "power/../remove", "sriov_numvfs", ""})
        EXPECT_FALSE(is_device_attribute(name)) << name;
}

const AttributeTexts kTexts = {{"reset_method", "flr bus"},
                               {"resource1_resize", "0000000000000300"},
                               {"resource",
                                "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
                                "0x00000000f0000000 0x00000000ffffffff 0x000000000014220c\n"}};

TEST(DeviceAttributes, ReadsThePresentValue) {
    EXPECT_EQ(attribute_value(kTexts, "reset_method"), "flr bus");
    EXPECT_EQ(attribute_value(kTexts, "resource1_resize"), "8") << "256 MiB";
    EXPECT_EQ(attribute_value(kTexts, "msi_bus"), std::nullopt);
    EXPECT_EQ(attribute_value({{"resource1_resize", "300"}}, "resource1_resize"), std::nullopt);
    EXPECT_EQ(attributes_to_read("resource1_resize"),
              (std::set<std::string>{"resource", "resource1_resize"}));
}

TEST(DeviceAttributes, AreWrittenBeforeTheBindUnlessDriversSetThem) {
    EXPECT_EQ(attribute_phase("power/control"), AttributePhase::kAfterBind);
    for (const char* name : {"reset_method", "resource0_resize", "numa_node"})
        EXPECT_EQ(attribute_phase(name), AttributePhase::kBeforeBind) << name;
    EXPECT_TRUE(needs_unbound_device("resource0_resize"));
    EXPECT_FALSE(needs_unbound_device("reset_method"));
}

TEST(DeviceAttributes, KnowsBeforeTheWriteWhatCannotBe) {
    EXPECT_EQ(attribute_refusal(kTexts, {"reset_method", "pm"}), std::nullopt)
        << "only the kernel knows";
    EXPECT_EQ(attribute_refusal(kTexts, {"msi_bus", "0"}), "has no attribute msi_bus");
    EXPECT_EQ(attribute_refusal(kTexts, {"resource1_resize", "9"}), std::nullopt);
    EXPECT_EQ(attribute_refusal(kTexts, {"resource1_resize", "14"}),
              "resource1_resize cannot be 16G, but 256M, 512M");
}

}  // namespace
}  // namespace policy
