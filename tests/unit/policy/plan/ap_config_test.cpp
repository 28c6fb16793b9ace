// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/plan/ap_config.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace policy {
namespace {

using Attrs = std::vector<std::pair<std::string, std::string>>;

const std::string kNone = "0x" + std::string(64, '0');

// Adapter 0 is the leftmost bit; 5 and 6 are in the second digit.
TEST(ApConfig, IsOneMaskForEachKindWithBitZeroAtTheLeft) {
    EXPECT_EQ(
        ap_config({{"assign_adapter", "5"}, {"assign_adapter", "6"}, {"assign_domain", "0xab"}}),
        "0x06" + std::string(62, '0') + ",0x" + std::string(42, '0') + "1" + std::string(21, '0') +
            "," + kNone);
    EXPECT_EQ(ap_config({{"assign_control_domain", "255"}}),
              kNone + "," + kNone + ",0x" + std::string(63, '0') + "1");
    EXPECT_EQ(ap_config({{"assign_adapter", "0"}, {"assign_adapter", "0x00"}}),
              "0x8" + std::string(63, '0') + "," + kNone + "," + kNone);
}

TEST(ApConfig, IsEmptyForOtherAttributes) {
    for (const Attrs& attrs :
         {Attrs{}, Attrs{{"assign_adapter", "256"}}, Attrs{{"assign_adapter", "x"}},
          Attrs{{"assign_adapter", "5"}, {"unassign_adapter", "5"}},
          Attrs{{"ap_config", "0x0,0x0,0x0"}}})
        EXPECT_EQ(ap_config(attrs), std::nullopt);
}

TEST(ApConfig, ExistsSince610) {
    for (const char* release : {"6.10", "6.10.0-rc1", "6.12.3+deb13-s390x", "7.2.0", "10.0"})
        EXPECT_TRUE(has_ap_config(release)) << release;
    for (const char* release : {"", "6", "6.", "6.9.12", "5.14.0-503.el9.s390x", "x.y"})
        EXPECT_FALSE(has_ap_config(release)) << release;
}

std::string ap_plan(const std::string& kernel) {
    fake::Host host;
    host.arch("s390x").kernel(kernel);
    host.mdev_parent("matrix").mdev_type("vfio_ap-passthrough", 1);
    return policy_test::PolicyFixture(
               host,
               "rules:\n- name: ap\n  match: {mdev_parent: matrix}\n  mdevs:\n"
               "  - {uuid: '83b8f4f2-509f-382f-3c1e-e6bfe0fa1001', type: vfio_ap-passthrough,"
               " attrs: [{assign_adapter: '5'}, {assign_domain: '0'}]}")
        .plan();
}

TEST(Plan, WritesAnApMatrixAtOnceWhereTheKernelTakesIt) {
    EXPECT_EQ(ap_plan("6.12.3"),
              "mdev_parent/matrix: change\n"
              "  create_mdev mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 vfio_ap-passthrough\n"
              "  set_attr mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 ap_config=0x04" +
                  std::string(62, '0') + ",0x8" + std::string(63, '0') + "," + kNone + "\n");
    EXPECT_EQ(ap_plan("6.8.0"),
              "mdev_parent/matrix: change\n"
              "  create_mdev mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 vfio_ap-passthrough\n"
              "  set_attr mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 assign_adapter=5\n"
              "  set_attr mdev/83b8f4f2-509f-382f-3c1e-e6bfe0fa1001 assign_domain=0\n");
}

}  // namespace
}  // namespace policy
