// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/decide/driver_chain.hpp"

#include <gtest/gtest.h>

#include "tests/unit/policy/policy_fixture.hpp"

namespace {

using fake::Host;
using policy_test::PolicyFixture;
using sysfs::ModuleState;

constexpr const char* kCard = "0000:01:00.0";

/// A host with one virtio NIC, for which the kernel has a variant, and one rule that matches it.
Host virtio_host() {
    Host host;
    host.with_variants();
    host.pci(kCard).nic().vendor("1af4", "1041").group(15).driver("virtio-pci");
    return host;
}

std::string chain_of(const Host& host, const std::string& driver,
                     const std::string& variants = "[]") {
    return PolicyFixture(host, "rules: [{name: r, match: {class: [network, display]}, driver: " +
                                   driver + "}]\nvariants: " + variants)
        .chain(kCard);
}

TEST(Chain, AutoEndsInTheGenericDriver) {
    Host host;
    host.pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "auto"),
              "use vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, ARegisteredDriverNeedsNoModule) {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci").pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "auto"), "use vfio-pci from generic: is registered\n");
}

TEST(Chain, ALoadedModuleWithoutADriverOnTheBusIsSkipped) {
    Host host;
    host.registered("usb", "usb-storage", "usb_storage").pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "usb-storage"),
              "skipped usb-storage from rule r: the module usb_storage is loaded and has no such "
              "driver on the bus pci\n");
}

TEST(Chain, AliasesComeMostSpecificFirst) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d*sv*sd*bc*sc*i*", "some_vfio_pci");
    EXPECT_EQ(chain_of(host, "auto"),
              "use ? [virtio_vfio_pci] from alias vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: "
              "comes with the module virtio_vfio_pci\n"
              "fallback ? [some_vfio_pci] from alias vfio_pci:v00001AF4d*sv*sd*bc*sc*i*: "
              "comes with the module some_vfio_pci\n"
              "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, ADriversNameIsNotDerivedFromItsModule) {
    Host host = virtio_host();
    host.registered("pci", "a-name-of-its-own", "virtio_vfio_pci");
    EXPECT_EQ(chain_of(host, "auto"),
              "use a-name-of-its-own from alias vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: "
              "is registered\n"
              "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, VariantsComeByPriorityThenFileOrder) {
    Host host;
    host.module("a_vfio", ModuleState::kAvailable).module("b_vfio", ModuleState::kAvailable);
    host.module("c_vfio", ModuleState::kAvailable).pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "auto",
                       "[{name: first, match: {class: display}, drivers: [a_vfio]}, "
                       "{name: second, match: {vendor: '10de'}, drivers: [b_vfio]}, "
                       "{name: other, match: {vendor: '8086'}, drivers: [d_vfio]}, "
                       "{name: top, priority: 5, match: {class: display}, drivers: [c_vfio]}]"),
              "use c_vfio [c_vfio] from variant top: comes with the module c_vfio\n"
              "fallback a_vfio [a_vfio] from variant first: comes with the module a_vfio\n"
              "fallback b_vfio [b_vfio] from variant second: comes with the module b_vfio\n"
              "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, IgdOnAKernelWithoutItIsSkippedWithAReason) {
    Host host;
    host.pci(kCard).gpu().vendor("8086", "3e92").group(1);
    EXPECT_EQ(chain_of(host, "[vfio-pci-igd, auto]"),
              "skipped vfio-pci-igd from rule r: this kernel has no driver vfio-pci-igd\n"
              "use vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, ADeniedModuleIsSkippedWithAReason) {
    Host host = virtio_host();
    host.module("virtio_vfio_pci", ModuleState::kDenied);
    EXPECT_EQ(chain_of(host, "auto"),
              "skipped ? from alias vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: the module "
              "virtio_vfio_pci is denied by modprobe's configuration or the command line\n"
              "use vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, EachDriverIsListedOnceAtItsFirstPlace) {
    Host host = virtio_host();
    EXPECT_EQ(chain_of(host, "[vfio-pci, auto, vfio-pci]",
                       "[{name: virtio, match: {vendor: '1af4'}, drivers: [virtio_vfio_pci]}]"),
              "use vfio-pci [vfio_pci] from rule r: comes with the module vfio_pci\n"
              "fallback virtio_vfio_pci [virtio_vfio_pci] from variant virtio: comes with the "
              "module virtio_vfio_pci\n");
}

TEST(Chain, AModuleNamedLikeADriverIsTheSameOnlyWhenTheKernelShowsIt) {
    Host host = virtio_host();
    // The driver "virtio_vfio_pci" is registered, but by another module than the alias names.
    host.registered("pci", "virtio_vfio_pci", "vendor_bundle");
    EXPECT_EQ(chain_of(host, "[virtio_vfio_pci, auto]"),
              "use virtio_vfio_pci from rule r: is registered\n"
              "fallback ? [virtio_vfio_pci] from alias vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: "
              "comes with the module virtio_vfio_pci\n"
              "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, ABuiltInVariantIsKnownByItsDriversName) {
    Host host = virtio_host();
    host.module("virtio_vfio_pci", ModuleState::kBuiltin).registered("pci", "virtio_vfio_pci", "");
    EXPECT_EQ(chain_of(host, "[virtio_vfio_pci, auto]"),
              "use virtio_vfio_pci from rule r: is registered\n"
              "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, AModulesNameStandsForItsDriver) {
    Host host;
    host.registered("pci", "vfio-pci", "vfio_pci").pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "vfio_pci"),
              "use vfio-pci from rule r: is registered, which 'vfio_pci' stands for\n");
    host.registered("pci", "a-name-of-its-own", "nvgrace_gpu_vfio_pci");
    EXPECT_EQ(chain_of(host, "nvgrace-gpu-vfio_pci"),
              "use a-name-of-its-own from rule r: is registered, which 'nvgrace-gpu-vfio_pci' "
              "stands for\n");
}

TEST(Chain, DashesAndUnderscoresOfADriverMayBeMixed) {
    Host host;
    host.registered("pci", "nvgrace_gpu_vfio_pci", "bundle").pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "nvgrace-gpu-vfio-pci"),
              "use nvgrace_gpu_vfio_pci from rule r: is registered, which 'nvgrace-gpu-vfio-pci' "
              "stands for\n");
}

