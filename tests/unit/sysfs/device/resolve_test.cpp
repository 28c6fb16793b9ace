// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/device/resolve.hpp"
#include "tests/unit/sysfs/captured_host.hpp"

namespace sysfs {
namespace {

using Text = std::vector<std::string>;

class Resolve : public testing::Test {
  protected:
    Resolve() {
        host.pci("0000:01:00.0").gpu();
        host.pci("0000:01:00.1").audio();
        host.pci("0000:0a:00.0").nic().netdev("enp10s0").netdev("eth0");
        host.pci("10000:01:00.0").nvme();
        host.platform("uart0");
        host.css("0.0.0313");
        host.mdev_parent("mtty").mdev_type("mtty-2", 12);
        host.mdev("83b8f4f2-509f-382f-3c1e-e6bfe0fa1001", "mtty", "mtty-2");
        host.on_bus("vmbus", "f8615163-df3e-46c5-913f-f2d2f965ed0e").netdev("hv0");
    }
    [[nodiscard]] Text found(std::string_view word) const {
        Text out;
        const auto ids = resolve(host.inventory(), word);
        if (!ids)
            return {ids.error().code == base::Code::kNotFound ? "not found" : "invalid",
                    ids.error().text(), ids.error().hint};
        for (const DeviceId& id : *ids)
            out.push_back(id.display());
        return out;
    }
    fake::Host host;
};

TEST_F(Resolve, AcceptsEverySpellingOfADevice) {
    for (const auto* word : {"0000:0a:00.0", "0A:00.0", "pci/0000:0a:00.0", "pci/0a:00.0",
                             "00000000:0A:00.0", "enp10s0", "eth0"})
        EXPECT_EQ(found(word), Text{"0000:0a:00.0"}) << word;
    EXPECT_EQ(found("10000:01:00.0"), Text{"10000:01:00.0"});
    EXPECT_EQ(found("platform/uart0"), Text{"platform/uart0"});
    EXPECT_EQ(found("0.0.0313"), Text{"css/0.0.0313"});
    EXPECT_EQ(found("mtty"), Text{"mdev_parent/mtty"});
    EXPECT_EQ(found("83B8F4F2-509F-382F-3C1E-E6BFE0FA1001"),
              Text{"mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"});
    EXPECT_EQ(found("mdev/83B8F4F2-509F-382F-3C1E-E6BFE0FA1001"),
              Text{"mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"});
    EXPECT_EQ(found("hv0"), Text{"vmbus/f8615163-df3e-46c5-913f-f2d2f965ed0e"});
}

TEST_F(Resolve, TakesGlobs) {
    EXPECT_EQ(found("0000:01:*"), (Text{"0000:01:00.0", "0000:01:00.1"}));
    EXPECT_EQ(found("01:00.?"), (Text{"0000:01:00.0", "0000:01:00.1"}));
    EXPECT_EQ(found("*:0A:00.[0-3]"), Text{"0000:0a:00.0"});
    EXPECT_EQ(found("*"), (Text{"0000:01:00.0", "0000:01:00.1", "0000:0a:00.0", "10000:01:00.0"}));
    EXPECT_EQ(found("pci/1*"), Text{"10000:01:00.0"});
    EXPECT_EQ(found("*/uart0"), Text{"platform/uart0"});
    EXPECT_EQ(found("0.0.03*"), Text{"css/0.0.0313"});
    EXPECT_EQ(found("0000:02:*"), (Text{"not found", "0000:02:*: no device matches", ""}));
    EXPECT_EQ(found("[").front(), "not found");
}

TEST_F(Resolve, SuggestsNamesForAMisspeltWord) {
    EXPECT_EQ(found("0000:0b:00.0"),
              (Text{"not found", "0000:0b:00.0: no such device",
                    "did you mean 0000:01:00.0, 0000:0a:00.0 or 0000:01:00.1?"}));
    EXPECT_EQ(found("0b:00.0"), (Text{"not found", "0b:00.0: no such device",
                                      "did you mean 0000:01:00.0, 0000:0a:00.0 or 0000:01:00.1?"}));
    EXPECT_EQ(found("etn0"), (Text{"not found", "etn0: no such device", "did you mean eth0?"}));
    EXPECT_EQ(found("platfrom/uart0"), (Text{"not found", "platfrom/uart0: no such device",
                                             "did you mean platform/uart0?"}));
    EXPECT_EQ(found("nothing-like-it"), (Text{"not found", "nothing-like-it: no such device", ""}));
}

TEST_F(Resolve, RefusesWordsThatNoDeviceCanHave) {
    using namespace std::string_view_literals;
    for (const auto word : {""sv, " "sv, "../x"sv, "pci/../x"sv, "/sys/bus/pci"sv, "pci/"sv, "/x"sv,
                            "0000:01:00.0 "sv, "a\0b"sv, "a\nb"sv, "pci/a/b"sv, "../*"sv})
        EXPECT_EQ(found(word).front(), "invalid") << word;
    EXPECT_EQ(
        found("0000:01:00.0 ").at(1),
        "'0000:01:00.0 ': not a device: want an address, BUS/NAME, a UUID, a network interface "
        "or a glob");
}

}  // namespace
}  // namespace sysfs
