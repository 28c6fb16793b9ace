// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/rule_file.hpp"

#include <algorithm>
#include <utility>

#include "binding/files.hpp"
#include "policy/parse.hpp"

namespace vfioctl {
namespace {

constexpr const char* kDirectory = "/etc/bindd/policies.d";
constexpr const char* kName = "/90-vfioctl.yaml";
constexpr const char* kHeader =
    "# Kept by `vfioctl bind --persist`, which rewrites it: rules stay, comments do not.\n";

}  // namespace

Outcome<RuleFile> RuleFile::read(const sysfs::Root& root) {
    RuleFile out;
    out.path_ = root.path(kDirectory) + kName;
    auto text = binding::read_file(out.path_);
    if (!text) {
        if (text.error().code == sysfs::Code::kNotFound)
            return out;
        return fail(text.error());
    }
    const std::vector<policy::SourceFile> files = {{out.path_, std::move(*text)}};
    policy::Parsed parsed = policy::parse_set(files);
    if (!parsed.ok())
        return tl::unexpected(Failure{.code = ExitCode::kFailed,
                                      .what = out.path_,
                                      .why = "is not usable, so no rule can be added to it",
                                      .hint = "mend or remove it; nothing has been done",
                                      .diagnostics = std::move(parsed.diagnostics)});
    out.set_ = std::move(parsed.set);
    return out;
}

void RuleFile::put(policy::Rule rule) {
    const auto same = std::find_if(set_.rules.begin(), set_.rules.end(),
                                   [&](const policy::Rule& r) { return r.name == rule.name; });
    if (same == set_.rules.end())
        set_.rules.push_back(std::move(rule));
    else
        *same = std::move(rule);
}

Outcome<void> RuleFile::write() const {
    const std::string directory = path_.substr(0, path_.rfind('/'));
    if (auto made = binding::make_directories(directory); !made)
        return fail(made.error());
    // A name that no *.yaml reader picks up, beside the file so that rename() is atomic.
    const std::string temporary = path_ + ".new";
    if (auto written = binding::replace_file(path_, kHeader + policy::emit(set_), temporary); !written)
        return fail(written.error());
    return {};
}

}  // namespace vfioctl
