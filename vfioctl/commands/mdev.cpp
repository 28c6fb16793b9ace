// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/mdev.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "vfioctl/context/json_document.hpp"
#include "vfioctl/mdev/mdev_verbs.hpp"
#include "vfioctl/pipeline/plan_execution.hpp"

/// `vfioctl mdev VERB`: mdevctl's verbs and options, this program's failures and exit statuses. The
/// UUID may be a word of its own.
namespace vfioctl {
namespace {

enum class MdevWrites { kNothing, kFiles, kKernel };

MdevWrites writes_for(MdevVerb verb) {
    switch (verb) {
        case MdevVerb::kTypes:
        case MdevVerb::kList:
            return MdevWrites::kNothing;
        case MdevVerb::kDefine:
        case MdevVerb::kUndefine:
        case MdevVerb::kModify:
            return MdevWrites::kFiles;
        case MdevVerb::kStart:
        case MdevVerb::kStop:
            return MdevWrites::kKernel;
    }
    return MdevWrites::kKernel;
}

CliResult<void> check_may_run(const CliContext& cli, MdevVerb verb, const std::string& name) {
    const MdevWrites writes = writes_for(verb);
    if (writes == MdevWrites::kKernel && !cli.options.root.is_live())
        return fail(ExitCode::kRefused, name + " --root", "not possible below --root (no kernel)",
                    "definitions can be made there: vfioctl --root DIR mdev define");
    if (writes == MdevWrites::kKernel && cli.daemon != nullptr)
        return {};  // the daemon authorises
    if (writes != MdevWrites::kNothing && cli.options.root.is_live() && cli.user != User::kRoot)
        return fail(ExitCode::kFailed, name, "needs root", "with `sudo`");
    return {};
}

tl::unexpected<Failure> mdev_failure(const std::string& name, const base::Error& error) {
    std::string why = error.text();
    if (error.errnum != 0 && !error.reason.empty()) {
        base::Error bare = error;
        bare.reason.clear();
        why += ": " + bare.text();
    }
    const bool absent = error.code == base::Code::kNotFound;
    return fail(absent ? ExitCode::kNoDevice : to_exit_code(error.code), name, why, error.hint);
}

base::Error to_error(const Failure& failure) {
    base::Error error = base::fail(base::Code::kFailed, {}, failure.what, failure.why).value();
    error.code = failure.code == ExitCode::kNoDevice   ? base::Code::kNotFound
                 : failure.code == ExitCode::kRefused  ? base::Code::kRefused
                 : failure.code == ExitCode::kTimedOut ? base::Code::kTimeout
                                                       : base::Code::kFailed;
    error.hint = failure.hint;
    return error;
}

CliResult<ChangeRequest> to_request(const CliContext& cli, const policy::Change& change) {
    if (change.mdevs.empty()) {
        std::string element = change.mdevs_to_stop.front().uuid.value_or("");
        std::replace(element.begin(), element.end(), '-', '_');
        return ChangeRequest{.method = "Remove", .object = "/org/bindd1/mdev/" + element};
    }
    const policy::MdevSpec& mdev = change.mdevs.front();
    ChangeRequest request{.method = "CreateMdev",
                          .object = TRY(object_paths(cli, {change.target.id})).front(),
                          .mdev_type = mdev.type,
                          .options = {{"uuid", mdev.uuid.value_or("")}}};
    std::vector<std::string> attrs;
    for (const auto& [name, value] : mdev.attrs)
        attrs.push_back(name + "=" + value);
    if (!attrs.empty())
        request.options.emplace("attrs", std::move(attrs));
    return request;
}

/// In place of apply(): what the daemon did.
base::Result<policy::Plan> execute_by_daemon(CliContext& cli, const policy::Plan& plan) {
    const auto request = to_request(cli, plan.transactions.front().changes.front());
    if (!request)
        return tl::unexpected(to_error(request.error()));
    auto done = cli.daemon->run_job(*request, [](const binding::Progress&) {});
    if (!done)
        return tl::unexpected(to_error(done.error()));
    for (const std::string& sentence : done->warnings)
        cli.err << "vfioctl: warning: " << printable(sentence) << "\n";
    return std::move(done->plan);
}

/// `mdev start UUID` is `mdev start -u UUID`.
CliResult<Arguments> with_uuid(const Arguments& arguments, const std::string& name) {
    Arguments out = arguments;
    if (arguments.words.empty())
        return out;
    if (arguments.one("uuid"))
        return fail(ExitCode::kUsage, name, "unexpected '" + arguments.words.front() + "'",
                    "the UUID is given already");
    out.values["uuid"] = {arguments.words.front()};
    return out;
}

CliResult<ExitCode> run_verb(CliContext& cli, const Arguments& given, MdevVerb verb,
                             const std::string& name) {
    const auto arguments = TRY(with_uuid(given, name));
    if (auto good = check_mdev_options(verb, arguments); !good) {
        Failure failure = good.error();
        failure.what = failure.what.empty() ? name : name + " " + failure.what;
        failure.hint = "see: vfioctl " + name + " --help";
        return tl::unexpected(failure);
    }
    TRY(check_may_run(cli, verb, name));
    MdevCommandContext mdev_command(
        cli, MdevCommandContext::Program::kVfioctl,
        arguments.has("force") ? binding::Force::kYes : binding::Force::kNo);
    if (cli.daemon != nullptr)
        mdev_command.context().execute = [&cli](const policy::Plan& plan) {
            return execute_by_daemon(cli, plan);
        };
    const auto output = run_mdev_verb(verb, mdev_command.context(), arguments);
    if (!output)
        return mdev_failure(name, output.error());
    if (cli.json())
        cli.out << dump(output->json);
    else if (!output->text.empty())
        cli.out << whole_lines(output->text);
    return ExitCode::kDone;
}

}  // namespace

CliResult<ExitCode> run_mdev_types(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kTypes, "mdev types");
}

CliResult<ExitCode> run_mdev_list(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kList, "mdev list");
}

CliResult<ExitCode> run_mdev_define(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kDefine, "mdev define");
}

CliResult<ExitCode> run_mdev_undefine(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kUndefine, "mdev undefine");
}

CliResult<ExitCode> run_mdev_modify(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kModify, "mdev modify");
}

CliResult<ExitCode> run_mdev_start(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kStart, "mdev start");
}

CliResult<ExitCode> run_mdev_stop(CliContext& cli, const Arguments& arguments) {
    return run_verb(cli, arguments, MdevVerb::kStop, "mdev stop");
}

}  // namespace vfioctl
