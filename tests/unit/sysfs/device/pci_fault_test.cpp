// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/pci_fault.hpp"

#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

const std::string kGone(64, '\xff');
const std::string kVirtualFunction = "\xff\xff\xff\xff" + std::string(60, '\0');
constexpr const char* kAllOnes = "its configuration space reads as all ones";

struct FaultCase {
    const char* name;
    std::map<std::string, std::string> attributes;
    std::string fault;
};

class PciFaultTest : public CapturedHostTest {
  protected:
    std::string fault(const FaultCase& one, const std::string& address) {
        const std::string at = "/sys/devices/pci0000:01/" + address + "/";
        for (const auto& [attribute, text] : one.attributes)
            tree_.file(at + attribute, text);
        for (const Device& device : read().devices)
            if (device.id.name == address)
                return device.fault;
        return "not there";
    }
};

const FaultCase kCases[] = {
    {"Healthy",
     {{"power_state", "D0\n"},
      {"power/runtime_status", "active\n"},
      {"current_link_width", "8\n"},
      {"max_link_width", "16\n"},
      {"aer_dev_fatal", "DLP 0\nTOTAL_ERR_FATAL 0\n"}},
     ""},
    {"PowerError", {{"power_state", "error\n"}}, "its power_state is error"},
    {"NotPoweredUp",
     {{"power_state", "D3cold\n"}, {"power/runtime_status", "active\n"}},
     "its power_state is D3cold while its runtime status is active"},
    {"Suspended",
     {{"power_state", "D3cold\n"}, {"power/runtime_status", "suspended\n"}, {"config", kGone}},
     ""},
    {"Resuming", {{"power/runtime_status", "resuming\n"}, {"config", kGone}}, ""},
    {"StateUnknown",
     {{"power_state", "unknown\n"}, {"power/runtime_status", "active\n"}, {"enable", "1\n"}},
     "its power_state is unknown while e1000e uses it"},
    {"NeverEnabled", {{"power_state", "unknown\n"}, {"enable", "0\n"}}, ""},
    {"ConfigIsGone", {{"power_state", "D0\n"}, {"config", kGone}}, kAllOnes},
    {"ConfigOfAVf", {{"config", kVirtualFunction}}, ""},
    {"LinkIsGone", {{"current_link_width", "63\n"}}, kAllOnes},
    {"LinkIsDown",
     {{"current_link_width", "0\n"}, {"max_link_width", "16\n"}},
     "its PCIe link is down"},
    {"NoLinkInTheChipset", {{"current_link_width", "0\n"}, {"max_link_width", "255\n"}}, ""},
    {"FatalErrors",
     {{"aer_dev_fatal", "Undefined 0\nDLP 2\nTOTAL_ERR_FATAL 2\n"}},
     "it has had 2 fatal PCIe errors since boot"},
};

class PciFaultSignTest : public PciFaultTest, public testing::WithParamInterface<FaultCase> {};

TEST_P(PciFaultSignTest, IsNamed) {
    host.pci("0000:01:00.0").nic().driver("e1000e");
    write();
    EXPECT_EQ(fault(GetParam(), "0000:01:00.0"), GetParam().fault);
}

INSTANTIATE_TEST_SUITE_P(Signs, PciFaultSignTest, testing::ValuesIn(kCases),
                         [](const auto& one) { return one.param.name; });

TEST_F(PciFaultTest, AnUnboundDeviceHasNoKnownPowerState) {
    host.pci("0000:01:00.0").nic().unbound();
    write();
    EXPECT_EQ(fault({"", {{"power_state", "unknown\n"}}, ""}, "0000:01:00.0"), "");
}

TEST_F(PciFaultTest, ADeviceThatItsUserMayResetIsNotRead) {
    host.pci("0000:01:00.0").nic().group(1).vfio("vfio-pci");
    write();
    EXPECT_EQ(fault({"", {{"config", kGone}}, ""}, "0000:01:00.0"), "");
    EXPECT_EQ(fault({"", {{"current_link_width", "63\n"}}, ""}, "0000:01:00.0"), kAllOnes);
}

TEST_F(PciFaultTest, AnEmptySlotIsNoFaultOfItsPort) {
    host.pci("0000:01:00.0").bridge();
    write();
    EXPECT_EQ(fault({"", {{"current_link_width", "0\n"}, {"max_link_width", "16\n"}}, ""},
                    "0000:01:00.0"),
              "");
}

}  // namespace
}  // namespace sysfs
