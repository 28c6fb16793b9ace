// SPDX-License-Identifier: LGPL-2.1-or-later
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/command.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/execute.hpp"
#include "vfioctl/mdev_verbs.hpp"

/// `vfioctl mdev VERB`: mdevctl's verbs and options, this program's failures and exit statuses. The UUID may
/// stand as a word of its own.
namespace vfioctl {
namespace {

enum class Writes { kNothing, kFiles, kKernel };

Writes writes_of(MdevVerb verb) {
    switch (verb) {
        case MdevVerb::kTypes:
        case MdevVerb::kList: return Writes::kNothing;
        case MdevVerb::kDefine:
        case MdevVerb::kUndefine:
        case MdevVerb::kModify: return Writes::kFiles;
        case MdevVerb::kStart:
        case MdevVerb::kStop: return Writes::kKernel;
    }
    return Writes::kKernel;
}

Outcome<void> may_run(const Session& session, MdevVerb verb, const std::string& name) {
    const Writes writes = writes_of(verb);
    if (writes == Writes::kKernel && !session.options.root.is_live())
        return fail(ExitCode::kRefused, name + " --root", "a directory is no kernel",
                    "definitions can be made there: vfioctl --root DIR mdev define");
    if (writes != Writes::kNothing && session.options.root.is_live() &&
        session.user != User::kRoot)
        return fail(ExitCode::kFailed, name, "needs root", "with `sudo`");
    return {};
}

ExitCode exit_of(sysfs::Code code) {
    switch (code) {
        case sysfs::Code::kNotFound: return ExitCode::kNoDevice;
        case sysfs::Code::kRefused: return ExitCode::kRefused;
        case sysfs::Code::kTimeout: return ExitCode::kTimedOut;
        case sysfs::Code::kInvalid:
        case sysfs::Code::kGone:
        case sysfs::Code::kDenied:
        case sysfs::Code::kBusy:
        case sysfs::Code::kUnsupported:
        case sysfs::Code::kFailed: return ExitCode::kFailed;
    }
    return ExitCode::kFailed;
}

tl::unexpected<Failure> failed(const std::string& name, const sysfs::Error& error) {
    std::string why = error.text();
    if (error.errnum != 0 && !error.reason.empty()) {
        sysfs::Error bare = error;
        bare.reason.clear();
        why += ": " + bare.text();
    }
    return fail(exit_of(error.code), name, why, error.hint);
}

/// `mdev start UUID` is `mdev start -u UUID`.
Outcome<Arguments> with_uuid(const Arguments& arguments, const std::string& name) {
    Arguments out = arguments;
    if (arguments.words.empty())
        return out;
    if (arguments.one("uuid"))
        return fail(ExitCode::kUsage, name, "unexpected '" + arguments.words.front() + "'",
                    "the UUID is given already");
    out.values["uuid"] = {arguments.words.front()};
    return out;
}

Outcome<ExitCode> run_verb(Session& session, const Arguments& given, MdevVerb verb,
                           const std::string& name) {
    const auto arguments = with_uuid(given, name);
    if (!arguments)
        return propagate(arguments);
    if (auto good = check_mdev_options(verb, *arguments); !good) {
        Failure failure = good.error();
        failure.what = failure.what.empty() ? name : name + " " + failure.what;
        failure.hint = "see: vfioctl " + name + " --help";
        return tl::unexpected(failure);
    }
    if (auto may = may_run(session, verb, name); !may)
        return propagate(may);
    MdevOffice office(session, MdevOffice::As::kVfioctl,
                      arguments->has("force") ? binding::Force::kYes : binding::Force::kNo);
    const auto answer = run_mdev_verb(verb, office.desk(), *arguments);
    if (!answer)
        return failed(name, answer.error());
    if (session.json())
        session.out << dump(answer->json);
    else if (!answer->text.empty())
        session.out << answer->text << (answer->text.ends_with('\n') ? "" : "\n");
    return ExitCode::kDone;
}

}  // namespace

Outcome<ExitCode> run_mdev_types(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kTypes, "mdev types");
}

Outcome<ExitCode> run_mdev_list(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kList, "mdev list");
}

Outcome<ExitCode> run_mdev_define(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kDefine, "mdev define");
}

Outcome<ExitCode> run_mdev_undefine(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kUndefine, "mdev undefine");
}

Outcome<ExitCode> run_mdev_modify(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kModify, "mdev modify");
}

Outcome<ExitCode> run_mdev_start(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kStart, "mdev start");
}

Outcome<ExitCode> run_mdev_stop(Session& session, const Arguments& arguments) {
    return run_verb(session, arguments, MdevVerb::kStop, "mdev stop");
}

}  // namespace vfioctl