TEST(Chain, AnUnloadedModuleIsKnownByAnySpelling) {
    Host host = virtio_host();
    EXPECT_EQ(chain_of(host, "[virtio-vfio-pci, vfio_pci]"),
              "use virtio_vfio_pci [virtio_vfio_pci] from rule r: comes with the module "
              "virtio_vfio_pci, which 'virtio-vfio-pci' stands for\n"
              "fallback vfio-pci [vfio_pci] from rule r: comes with the module vfio_pci, which "
              "'vfio_pci' stands for\n");
}

TEST(Chain, TwoDriversThatClaimTheDeviceEquallyWellAreAConflict) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "rival_vfio_pci");
    const PolicyFixture fixture(host, "rules: [{name: r, match: {class: network}, driver: auto}]");
    EXPECT_EQ(fixture.chain(kCard),
              "ambiguous ? [virtio_vfio_pci] from alias "
              "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: claims the device exactly as well as "
              "rival_vfio_pci, and no variant ranks them\n"
              "ambiguous ? [rival_vfio_pci] from alias "
              "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: claims the device exactly as well as "
              "virtio_vfio_pci, and no variant ranks them\n"
              "unreached vfio-pci [vfio_pci] from generic: nothing is tried while the chain is "
              "ambiguous\n");
    EXPECT_EQ(fixture.decision(kCard).outcome, policy::DecisionOutcome::kConflict);
    EXPECT_TRUE(fixture.decision(kCard).chain.usable().empty());
}

