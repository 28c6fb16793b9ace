// SPDX-License-Identifier: LGPL-2.1-or-later
#include <filesystem>
#include <fstream>

#include "binding/mdevctl/mdev_define.hpp"
#include "binding/mdevctl/mdev_list.hpp"
#include "binding/mdevctl/mdev_start.hpp"
#include "binding/transaction/release_plan.hpp"
#include "tests/unit/binding/test_host.hpp"

/// The commands of `vfioctl mdev` on the model of the kernel.
namespace binding {
namespace {

constexpr const char* kDefined = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kOther = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

fake::KernelState mtty(std::uint32_t instances) {
    fake::Host host;
    host.mdev_parent("mtty")
        .mdev_type("mtty-1", 20)
        .mdev_type("mtty-2", instances)
        .attr("speed", "");
    return fake::KernelState::from(host);
}

class MdevFixture {
  public:
    explicit MdevFixture(const fake::KernelState& world)
        : host_(world),
          store_(sysfs::Root{host_.path()}),
          callouts_(std::nullopt, {.timeout = std::chrono::seconds(1), .relay = {}, .warn = {}}),
          context_{.kernel = host_.kernel(),
                   .state = host_.state(),
                   .store = store_,
                   .callouts = callouts_,
                   .options = host_.options(),
                   .force = Force::kNo,
                   .warn = [this](const std::string& text) { warnings.push_back(text); }} {}

    MdevContext& operator*() { return context_; }
    TestHost& host() { return host_; }
    fake::KernelState look() { return host_.kernel().state(); }
    std::uint32_t left(std::size_t type) {
        return look().devices.at({"mdev_parent", "mtty"}).mdev_types[type].available;
    }
    /// "" or why not.
    std::string start(const MdevArguments& arguments) {
        const auto started = start_mdev(context_, arguments);
        return started ? "" : started.error().text();
    }

    std::vector<std::string> warnings;

