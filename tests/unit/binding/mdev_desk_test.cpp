// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdev_desk.hpp"

#include "tests/unit/binding/stand.hpp"

/// Mediated devices by hand, against the model of the kernel.
namespace binding {
namespace {

constexpr const char* kDefined = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";
constexpr const char* kOther = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002";

fake::World mtty(std::uint32_t instances) {
    fake::Host host;
    host.mdev_parent("mtty").mdev_type("mtty-1", 20).mdev_type("mtty-2", instances).attr("speed", "");
    return fake::World::of(host);
}

class Desk {
  public:
    explicit Desk(const fake::World& world)
        : stand_(world), store_(sysfs::Root{stand_.path()}),
          callouts_(std::nullopt, {.timeout = std::chrono::seconds(1), .relay = {}, .warn = {}}),
          desk_{.kernel = stand_.kernel(),
                .state = stand_.state(),
                .store = store_,
                .callouts = callouts_,
                .options = stand_.options(),
                .force = Force::kNo,
                .warn = [this](const std::string& text) { warnings.push_back(text); }} {}

    MdevDesk& operator*() { return desk_; }
    Stand& stand() { return stand_; }
    fake::World look() { return stand_.kernel().look(); }
    std::uint32_t left(std::size_t type) {
        return look().devices.at({"mdev_parent", "mtty"}).mdev_types[type].available;
    }
    /// "" or why not.
    std::string start(const MdevWords& words) {
        const auto started = start_mdev(desk_, words);
        return started ? "" : started.error().text();
    }

    std::vector<std::string> warnings;

