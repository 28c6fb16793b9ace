// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/mdev/mdev_verbs.hpp"

#include <fcntl.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/file_io.hpp"
#include "base/unique_fd.hpp"
#include "binding/mdevctl/mdev_define.hpp"
#include "binding/mdevctl/mdev_list.hpp"
#include "binding/mdevctl/mdev_start.hpp"
#include "sysfs/device/names.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/mdev/mdev_format.hpp"

namespace vfioctl {
namespace {

using base::Result;
using binding::MdevContext;
using binding::MdevStart;

std::optional<std::string> parse_uuid_option(const Arguments& given) {
    const auto word = given.one("uuid");
    const auto uuid = word ? binding::parse_uuid_loosely(*word) : base::Result<std::string>();
    return word && uuid ? std::optional(*uuid) : std::nullopt;
}

binding::MdevFilter parse_filter(const Arguments& given) {
    return {.uuid = parse_uuid_option(given), .parent = given.one("parent")};
}

MdevFormat parse_format(const Arguments& given) {
    return given.has("dumpjson") ? MdevFormat::kDumpJson : MdevFormat::kText;
}

/// Waits for the writer of a pipe, unlike base::read_file(): "--jsonfile /dev/stdin".
Result<std::string> read_json_file(const std::string& path) {
    const char* name = path == "-" ? "/dev/stdin" : path.c_str();
    const base::UniqueFd fd(::open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!fd.valid())
        return base::fail_errno(errno, "open", path);
    return base::read_rest(fd.get(), path);
}

Result<binding::MdevArguments> parse_mdev_arguments(const Arguments& given) {
    binding::MdevArguments words{.uuid = parse_uuid_option(given),
                                 .parent = given.one("parent"),
                                 .type = given.one("type"),
                                 .start = {},
                                 .json = {}};
    if (given.has("auto"))
        words.start = MdevStart::kAuto;
    else if (given.has("manual"))
        words.start = MdevStart::kManual;
    if (const auto name = given.one("jsonfile")) {
        auto text = read_json_file(*name);
        if (!text) {
            base::Error error = text.error();
            error.code = base::Code::kFailed;  // it is no device that was not found
            error.operation.clear();
            error.object.clear();
            error.reason = "Unable to read jsonfile \"" + *name + "\"";
            return tl::unexpected(error);
        }
        words.json = {*name, *std::move(text)};
    }
    return words;
}

binding::AttrEdit parse_attr_edit(const Arguments& given) {
    binding::AttrEdit edit;
    if (const auto name = given.one("addattr")) {
        edit.kind = binding::AttrEdit::EditKind::kAdd;
        edit.name = *name;
        edit.value = given.one("value").value_or("");
    } else if (given.has("delattr")) {
        edit.kind = binding::AttrEdit::EditKind::kDelete;
    }
    if (const auto index = given.one("index"))
        edit.index = base::parse_decimal(*index).value_or(0);
    return edit;
}

binding::ModifyTarget parse_modify_target(const Arguments& given) {
    if (!given.has("live"))
        return binding::ModifyTarget::kDefinition;
    return given.has("defined") ? binding::ModifyTarget::kLiveAndDefinition
                                : binding::ModifyTarget::kLive;
}

Result<MdevOutput> list(MdevContext& context, const Arguments& given) {
    const auto filter = parse_filter(given);
    const auto which = given.has("defined") ? MdevSelection::kDefined : MdevSelection::kActive;
    const auto mdevs = which == MdevSelection::kDefined ? defined_mdevs(context, filter)
                                                        : active_mdevs(context, filter);
    if (!mdevs)
        return base::propagate(mdevs);
    return format_mdev_list(*mdevs, which, parse_format(given),
                            given.has("verbose") ? MdevDetail::kAttrs : MdevDetail::kBrief, filter);
}

Result<MdevOutput> types(MdevContext& context, const Arguments& given) {
    const auto inventory = context.kernel.inventory({});
    if (!inventory)
        return base::propagate(inventory);
    return format_mdev_types(*inventory, given.one("parent"), parse_format(given));
}

/// A UUID is news only to who did not give it.
Result<MdevOutput> uuid_output(const Result<std::string>& uuid, const Arguments& given) {
    if (!uuid)
        return base::propagate(uuid);
    MdevOutput output{.text = given.one("uuid") ? "" : *uuid, .json = json_document()};
    output.json["uuid"] = *uuid;
    return output;
}

Result<MdevOutput> empty_output(const Result<void>& done, const Arguments& given) {
    if (!done)
        return base::propagate(done);
    MdevOutput output{.text = {}, .json = json_document()};
    output.json["uuid"] = parse_uuid_option(given).value_or("");
    return output;
}

constexpr std::chrono::milliseconds kScriptTimeout{60'000};

std::function<void(const std::string&)> make_warning_sink(CliContext& cli,
                                                          MdevCommandContext::Program program) {
    const char* name = program == MdevCommandContext::Program::kMdevctl ? "mdevctl" : "vfioctl";
    return [&cli, name](const std::string& text) {
        cli.err << name << ": warning: " << printable(text) << "\n";
    };
}

/// Does the daemon change the kernel, for a user who may not? Scripts expect root.
bool is_of_user(const CliContext& cli) {
    return cli.daemon != nullptr && cli.user != User::kRoot;
}

}  // namespace

Result<MdevOutput> run_mdev_verb(MdevVerb verb, MdevContext& context, const Arguments& given) {
    const auto words = parse_mdev_arguments(given);
    if (!words)
        return base::propagate(words);
    switch (verb) {
        case MdevVerb::kTypes:
            return types(context, given);
        case MdevVerb::kList:
            return list(context, given);
        case MdevVerb::kDefine:
            return uuid_output(define_mdev(context, *words), given);
        case MdevVerb::kUndefine:
            return empty_output(undefine_mdev(context, parse_filter(given)), given);
        case MdevVerb::kModify:
            return empty_output(
                modify_mdev(context, *words, parse_attr_edit(given), parse_modify_target(given)),
                given);
        case MdevVerb::kStart:
            return uuid_output(start_mdev(context, *words), given);
        case MdevVerb::kStop:
            return empty_output(stop_mdev(context, words->uuid.value_or("")), given);
    }
    return MdevOutput{};
}

MdevCommandContext::MdevCommandContext(CliContext& cli, Program program, binding::Force force)
    : store_(cli.options.root),
      callouts_(
          program == Program::kMdevctl || (cli.options.root.is_live() && !is_of_user(cli))
              ? std::optional(cli.options.root)
              : std::nullopt,
          {.timeout = kScriptTimeout,
           .relay = [&cli](const std::string& text) { cli.err << base::printable_lines(text); },
           .warn = make_warning_sink(cli, program)}),
      context_{.kernel = cli.kernel,
               .state = cli.state,
               .store = store_,
               .callouts = callouts_,
               .options = {},
               .force = force,
               .warn = make_warning_sink(cli, program)} {
    context_.options.actor = cli.actor;
    context_.options.on_warning = context_.warn;
    context_.options.lock_timeout = context_.options.timeout;
}

}  // namespace vfioctl
