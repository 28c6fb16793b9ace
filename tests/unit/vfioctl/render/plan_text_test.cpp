// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/plan_text.hpp"

#include <gtest/gtest.h>

namespace vfioctl {
namespace {

using policy::StepResult;
using policy::Transaction;
using policy::Verdict;

Transaction of(Verdict verdict, std::optional<StepResult> result = {}) {
    Transaction transaction;
    transaction.verdict = verdict;
    transaction.result = result;
    return transaction;
}

policy::Plan plan(std::vector<Transaction> transactions) {
    return {.transactions = std::move(transactions)};
}

TEST(PlanExit, SaysWhetherAnythingWouldChange) {
    EXPECT_EQ(detailed_exit(plan({})), ExitCode::kDone);
    EXPECT_EQ(detailed_exit(plan({of(Verdict::kOk)})), ExitCode::kDone);
    EXPECT_EQ(detailed_exit(plan({of(Verdict::kRefused)})), ExitCode::kRefused);
    EXPECT_EQ(detailed_exit(plan({of(Verdict::kConflict), of(Verdict::kOk)})), ExitCode::kRefused);
    EXPECT_EQ(detailed_exit(plan({of(Verdict::kRefused), of(Verdict::kChange)})),
              ExitCode::kChanges);
}

TEST(ApplyExit, TellsDoneFromRefusedFromPartlyFromStuck) {
    const Transaction ok = of(Verdict::kOk);
    const Transaction refused = of(Verdict::kRefused);
    const Transaction conflict = of(Verdict::kConflict);
    const Transaction done = of(Verdict::kChange, StepResult::kDone);
    const Transaction failed = of(Verdict::kChange, StepResult::kFailed);
    const Transaction rolled_back = of(Verdict::kChange, StepResult::kRolledBack);
    const Transaction stuck = of(Verdict::kChange, StepResult::kStuck);
    EXPECT_EQ(applied_exit(plan({})), ExitCode::kDone);
    EXPECT_EQ(applied_exit(plan({ok, done})), ExitCode::kDone);
    EXPECT_EQ(applied_exit(plan({ok, refused})), ExitCode::kRefused);
    EXPECT_EQ(applied_exit(plan({conflict})), ExitCode::kRefused);
    EXPECT_EQ(applied_exit(plan({done, refused})), ExitCode::kPartly);
    EXPECT_EQ(applied_exit(plan({done, rolled_back})), ExitCode::kPartly);
    EXPECT_EQ(applied_exit(plan({rolled_back})), ExitCode::kFailed);
    EXPECT_EQ(applied_exit(plan({failed, refused})), ExitCode::kFailed);
    EXPECT_EQ(applied_exit(plan({done, failed, stuck})), ExitCode::kTimedOut);
}

TEST(PlanText, ShowsResultsAndTheFailureOfAStep) {
    Transaction transaction = of(Verdict::kChange, StepResult::kRolledBack);
    transaction.group = 15;
    transaction.devices = {{"pci", "0000:01:00.0"}};
    transaction.error = "0000:01:00.0: bind: Device or resource busy";
    transaction.steps = {{.op = policy::Op::kUnbind,
                          .device = {"pci", "0000:01:00.0"},
                          .value = "e1000e",
                          .module = {},
                          .result = StepResult::kDone,
                          .error = {}},
                         {.op = policy::Op::kBind,
                          .device = {"pci", "0000:01:00.0"},
                          .value = "vfio-pci",
                          .module = {},
                          .result = StepResult::kFailed,
                          .error = "Device or resource busy"}};
    EXPECT_EQ(plan_text(plan({transaction}), {}, ReasonLift::kRule),
              "group 15: rolled_back  0000:01:00.0: 0000:01:00.0: bind: Device or resource busy\n"
              "    unbind  0000:01:00.0  e1000e  done\n"
              "    bind    0000:01:00.0  vfio-pci  failed: Device or resource busy\n"
              "1 failed\n");
}

TEST(PlanText, NotesWhatIsLeftAloneAndOffersOnlyWhatCanBeForced) {
    Transaction transaction = of(Verdict::kRefused);
    transaction.group = 4;
    transaction.reasons = {{.code = policy::ReasonCode::kMounted,
                            .device = {"pci", "0000:00:1f.2"},
                            .text = "the running system needs it",
                            .evidence = "sda1 on /",
                            .forceable = false}};
    transaction.notes = {"0000:00:1f.0 is left alone: a bridge without a driver"};
    EXPECT_EQ(plan_text(plan({transaction}), {}, ReasonLift::kRule),
              "group 4: refused  \n"
              "  0000:00:1f.2: mounted: the running system needs it (sda1 on /)\n"
              "  note: 0000:00:1f.0 is left alone: a bridge without a driver\n"
              "1 refused\n");
}

// The rules of plan and apply have in_use, bind and release have --force, sriov has neither; and of
// the firmware's memory neither helps.
TEST(PlanText, OffersWhatLiftsAReasonForTheCommand) {
    const auto shown = [](policy::ReasonCode code, ReasonLift lift) {
        Transaction transaction = of(Verdict::kRefused);
        transaction.reasons = {
            {.code = code, .device = {}, .text = "why", .evidence = {}, .forceable = true}};
        const std::string text = transaction_text(transaction, {}, lift);
        const std::size_t why = text.rfind("why");
        return text.substr(why, text.find('\n', why) - why);
    };
    using policy::ReasonCode;
    EXPECT_EQ(shown(ReasonCode::kSignature, ReasonLift::kRule),
              "why [in_use: { allow: [signature] }]");
    EXPECT_EQ(shown(ReasonCode::kSignature, ReasonLift::kForceOption), "why [--force signature]");
    EXPECT_EQ(shown(ReasonCode::kSignature, ReasonLift::kNone), "why");
    for (const ReasonLift lift : {ReasonLift::kRule, ReasonLift::kForceOption})
        EXPECT_EQ(shown(ReasonCode::kFirmwareMemory, lift), "why");
}

TEST(PlanText, ControlCharactersNeverReachTheTerminal) {
    Transaction transaction = of(Verdict::kRefused);
    transaction.group = 1;
    transaction.reasons = {{.code = policy::ReasonCode::kOpenFd,
                            .device = {"pci", "0000:01:00.0"},
                            .text = "held by \033[2J",
                            .evidence = {},
                            .forceable = true}};
    EXPECT_EQ(plan_text(plan({transaction}), {}, ReasonLift::kRule).find('\033'),
              std::string::npos);
}

}  // namespace
}  // namespace vfioctl
