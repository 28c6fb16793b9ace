// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/mdevctl/callouts.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fake/temp_dir.hpp"

/// mdevctl's callout protocol against real scripts: who is asked what, in which order, and what an
/// answer does.
namespace binding {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kUuid = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001";

class CalloutsTest : public testing::Test {
  protected:
    /// A script that notes "NAME event action state stdin" and then does `body`; $event and $action
    /// are set.
    void script(const std::string& where, const std::string& name, const std::string& body) {
        const std::string path = dir_.path() + "/etc/mdevctl.d/scripts.d/" + where + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << "#!/bin/sh\n"
                               "[ \"$*\" = \"-t mtty-1 -e $4 -a $6 -s $8 -u "
                            << kUuid
                            << " -p mtty\" ] || exit 77\n"
                               "event=$4 action=$6\n"
                               "[ $action = capabilities ] || read -r input\n"
                               "echo \""
                            << name << " $event $action $8 $input\" >>" << log() << "\n"
                            << body << "\n";
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    void callout(const std::string& name, const std::string& body) {
        script("callouts", name, body);
    }

    [[nodiscard]] std::string log() const { return dir_.path() + "/log"; }
    /// What was called since the last time, without the questions for capabilities.
    Words called() {
        std::ifstream file(log());
        Words lines;
        for (std::string line; std::getline(file, line);) {
            line.erase(line.find_last_not_of(' ') + 1);
            if (line.find(" capabilities ") == std::string::npos)
                lines.push_back(line);
        }
        std::filesystem::remove(log());
        return lines;
    }
    base::Result<void> around(Force force = Force::kNo, bool succeeds = true) {
        return callouts().run_with_callouts(
            MdevAction::kStart, mdev_, force, [&]() -> base::Result<void> {
                std::ofstream(log(), std::ios::app) << "work\n";
                if (succeeds)
                    return {};
                return base::fail(base::Code::kFailed, {}, {}, "no");
            });
    }
    Callouts& callouts() {
        if (!callouts_)
            callouts_.emplace(sysfs::Root{dir_.path()},
                              Callouts::CalloutOptions{
                                  .timeout = timeout_,
                                  .relay = [&](const std::string& t) { relayed_ += t; },
                                  .warn = [&](const std::string& t) { warned_ += t + "\n"; }});
        return *callouts_;
    }

    const std::string json_ = R"({"mdev_type":"mtty-1","start":"manual","attrs":[{"a":"5"}]})";
    MdevDefinition mdev_{kUuid, "mtty", "mtty-1", MdevStart::kManual, {{"a", "5"}}};
    fake::TempDir dir_;
    std::chrono::milliseconds timeout_{20'000};
    std::optional<Callouts> callouts_;
    std::string relayed_;
    std::string warned_;
};

TEST_F(CalloutsTest, WithoutScriptsNothingIsInTheWay) {
    EXPECT_TRUE(around());
    EXPECT_EQ(called(), Words{"work"});
    const auto attrs = callouts().attributes(mdev_);
    ASSERT_TRUE(attrs);
    EXPECT_EQ(*attrs, std::nullopt);
}

TEST_F(CalloutsTest, PreWorkPostAndThenTheNotifiers) {
    callout("50-mtty", "exit 0");
    script("notifiers", "all", "exit 1");
    EXPECT_TRUE(around());
    EXPECT_EQ(called(), (Words{"50-mtty pre start none " + json_, "work",
                               "50-mtty post start success " + json_, "all notify start success"}));
    EXPECT_FALSE(around(Force::kNo, false));
    EXPECT_EQ(called(), (Words{"50-mtty pre start none " + json_, "work",
                               "50-mtty post start failure " + json_, "all notify start failure"}));
}

TEST_F(CalloutsTest, ThatOthersMayWriteAreNotRun) {
    callout("20-others", "exit 1");
    callout("30-root", "exit 0");
    const std::string path = dir_.path() + "/etc/mdevctl.d/scripts.d/callouts/20-others";
    ASSERT_EQ(::chmod(path.c_str(), 0757), 0);
    EXPECT_TRUE(around());
    EXPECT_EQ(called(), (Words{"30-root pre start none " + json_, "work",
                               "30-root post start success " + json_}));
    EXPECT_EQ(warned_, "callout script " + path + " is passed over: " + path +
                           ": trust: this file is writable by others than its owner (mode 0757)\n");
}

TEST_F(CalloutsTest, TheFirstInTheOrderOfNamesThatTakesTheTypeSpeaks) {
    callout("10-other", "exit 2");
    callout("20-mine", "exit 0");
    callout("30-late", "exit 0");
    EXPECT_TRUE(around());
    EXPECT_EQ(called(),
              (Words{"10-other pre start none " + json_, "20-mine pre start none " + json_, "work",
                     "20-mine post start success " + json_}));
}

TEST_F(CalloutsTest, ANoStopsItAndPostDoesNotFollow) {
    callout("50-mtty", "echo not now >&2; exit 1");
    script("notifiers", "all", "");
    const auto done = around();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Code::kRefused);
    EXPECT_TRUE(done.error().reason.ends_with("/50-mtty\"' failed with status '1'"));
    EXPECT_EQ(relayed_, "50-mtty: not now\n");
    EXPECT_EQ(called(), (Words{"50-mtty pre start none " + json_, "all notify start none"}));
}

TEST_F(CalloutsTest, ForceGoesOnAgainstANo) {
    callout("50-mtty", "exit 1");
    EXPECT_TRUE(around(Force::kYes));
    EXPECT_NE(warned_.find("Forcing operation 'start' despite callout failure"), std::string::npos);
    EXPECT_EQ(called()[1], "work");
}

TEST_F(CalloutsTest, AScriptThatHangsIsKilledWithItsChildrenAndIsANo) {
    timeout_ = std::chrono::milliseconds(400);
    callout("50-mtty", "sleep 600 & wait");
    const auto begin = std::chrono::steady_clock::now();
    const auto done = around();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Code::kTimeout);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_NE(warned_.find("was killed: not done after 400 ms"), std::string::npos) << warned_;
}

TEST_F(CalloutsTest, AScriptThatASignalKilledHasSaidNothing) {
    callout("10-dies", "kill -SEGV $$");
    callout("20-mine", "exit 0");
    EXPECT_TRUE(around());
    EXPECT_NE(warned_.find("10-dies was terminated by a signal"), std::string::npos);
    EXPECT_EQ(called()[1], "20-mine pre start none " + json_);
}

// mdevctl 1.2 lost the refusal of a script that left before it had read its input (EPIPE).
TEST_F(CalloutsTest, TheAnswerOfAScriptThatDoesNotReadItsInputCounts) {
    mdev_.attrs.assign(20'000, {"a", "5"});
    const std::string path = dir_.path() + "/etc/mdevctl.d/scripts.d/callouts/50-mtty";
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << "#!/bin/sh\nexec <&-\ncase $6 in capabilities) exit 2 ;; esac\nexit 1\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    const auto done = around();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::Code::kRefused);
}

TEST_F(CalloutsTest, WhatCannotBeRunIsNoScript) {
    callout("20-mine", "exit 0");
    std::ofstream(dir_.path() + "/etc/mdevctl.d/scripts.d/callouts/10-readme") << "not a script\n";
    std::filesystem::create_directories(dir_.path() +
                                        "/etc/mdevctl.d/scripts.d/callouts/11-directory");
    EXPECT_TRUE(around());
    EXPECT_EQ(called().size(), 3U);
}

// A signal that would end us waits until `post` is through: `pre` may have taken a lock.
TEST_F(CalloutsTest, PostRunsAfterATerminationSignal) {
    callout("50-mtty", "exit 0");
    const pid_t pid = ::fork();
    if (pid == 0) {
        (void)callouts().run_with_callouts(MdevAction::kStop, mdev_, Force::kNo,
                                           []() -> base::Result<void> {
                                               ::raise(SIGTERM);
                                               return {};
                                           });
        ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    EXPECT_EQ(called(),
              (Words{"50-mtty pre stop none " + json_, "50-mtty post stop success " + json_}));
}

TEST_F(CalloutsTest, AttributesComeFromTheScriptOfTheType) {
    callout("50-mtty", R"([ $event = get ] && printf '[{"a":"1"},{"a":"2"}]\0')");
    const auto attrs = callouts().attributes(mdev_);
    ASSERT_TRUE(attrs) << attrs.error().text();
    EXPECT_EQ(*attrs, (MdevAttrs{{"a", "1"}, {"a", "2"}}));
    for (const char* empty : {"[{}]", "[]", "", "null"}) {
        callout("50-mtty", "printf '" + std::string(empty) + "'");
        EXPECT_EQ(*callouts().attributes(mdev_), MdevAttrs{}) << empty;
    }
    callout("50-mtty", "printf nonsense");
    EXPECT_EQ(callouts().attributes(mdev_).error().reason,
              "Invalid JSON received from callout script");
}

constexpr const char* kVersioned =
    R"([ $action = capabilities ] && { cat >/dev/null; printf '{"supports":{"version":2,"actions":["start","modify","future"],"events":["pre","live","later"]}}'; exit 0; }; exit 0)";

TEST_F(CalloutsTest, AVersionedScriptSpeaksAloneAndOnlyOfWhatItSupports) {
    callout("10-other", "exit 0");
    callout("50-mtty", kVersioned);
    EXPECT_TRUE(around());
    EXPECT_EQ(called(), (Words{"50-mtty pre start none " + json_, "work"}));
    const auto stop = callouts().run_with_callouts(MdevAction::kStop, mdev_, Force::kNo,
                                                   []() -> base::Result<void> { return {}; });
    ASSERT_FALSE(stop);
    EXPECT_TRUE(stop.error().reason.ends_with("50-mtty\" does not support action 'stop'"));
}

constexpr const char* kNoLive =
    "Live modification is not supported for this device type. Changing the device configuration "
    "requires stopping and restarting the device.";

/// Each as mdevctl 1.4.0 reads it.
TEST_F(CalloutsTest, CapabilitiesWithMissingPartsAreNone) {
    const auto live = [&](const std::string& supports) {
        callouts_.reset();
        callout("50-mtty", "[ $action = capabilities ] && cat >/dev/null && printf '" + supports +
                               "'; exit 0");
        const auto done = callouts().live(mdev_);
        return done ? "" : done.error().reason;
    };
    const std::string lists = R"("actions":["modify"],"events":["live"])";
    for (const std::string& supports :
         {std::string("{}"), std::string("[]"), std::string(R"({"supports":null})"),
          std::string(R"({"supports":[]})"), std::string(R"({"supports":{}})"),
          R"({"supports":{)" + lists + "}}", R"({"supports":{"version":"2",)" + lists + "}}",
          R"({"supports":{"version":-1,)" + lists + "}}",
          std::string(R"({"supports":{"version":2,"actions":["modify"]}})"),
          std::string(R"({"supports":{"version":2,"events":["live"]}})"),
          std::string(R"({"supports":{"version":2,"actions":"modify","events":"live"}})"),
          std::string(R"({"supports":{"version":2,"actions":["modify",1],"events":["live"]}})")})
        EXPECT_EQ(live(supports), kNoLive) << supports;
    for (const char* version : {"1", "2", "3"})
        EXPECT_EQ(live(R"({"supports":{"version":)" + std::string(version) + "," + lists +
                       R"(,"more":5}})"),
                  "")
            << version;
    EXPECT_TRUE(live(R"({"supports":{"version":2,"actions":[],"events":[]}})")
                    .ends_with("50-mtty\" does not support action 'modify'"));
}

TEST_F(CalloutsTest, LiveChangesNeedAVersionedScriptThatCan) {
    callout("50-mtty", "exit 0");
    EXPECT_EQ(callouts().live(mdev_).error().reason, kNoLive);
    called();
    callouts_.reset();
    callout("50-mtty", kVersioned);
    EXPECT_TRUE(callouts().live(mdev_));
    EXPECT_EQ(called(), (Words{"50-mtty live modify none " + json_}));
}

TEST_F(CalloutsTest, OfADirectoryThatIsNoHostNothingIsRun) {
    callout("50-mtty", "exit 1");
    callouts_.emplace(std::nullopt,
                      Callouts::CalloutOptions{.timeout = timeout_, .relay = {}, .warn = {}});
    EXPECT_TRUE(around());
    EXPECT_EQ(called(), Words{"work"});
}

}  // namespace
}  // namespace binding
