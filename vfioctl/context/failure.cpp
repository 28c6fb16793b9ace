// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/failure.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/codec/json.hpp"

namespace vfioctl {

tl::unexpected<Failure> fail(ExitCode code, std::string what, std::string why, std::string hint) {
    return tl::unexpected<Failure>(Failure{.code = code,
                                           .what = std::move(what),
                                           .why = std::move(why),
                                           .hint = std::move(hint),
                                           .diagnostics = {}});
}

tl::unexpected<Failure> fail(const base::Error& error) {
    base::Error bare = error;
    std::string what = bare.object.empty() ? bare.operation : bare.object;
    if (!bare.object.empty() && !bare.operation.empty())
        what += ": " + bare.operation;
    bare.object.clear();
    bare.operation.clear();
    std::string why = bare.text();
    return fail(to_exit_code(error.code), std::move(what), why.empty() ? "failed" : why,
                error.hint);
}

std::string whole_lines(std::string_view text) {
    return base::printable_lines(text) + (text.ends_with('\n') ? "" : "\n");
}

std::string failure_text(const Failure& failure) {
    std::string out = policy::render(failure.diagnostics);
    out += "vfioctl: ";
    if (!failure.what.empty())
        out += printable(failure.what) + ": ";
    out += whole_lines(failure.why);
    if (!failure.hint.empty())
        out += "hint: " + printable(failure.hint) + "\n";
    return out;
}

nlohmann::ordered_json failure_json(const Failure& failure) {
    nlohmann::ordered_json json;
    json["code"] = exit_name(failure.code);
    json["text"] = failure.what.empty() ? failure.why : failure.what + ": " + failure.why;
    json["hint"] = binding::text_or_null(failure.hint);
    json["exit"] = static_cast<int>(failure.code);
    if (!failure.diagnostics.empty())
        json["diagnostics"] = diagnostics_json(failure.diagnostics);
    return json;
}

nlohmann::ordered_json diagnostics_json(const std::vector<policy::Diagnostic>& diagnostics) {
    auto list = nlohmann::ordered_json::array();
    for (const auto& diagnostic : diagnostics) {
        nlohmann::ordered_json entry;
        entry["file"] = diagnostic.where.file;
        entry["line"] = diagnostic.where.line;
        entry["column"] = diagnostic.where.column;
        entry["severity"] =
            diagnostic.severity == policy::DiagnosticSeverity::kError ? "error" : "warning";
        entry["text"] = diagnostic.text;
        entry["hint"] = binding::text_or_null(diagnostic.hint);
        list.push_back(std::move(entry));
    }
    return list;
}

}  // namespace vfioctl
