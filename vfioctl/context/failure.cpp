// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/context/failure.hpp"

#include <algorithm>
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

std::string printable(std::string_view text) {
    std::string out(text);
    std::replace_if(
        out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return out;
}

/// Text of several lines (diagnostics of policy files, errors of the daemon) keeps its lines.
std::string printable_lines(const std::string& text) {
    std::string out;
    std::size_t from = 0;
    do {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        out += printable(std::string_view(text).substr(from, end - from)) + "\n";
        from = end + 1;
    } while (from < text.size());
    return out;
}

std::string failure_text(const Failure& failure) {
    std::string out = policy::render(failure.diagnostics);
    out += "vfioctl: ";
    if (!failure.what.empty())
        out += printable(failure.what) + ": ";
    out += printable_lines(failure.why);
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