  private:
    Stand stand_;
    MdevStore store_;
    Callouts callouts_;
    MdevDesk desk_;
};

MdevWords words(const std::string& uuid, const char* parent = nullptr, const char* type = nullptr) {
    MdevWords out;
    out.uuid = uuid;
    if (parent != nullptr)
        out.parent = parent;
    if (type != nullptr)
        out.type = type;
    return out;
}

MdevWords json_words(const std::string& uuid, const std::string& text) {
    MdevWords out = words(uuid, "mtty");
    out.json = {"/dev/stdin", text};
    return out;
}

TEST(MdevDesk, StartsStopsAndLeavesNothingToRelease) {
    Desk desk(mtty(2));
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(desk.left(1), 1U);
    EXPECT_EQ(desk.stand().ledger().bound.size(), 1U);
    const auto active = active_mdevs(*desk, {});
    ASSERT_TRUE(active);
    ASSERT_EQ(active->size(), 1U);
    EXPECT_EQ((*active)[0].definition.type, "mtty-2");
    EXPECT_TRUE(stop_mdev(*desk, kDefined));
    EXPECT_EQ(desk.left(1), 2U);
    EXPECT_TRUE(desk.stand().ledger().bound.empty());
    EXPECT_EQ(stop_mdev(*desk, kDefined).error().code, sysfs::Code::kNotFound);
}

TEST(MdevDesk, StopsWhatOthersStarted) {
    Desk desk(mtty(2));
    ASSERT_TRUE(desk.stand().kernel().create_mdev("mtty", "mtty-2", kDefined));
    EXPECT_TRUE(stop_mdev(*desk, kDefined));
    EXPECT_EQ(desk.left(1), 2U);
    EXPECT_TRUE(desk.stand().ledger().bound.empty());
}

TEST(MdevDesk, StoppingOneOfTwoLeavesTheOtherToRelease) {
    Desk desk(mtty(4));
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(desk.start(words(kOther, "mtty", "mtty-2")), "");
    EXPECT_TRUE(stop_mdev(*desk, kDefined));
    const auto plan = plan_release(desk.stand().kernel(), desk.stand().state(),
                                   desk.look().inventory(), {{"mdev_parent", "mtty"}});
    ASSERT_TRUE(plan) << plan.error().text();
    desk.stand().apply(*plan);
    EXPECT_EQ(desk.left(1), 4U);
    EXPECT_TRUE(desk.stand().ledger().bound.empty());
}

TEST(MdevDesk, WhatIsOpenIsNotStopped) {
    Desk desk(mtty(2));
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-2")), "");
    desk.stand().kernel().change(
        [](fake::World& world) { world.open({"mdev", kDefined}, "qemu (pid 712)"); });
    const auto stopped = stop_mdev(*desk, kDefined);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, sysfs::Code::kRefused);
    EXPECT_NE(stopped.error().text().find("qemu (pid 712)"), std::string::npos);
    EXPECT_EQ(desk.left(1), 1U);
}

TEST(MdevDesk, AnAttributeThatIsRefusedRemovesTheDeviceAgain) {
    Desk desk(mtty(2));
    EXPECT_NE(desk.start(json_words(kDefined, R"({"mdev_type":"mtty-2","start":"manual","attrs":[{"speed":"9"},{"nope":"1"}]})")),
              "");
    EXPECT_EQ(desk.left(1), 2U);
    EXPECT_TRUE(desk.stand().ledger().bound.empty());
    EXPECT_EQ(desk.start(json_words(kDefined, R"({"mdev_type":"mtty-2","start":"manual","attrs":[{"speed":"9"}]})")),
              "");
    EXPECT_EQ(desk.look().devices.at({"mdev", kDefined}).attrs.at("speed"), "9");
}

TEST(MdevDesk, SaysWhatStandsAgainstAStart) {
    Desk desk(mtty(1));
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-9")), "Parent mtty does not support mdev type mtty-9");
    EXPECT_EQ(desk.start(words(kDefined, "MTTY", "mtty-1")),
              "Unable to find parent device 'MTTY'. Did you mean 'mtty'?");
    EXPECT_EQ(desk.start(words(kDefined, "nope", "mtty-1")), "Unable to find parent device 'nope'");
    EXPECT_EQ(desk.start(words(kDefined, "mtty")), "Device is insufficiently specified");
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-2")), "");
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-2")), "Device already exists");
    EXPECT_EQ(desk.start(words(kDefined, "mtty", "mtty-1")), "Device exists with different type");
    EXPECT_EQ(desk.start(words(kOther, "mtty", "mtty-2")), "No available instances of mtty-2 on mtty");
}

TEST(MdevDesk, DefinesStartsAndUndefines) {
    Desk desk(mtty(2));
    MdevWords wish = words(kDefined, "mtty", "mtty-2");
    wish.start = MdevStart::kAuto;
    EXPECT_EQ(define_mdev(*desk, wish).value(), kDefined);
    EXPECT_EQ(define_mdev(*desk, wish).error().text(),
              std::string("Device ") + kDefined + " on mtty already defined");
    EXPECT_EQ(desk.start(words(kDefined)), "");
    const auto listed = defined_mdevs(*desk, {});
    ASSERT_TRUE(listed);
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_TRUE((*listed)[0].active);
    EXPECT_TRUE(undefine_mdev(*desk, {.uuid = kDefined, .parent = {}}));
    EXPECT_EQ(undefine_mdev(*desk, {.uuid = kDefined, .parent = {}}).error().text(),
              "No devices match the specified uuid");
    EXPECT_EQ(define_mdev(*desk, words(kDefined)).value(), kDefined) << "a running one by its UUID alone";
}

TEST(MdevDesk, StartsWhatIsDefinedToStartWithItsParentOnce) {
    Desk desk(mtty(3));
    MdevWords automatic = words(kDefined, "mtty", "mtty-2");
    automatic.start = MdevStart::kAuto;
    ASSERT_TRUE(define_mdev(*desk, automatic));
    ASSERT_TRUE(define_mdev(*desk, words(kOther, "mtty", "mtty-2")));
    EXPECT_TRUE(start_parent_mdevs(*desk, "mtty"));
    EXPECT_TRUE(start_parent_mdevs(*desk, "mtty"));
    EXPECT_EQ(desk.left(1), 2U);
    EXPECT_TRUE(desk.warnings.empty());
}

TEST(MdevDesk, ModifiesTheDefinitionAndNothingElse) {
    Desk desk(mtty(3));
    ASSERT_TRUE(define_mdev(*desk, words(kDefined, "mtty", "mtty-2")));
    const auto edit = [&](const AttrEdit& how) {
        const auto done = modify_mdev(*desk, words(kDefined), how, ModifyWhat::kDefinition);
        return done ? std::string() : done.error().text();
    };
    using What = AttrEdit::What;
    EXPECT_EQ(edit({What::kAdd, "a", "1", {}}), "");
    EXPECT_EQ(edit({What::kAdd, "b", "2", 0}), "");
    EXPECT_EQ(edit({What::kAdd, "c", "3", 9}), "Attribute index 9 is invalid");
    EXPECT_EQ(edit({What::kAdd, "../c", "3", {}}), "invalid attribute name '../c'");
    EXPECT_EQ(edit({What::kDelete, "", "", 2}), "Attribute index 2 is invalid");
    EXPECT_EQ(defined_mdevs(*desk, {})->at(0).definition.attrs, (MdevAttrs{{"b", "2"}, {"a", "1"}}));
    EXPECT_EQ(edit({What::kDelete, "", "", {}}), "");
    EXPECT_EQ(edit({What::kDelete, "", "", 0}), "");
    EXPECT_EQ(edit({What::kDelete, "", "", {}}), "");
    EXPECT_EQ(desk.left(1), 3U);
}

}  // namespace
}  // namespace binding
