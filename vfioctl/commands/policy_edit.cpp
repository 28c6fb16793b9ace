// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/commands/policy_edit.hpp"

#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "vfioctl/context/json_document.hpp"
#include "vfioctl/pipeline/plan_preview.hpp"

/// As visudo does it: the file itself is never open in the editor, so a half-saved text is never in
/// force, and the daemon sees one rename.
namespace vfioctl {
namespace {

constexpr const char* kDirectory = "/etc/bindd/policies.d/";
constexpr const char* kDefaultName = "50-local.yaml";
constexpr const char* kNewFile =
    "version: 1\n"
    "# See bindd-policy(5). `vfioctl list` shows the devices.\n"
    "rules: []\n";

/// The copy that is edited, in a directory of its own that nobody else can enter.
class EditedCopy {
  public:
    static CliResult<EditedCopy> create(const std::string& name, const std::string& text) {
        const char* base = std::getenv("TMPDIR");
        EditedCopy copy;
        copy.directory_ =
            std::string(base == nullptr || *base == '\0' ? "/tmp" : base) + "/vfioctl-edit-XXXXXX";
        if (::mkdtemp(copy.directory_.data()) == nullptr)
            return fail(
                base::fail_errno(errno, "create", std::exchange(copy.directory_, {})).value());
        copy.path_ = copy.directory_ + "/" + name;
        TRY(to_cli(base::create_file(copy.path_, text, 0600, base::Durability::kUnsynced)));
        return copy;
    }
    EditedCopy(EditedCopy&& other) noexcept
        : directory_(std::exchange(other.directory_, {})), path_(std::move(other.path_)) {}
    EditedCopy& operator=(EditedCopy&&) = delete;
    EditedCopy(const EditedCopy&) = delete;
    EditedCopy& operator=(const EditedCopy&) = delete;
    ~EditedCopy() {
        if (directory_.empty())
            return;
        ::unlink(path_.c_str());
        ::rmdir(directory_.c_str());  // stays where the editor has left a file of its own
    }

    /// Runs $VISUAL, $EDITOR, or the system's editor, and reads what it left.
    [[nodiscard]] CliResult<std::string> edit() const {
        std::vector<std::string> words;
        for (const char* variable : {"VISUAL", "EDITOR"})
            if (const char* value = std::getenv(variable); value != nullptr && words.empty()) {
                std::istringstream parts(value);
                for (std::string word; parts >> word;)
                    words.push_back(word);
            }
        if (words.empty())
            words.emplace_back(::access("/usr/bin/editor", X_OK) == 0 ? "/usr/bin/editor" : "vi");
        words.push_back(path_);
        std::vector<char*> pointers;
        for (std::string& word : words)
            pointers.push_back(word.data());
        pointers.push_back(nullptr);
        pid_t child = -1;
        int status = 0;
        if (const int error =
                ::posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ);
            error != 0)
            return fail(base::fail_errno(error, "run the editor", words.front()).value());
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            return fail(ExitCode::kFailed, words.front(),
                        "the editor failed, so nothing was changed");
        return to_cli(base::read_file(path_));
    }

  private:
    EditedCopy() = default;
    std::string directory_;
    std::string path_;
};

/// Absent: there is no such file.
CliResult<std::optional<std::string>> read_present(const std::string& path) {
    auto text = base::read_file(path);
    if (text)
        return std::optional(*std::move(text));
    if (text.error().code == base::Code::kNotFound)
        return std::optional<std::string>();
    return fail(text.error());
}

/// The first letter of the answer; nothing at the end of the input.
char ask(CliContext& cli, const std::string& question) {
    cli.err << question << std::flush;
    std::string line;
    if (!std::getline(std::cin, line))
        cli.err << "\n";
    return line.empty() ? '\0' : line.front();
}

CliResult<ExitCode> finish(CliContext& cli, const std::string& path, const char* result,
                           ExitCode code) {
    if (cli.json()) {
        nlohmann::ordered_json json = json_document();
        json["file"] = path;
        json["result"] = result;
        cli.out << dump(json);
    } else {
        cli.out << printable(path) << ": " << result << "\n";
    }
    return code;
}

/// Refuses to overwrite what somebody else has written meanwhile.
CliResult<void> install(const std::string& path, const std::optional<std::string>& before,
                        const std::string& text) {
    if (TRY(read_present(path)) != before)
        return fail(ExitCode::kFailed, path, "was changed by someone else meanwhile: not written",
                    "edit it again");
    struct stat status {};
    const mode_t mode = ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0755 : 0644;
    TRY(to_cli(base::make_directories(base::directory_name(path))));
    return to_cli(base::replace_file(path, text, mode, base::Durability::kSynced));
}

/// The preview of one command's JSON would be a second document.
CliResult<void> show(CliContext& cli, CandidatePolicies policies) {
    PlanPreview preview = TRY(preview_plan(cli, std::move(policies)));
    if (!cli.json())
        show_preview(cli, preview);
    return {};
}

std::string edited_path(const CliContext& cli, const Arguments& arguments) {
    const std::string word = arguments.words.empty() ? kDefaultName : arguments.words.front();
    return word.find('/') == std::string::npos ? cli.options.root.path(kDirectory) + word : word;
}

}  // namespace

CliResult<ExitCode> run_policy_edit(CliContext& cli, const Arguments& arguments) {
    const std::string path = edited_path(cli, arguments);
    if (!path.ends_with(".yaml"))
        return fail(ExitCode::kUsage, path, "names of policy files end in .yaml");
    if (cli.options.root.is_live() && cli.user != User::kRoot)
        return fail(ExitCode::kFailed, "policy edit", "needs root", "with `sudo`");
    const auto before = TRY(read_present(path));
    const EditedCopy copy =
        TRY(EditedCopy::create(base::base_name(path), before.value_or(kNewFile)));
    const bool asks = !arguments.has("yes");
    for (;;) {
        const std::string text = TRY(copy.edit());
        if (text == before.value_or(kNewFile))
            return finish(cli, path, "unchanged", ExitCode::kDone);
        auto policies = with_candidates(cli, {{path, text}});
        const auto shown = policies ? show(cli, *std::move(policies)) : propagate(policies);
        if (!shown && !asks)
            return propagate(shown);
        if (!shown)
            cli.err << failure_text(shown.error());
        switch (!asks ? 'y'
                      : ask(cli, shown ? "Install it? [y]es, [e]dit again, [n]o: "
                                       : "[e]dit again, or [n]ot now: ")) {
            case 'y':
                if (!shown)
                    break;
                TRY(install(path, before, text));
                return finish(cli, path, "installed", ExitCode::kDone);
            case 'e':
                break;
            default:
                return finish(cli, path, "not installed", ExitCode::kFailed);
        }
    }
}

}  // namespace vfioctl