TEST(Chain, AVariantThatNamesOneOfTwoEqualDriversRanksThem) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "rival_vfio_pci");
    EXPECT_EQ(
        chain_of(host, "auto", "[{name: v, match: {vendor: '1af4'}, drivers: [rival_vfio_pci]}]"),
        "use rival_vfio_pci [rival_vfio_pci] from variant v: comes with the module "
        "rival_vfio_pci\n"
        "fallback ? [virtio_vfio_pci] from alias "
        "vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*: comes with the module virtio_vfio_pci\n"
        "fallback vfio-pci [vfio_pci] from generic: comes with the module vfio_pci\n");
}

TEST(Chain, AVariantThatNamesAThirdDriverDoesNotRankTwoEqualOnes) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "rival_vfio_pci");
    host.module("third_vfio_pci", ModuleState::kAvailable);
    const PolicyFixture fixture(
        host,
        "rules: [{name: r, match: {class: network}, driver: auto}]\n"
        "variants: [{name: v, match: {vendor: '1af4'}, drivers: [third_vfio_pci]}]");
    EXPECT_EQ(fixture.decision(kCard).outcome, policy::DecisionOutcome::kConflict);
}

TEST(Chain, ADeniedRivalIsNoConflict) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "rival_vfio_pci");
    host.module("rival_vfio_pci", ModuleState::kDenied);
    const PolicyFixture fixture(host, "rules: [{name: r, match: {class: network}, driver: auto}]");
    EXPECT_EQ(fixture.decision(kCard).outcome, policy::DecisionOutcome::kWanted);
    EXPECT_EQ(fixture.decision(kCard).chain.usable().size(), 2U);
}

TEST(Chain, ARuleThatNamesOneDriverHasNoRivals) {
    Host host = virtio_host();
    host.alias("vfio_pci:v00001AF4d00001041sv*sd*bc*sc*i*", "rival_vfio_pci");
    EXPECT_EQ(chain_of(host, "vfio-pci"),
              "use vfio-pci [vfio_pci] from rule r: comes with the module vfio_pci\n");
}

TEST(Chain, OtherBusesHaveTheirOwnGenericDriver) {
    Host host;
    host.module("vfio_platform", ModuleState::kAvailable);
    host.module("vfio_ccw", ModuleState::kAvailable);
    host.platform("fsl-usb.0").group(3);
    host.css("0.0.0313");
    const PolicyFixture fixture(host,
                                "rules:\n- {name: p, match: {bus: platform}, driver: auto}\n"
                                "- {name: c, match: {bus: css}, driver: auto}");
    const auto driver = [&](const char* bus, const char* name) {
        return fixture.decisions.at({bus, name}).chain.usable().at(0).driver;
    };
    EXPECT_EQ(driver("platform", "fsl-usb.0"), "vfio-platform");
    EXPECT_EQ(driver("css", "0.0.0313"), "vfio_ccw");
}

TEST(Chain, AKernelWithoutVfioHasNothingToUse) {
    Host host;
    host.without_vfio().pci(kCard).gpu().group(15);
    EXPECT_EQ(chain_of(host, "auto"),
              "skipped vfio-pci from generic: this kernel has no driver vfio-pci\n");
}

TEST(Chain, OnlyARuleCanNameADriverThatIsNotVfios) {
    Host host;
    host.module("uio_pci_generic", ModuleState::kAvailable).pci(kCard).gpu().group(15);
    const PolicyFixture fixture(
        host,
        "rules: [{name: r, match: {class: display}, driver: [uio_pci_generic, "
        "auto]}]");
    const auto links = fixture.decision(kCard).chain.usable();
    ASSERT_EQ(links.size(), 2U);
    EXPECT_FALSE(policy::is_vfio_link(links[0]));
    EXPECT_TRUE(policy::is_vfio_link(links[1]));
}

}  // namespace
