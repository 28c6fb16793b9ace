// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/mdev_verbs.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

#include "binding/files.hpp"
#include "sysfs/names.hpp"
#include "vfioctl/document.hpp"
#include "vfioctl/mdev_text.hpp"

namespace vfioctl {
namespace {

using binding::MdevDesk;
using binding::MdevStart;
using sysfs::Result;

std::optional<std::string> uuid_of(const Arguments& given) {
    const auto word = given.one("uuid");
    const auto uuid = word ? binding::parse_uuid_loosely(*word) : sysfs::Result<std::string>();
    return word && uuid ? std::optional(*uuid) : std::nullopt;
}

binding::MdevFilter filter_of(const Arguments& given) {
    return {.uuid = uuid_of(given), .parent = given.one("parent")};
}

MdevForm form_of(const Arguments& given) {
    return given.has("dumpjson") ? MdevForm::kDumpJson : MdevForm::kText;
}

Result<binding::MdevWords> words_of(const Arguments& given) {
    binding::MdevWords words{.uuid = uuid_of(given),
                             .parent = given.one("parent"),
                             .type = given.one("type"),
                             .start = {},
                             .json = {}};
    if (given.has("auto"))
        words.start = MdevStart::kAuto;
    else if (given.has("manual"))
        words.start = MdevStart::kManual;
    if (const auto name = given.one("jsonfile")) {
        auto text = binding::read_file(*name);
        if (!text) {
            sysfs::Error error = text.error();
            error.code = sysfs::Code::kFailed;  // it is no device that was not found
            error.operation.clear();
            error.object.clear();
            error.reason = "Unable to read jsonfile \"" + *name + "\"";
            return tl::unexpected(error);
        }
        words.json = {*name, *std::move(text)};
    }
    return words;
}

binding::AttrEdit edit_of(const Arguments& given) {
    binding::AttrEdit edit;
    if (const auto name = given.one("addattr")) {
        edit.what = binding::AttrEdit::What::kAdd;
        edit.name = *name;
        edit.value = given.one("value").value_or("");
    } else if (given.has("delattr")) {
        edit.what = binding::AttrEdit::What::kDelete;
    }
    if (const auto index = given.one("index"))
        edit.index = sysfs::parse_decimal(*index).value_or(0);
    return edit;
}

binding::ModifyWhat what_of(const Arguments& given) {
    if (!given.has("live"))
        return binding::ModifyWhat::kDefinition;
    return given.has("defined") ? binding::ModifyWhat::kLiveAndDefinition
                                : binding::ModifyWhat::kLive;
}

Result<MdevAnswer> list(MdevDesk& desk, const Arguments& given) {
    const auto filter = filter_of(given);
    const auto which = given.has("defined") ? MdevWhich::kDefined : MdevWhich::kActive;
    const auto mdevs = which == MdevWhich::kDefined ? defined_mdevs(desk, filter)
                                                    : active_mdevs(desk, filter);
    if (!mdevs)
        return sysfs::propagate(mdevs);
    return mdev_list_answer(*mdevs, which, form_of(given),
                            given.has("verbose") ? MdevDetail::kAttrs : MdevDetail::kBrief, filter);
}

Result<MdevAnswer> types(MdevDesk& desk, const Arguments& given) {
    const auto inventory = desk.kernel.inventory({});
    if (!inventory)
        return sysfs::propagate(inventory);
    return mdev_types_answer(*inventory, given.one("parent"), form_of(given));
}

/// A UUID is news only to who did not give it.
Result<MdevAnswer> named(const Result<std::string>& uuid, const Arguments& given) {
    if (!uuid)
        return sysfs::propagate(uuid);
    MdevAnswer answer{.text = given.one("uuid") ? "" : *uuid, .json = document()};
    answer.json["uuid"] = *uuid;
    return answer;
}

Result<MdevAnswer> silent(const Result<void>& done, const Arguments& given) {
    if (!done)
        return sysfs::propagate(done);
    MdevAnswer answer{.text = {}, .json = document()};
    answer.json["uuid"] = uuid_of(given).value_or("");
    return answer;
}

constexpr std::chrono::milliseconds kScriptMayTake{60'000};

std::function<void(const std::string&)> warner(Session& session, MdevOffice::As as) {
    const char* program = as == MdevOffice::As::kMdevctl ? "mdevctl" : "vfioctl";
    return [&session, program](const std::string& text) {
        session.err << program << ": warning: " << printable(text) << "\n";
    };
}

}  // namespace

Result<MdevAnswer> run_mdev_verb(MdevVerb verb, MdevDesk& desk, const Arguments& given) {
    const auto words = words_of(given);
    if (!words)
        return sysfs::propagate(words);
    switch (verb) {
        case MdevVerb::kTypes: return types(desk, given);
        case MdevVerb::kList: return list(desk, given);
        case MdevVerb::kDefine: return named(define_mdev(desk, *words), given);
        case MdevVerb::kUndefine: return silent(undefine_mdev(desk, filter_of(given)), given);
        case MdevVerb::kModify:
            return silent(modify_mdev(desk, *words, edit_of(given), what_of(given)), given);
        case MdevVerb::kStart: return named(start_mdev(desk, *words), given);
        case MdevVerb::kStop: return silent(stop_mdev(desk, words->uuid.value_or("")), given);
    }
    return MdevAnswer{};
}

MdevOffice::MdevOffice(Session& session, As as, binding::Force force)
    : store_(session.options.root),
      callouts_(as == As::kMdevctl || session.options.root.is_live()
                    ? std::optional(session.options.root)
                    : std::nullopt,
                {.timeout = kScriptMayTake,
                 .relay = [&session](const std::string& text) { session.err << text; },
                 .warn = warner(session, as)}),
      desk_{.kernel = session.kernel,
            .state = session.state,
            .store = store_,
            .callouts = callouts_,
            .options = {},
            .force = force,
            .warn = warner(session, as)} {
    desk_.options.actor = session.actor;
    desk_.options.on_warning = desk_.warn;
    desk_.options.lock_patience = desk_.options.timeout;
}

}  // namespace vfioctl