  private:
    TestHost host_;
    MdevStore store_;
    Callouts callouts_;
    MdevContext context_;
};

MdevArguments arguments(const std::string& uuid, const char* parent = nullptr,
                        const char* type = nullptr) {
    MdevArguments out;
    out.uuid = uuid;
    if (parent != nullptr)
        out.parent = parent;
    if (type != nullptr)
        out.type = type;
    return out;
}

MdevArguments json_arguments(const std::string& uuid, const std::string& text) {
    MdevArguments out = arguments(uuid, "mtty");
    out.json = {"/dev/stdin", text};
    return out;
}

TEST(MdevCommands, AScriptsEmptyListOfAttributesIsAnAnswer) {
    MdevFixture fixture(mtty(2));
    MdevArguments words = json_arguments(
        kDefined, R"({"mdev_type":"mtty-2","start":"manual","attrs":[{"speed":"5"}]})");
    ASSERT_TRUE(define_mdev(*fixture, words));
    ASSERT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "");
    const MdevFilter all;
    EXPECT_EQ(active_mdevs(*fixture, all)->front().definition.attrs, (MdevAttrs{{"speed", "5"}}))
        << "without a script those of the definition";
    const std::string scripts = fixture.host().path() + "/etc/mdevctl.d/scripts.d/callouts";
    std::filesystem::create_directories(scripts);
    for (const char* answer : {"[]", "nonsense"}) {
        std::ofstream(scripts + "/50-mtty")
            << "#!/bin/sh\n[ $6 = capabilities ] && exit 2\nprintf '" << answer << "'\n";
        std::filesystem::permissions(scripts + "/50-mtty", std::filesystem::perms::owner_all);
        Callouts callouts(
            sysfs::Root{fixture.host().path()},
            {.timeout = std::chrono::seconds(20), .relay = [](const auto&) {}, .warn = {}});
        MdevContext& given = *fixture;
        MdevContext context{.kernel = given.kernel,
                            .state = given.state,
                            .store = given.store,
                            .callouts = callouts,
                            .options = given.options,
                            .force = given.force,
                            .warn = given.warn};
        EXPECT_EQ(active_mdevs(context, all)->front().definition.attrs, MdevAttrs{}) << answer;
    }
}

TEST(MdevCommands, StartsStopsAndLeavesNothingToRelease) {
    MdevFixture fixture(mtty(2));
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(fixture.left(1), 1U);
    EXPECT_EQ(fixture.host().journal_state().bound.size(), 1U);
    const auto active = active_mdevs(*fixture, {});
    ASSERT_TRUE(active);
    ASSERT_EQ(active->size(), 1U);
    EXPECT_EQ((*active)[0].definition.type, "mtty-2");
    EXPECT_TRUE(stop_mdev(*fixture, kDefined));
    EXPECT_EQ(fixture.left(1), 2U);
    EXPECT_TRUE(fixture.host().journal_state().bound.empty());
    EXPECT_EQ(stop_mdev(*fixture, kDefined).error().code, base::Code::kNotFound);
}

TEST(MdevCommands, StopsWhatOthersStarted) {
    MdevFixture fixture(mtty(2));
    ASSERT_TRUE(fixture.host().kernel().create_mdev("mtty", "mtty-2", kDefined));
    EXPECT_TRUE(stop_mdev(*fixture, kDefined));
    EXPECT_EQ(fixture.left(1), 2U);
    EXPECT_TRUE(fixture.host().journal_state().bound.empty());
}

TEST(MdevCommands, StoppingOneOfTwoLeavesTheOtherToRelease) {
    MdevFixture fixture(mtty(4));
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(fixture.start(arguments(kOther, "mtty", "mtty-2")), "");
    EXPECT_TRUE(stop_mdev(*fixture, kDefined));
    const auto plan = plan_release(fixture.host().kernel(), fixture.host().state(),
                                   fixture.look().inventory(), {{"mdev_parent", "mtty"}});
    ASSERT_TRUE(plan) << plan.error().text();
    fixture.host().apply(*plan);
    EXPECT_EQ(fixture.left(1), 4U);
    EXPECT_TRUE(fixture.host().journal_state().bound.empty());
}

TEST(MdevCommands, WhatIsOpenIsNotStopped) {
    MdevFixture fixture(mtty(2));
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "");
    fixture.host().kernel().change([](fake::KernelState& world) {
        world.open({"mdev", kDefined}, "qemu (pid 712)");
    });
    const auto stopped = stop_mdev(*fixture, kDefined);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, base::Code::kRefused);
    EXPECT_NE(stopped.error().text().find("qemu (pid 712)"), std::string::npos);
    EXPECT_EQ(fixture.left(1), 1U);
}

TEST(MdevCommands, AnAttributeThatIsRefusedRemovesTheDeviceAgain) {
    MdevFixture fixture(mtty(2));
    EXPECT_NE(
        fixture.start(json_arguments(
            kDefined,
            R"({"mdev_type":"mtty-2","start":"manual","attrs":[{"speed":"9"},{"nope":"1"}]})")),
        "");
    EXPECT_EQ(fixture.left(1), 2U);
    EXPECT_TRUE(fixture.host().journal_state().bound.empty());
    EXPECT_EQ(fixture.start(json_arguments(
                  kDefined, R"({"mdev_type":"mtty-2","start":"manual","attrs":[{"speed":"9"}]})")),
              "");
    EXPECT_EQ(fixture.look().devices.at({"mdev", kDefined}).attrs.at("speed"), "9");
}

