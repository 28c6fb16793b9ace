// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/controller/job.hpp"

namespace bindd {

using policy::StepResult;
using policy::Transaction;
using policy::Verdict;

std::string Requester::actor() const {
    std::string text = "bindd (";
    if (uid)
        text += "uid " + std::to_string(*uid) + (description.empty() ? "" : ", ");
    return text + description + ")";
}

const char* job_kind_name(JobKind kind) {
    switch (kind) {
        case JobKind::kReconcile:
            return "reconcile";
        case JobKind::kApply:
            return "apply";
        case JobKind::kBind:
            return "bind";
        case JobKind::kRelease:
            return "release";
        case JobKind::kRollback:
            return "rollback";
    }
    return "reconcile";
}

const char* job_state_name(JobState state) {
    switch (state) {
        case JobState::kWaiting:
            return "waiting";
        case JobState::kLooking:
            return "looking";
        case JobState::kWorking:
            return "working";
        case JobState::kEnded:
            return "ended";
    }
    return "ended";
}

const char* ending_name(Ending ending) {
    switch (ending) {
        case Ending::kDone:
            return "done";
        case Ending::kFailed:
            return "failed";
        case Ending::kRefused:
            return "refused";
        case Ending::kPartly:
            return "partly";
        case Ending::kNoDevice:
            return "no-such-device";
        case Ending::kStuck:
            return "timed-out";
    }
    return "failed";
}

namespace {

struct JobResultCounts {
    unsigned done = 0;
    unsigned failed = 0;
    unsigned refused = 0;
    unsigned stuck = 0;

    void add(StepResult result) {
        switch (result) {
            case StepResult::kDone:
                ++done;
                break;
            case StepResult::kStuck:
                ++stuck;
                break;
            case StepResult::kFailed:
            case StepResult::kRolledBack:
            case StepResult::kSkipped:
                ++failed;
                break;
        }
    }
};

}  // namespace

Ending job_ending(const policy::Plan& plan, JobMode mode) {
    JobResultCounts sum;
    for (const Transaction& transaction : plan.transactions)
        if (transaction.result)
            sum.add(*transaction.result);
        else if (transaction.verdict == Verdict::kRefused ||
                 transaction.verdict == Verdict::kConflict)
            ++sum.refused;
    // A plan with a change beside the refusals is worth executing: it is not refused.
    if (mode == JobMode::kPlanOnly)
        for (const Transaction& transaction : plan.transactions)
            if (transaction.verdict == Verdict::kChange)
                return Ending::kDone;
    if (sum.stuck > 0)
        return Ending::kStuck;
    if (sum.failed > 0)
        return sum.done > 0 ? Ending::kPartly : Ending::kFailed;
    if (sum.refused > 0)
        return sum.done > 0 ? Ending::kPartly : Ending::kRefused;
    return Ending::kDone;
}

}  // namespace bindd