TEST(MdevCommands, SaysWhatStandsAgainstAStart) {
    MdevFixture fixture(mtty(1));
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-9")),
              "Parent mtty does not support mdev type mtty-9");
    EXPECT_EQ(fixture.start(arguments(kDefined, "MTTY", "mtty-1")),
              "Unable to find parent device 'MTTY'. Did you mean 'mtty'?");
    EXPECT_EQ(fixture.start(arguments(kDefined, "nope", "mtty-1")),
              "Unable to find parent device 'nope'");
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty")), "Device is insufficiently specified");
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-2")), "Device already exists");
    EXPECT_EQ(fixture.start(arguments(kDefined, "mtty", "mtty-1")),
              "Device exists with different type");
    EXPECT_EQ(fixture.start(arguments(kOther, "mtty", "mtty-2")),
              "No available instances of mtty-2 on mtty");
}

TEST(MdevCommands, DefinesStartsAndUndefines) {
    MdevFixture fixture(mtty(2));
    MdevArguments new_definition = arguments(kDefined, "mtty", "mtty-2");
    new_definition.start = MdevStart::kAuto;
    EXPECT_EQ(define_mdev(*fixture, new_definition).value(), kDefined);
    EXPECT_EQ(define_mdev(*fixture, new_definition).error().text(),
              std::string("Device ") + kDefined + " on mtty already defined");
    EXPECT_EQ(fixture.start(arguments(kDefined)), "");
    const auto listed = defined_mdevs(*fixture, {});
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_TRUE((*listed)[0].active);
    EXPECT_TRUE(undefine_mdev(*fixture, {.uuid = kDefined, .parent = {}}));
    EXPECT_EQ(undefine_mdev(*fixture, {.uuid = kDefined, .parent = {}}).error().text(),
              "No devices match the specified uuid");
    EXPECT_EQ(define_mdev(*fixture, arguments(kDefined)).value(), kDefined)
        << "a running one by its UUID alone";
}

TEST(MdevCommands, StartsWhatIsDefinedToStartWithItsParentOnce) {
    MdevFixture fixture(mtty(3));
    MdevArguments automatic = arguments(kDefined, "mtty", "mtty-2");
    automatic.start = MdevStart::kAuto;
    ASSERT_TRUE(define_mdev(*fixture, automatic));
    ASSERT_TRUE(define_mdev(*fixture, arguments(kOther, "mtty", "mtty-2")));
    EXPECT_TRUE(start_parent_mdevs(*fixture, "mtty"));
    EXPECT_TRUE(start_parent_mdevs(*fixture, "mtty"));
    EXPECT_EQ(fixture.left(1), 2U);
    EXPECT_TRUE(fixture.warnings.empty());
}

TEST(MdevCommands, ModifiesTheDefinitionAndNothingElse) {
    MdevFixture fixture(mtty(3));
    ASSERT_TRUE(define_mdev(*fixture, arguments(kDefined, "mtty", "mtty-2")));
    const auto edit = [&](const AttrEdit& how) {
        const auto done =
            modify_mdev(*fixture, arguments(kDefined), how, ModifyTarget::kDefinition);
        return done ? std::string() : done.error().text();
    };
    using EditKind = AttrEdit::EditKind;
    EXPECT_EQ(edit({EditKind::kAdd, "a", "1", {}}), "");
    EXPECT_EQ(edit({EditKind::kAdd, "b", "2", 0}), "");
    EXPECT_EQ(edit({EditKind::kAdd, "c", "3", 9}), "Attribute index 9 is invalid");
    EXPECT_EQ(edit({EditKind::kAdd, "../c", "3", {}}), "invalid attribute name '../c'");
    EXPECT_EQ(edit({EditKind::kDelete, "", "", 2}), "Attribute index 2 is invalid");
    EXPECT_EQ(defined_mdevs(*fixture, {})->at(0).definition.attrs,
              (MdevAttrs{{"b", "2"}, {"a", "1"}}));
    EXPECT_EQ(edit({EditKind::kDelete, "", "", {}}), "");
    EXPECT_EQ(edit({EditKind::kDelete, "", "", 0}), "");
    EXPECT_EQ(edit({EditKind::kDelete, "", "", {}}), "");
    EXPECT_EQ(fixture.left(1), 3U);
}

}  // namespace
}  // namespace binding
