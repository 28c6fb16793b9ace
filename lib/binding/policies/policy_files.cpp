// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/policies/policy_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file_trust.hpp"
#include "base/path.hpp"
#include "base/path_root.hpp"
#include "base/unique_fd.hpp"

/// Policy files decide what root does, so they are read as if someone meant harm: opened without
/// waiting (a FIFO would hold a boot for ever), judged by the descriptor and not by the name (which
/// may be another file a moment later), and read to a limit, whatever their size claims to be.
namespace binding {
namespace {

constexpr std::string_view kSuffix = ".yaml";
constexpr std::size_t kMaxFiles = 512;

std::string errno_text(int errnum) {
    return std::generic_category().message(errnum);
}

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

constexpr std::string_view kStandardInput = "-";

/// A file that a directory holds is masked by one of its name in a later directory; files that the
/// user named are all taken, whatever they are called.
enum class FileOrigin { kDirectory, kNamed };

struct ChosenFile {
    std::string path;
    FileOrigin origin = FileOrigin::kDirectory;
};

class PolicyFileReader {
  public:
    explicit PolicyFileReader(MissingPath missing) : missing_(missing) {}

    void add(const std::string& path);
    [[nodiscard]] PolicyFiles finish();

  private:
    void error(const std::string& path, std::string text, std::string hint = {});
    void add_directory(const std::string& path, int dir_fd);
    void read(const ChosenFile& chosen);
    [[nodiscard]] bool is_trusted(const std::string& path, const struct stat& status);
    [[nodiscard]] bool read_text(const std::string& path, int fd, std::string& text);

    MissingPath missing_;
    /// By file name and, for those the user named, path: the order in which a set is read.
    std::map<std::pair<std::string, std::string>, ChosenFile> chosen_;
    PolicyFiles result_;
};

void PolicyFileReader::error(const std::string& path, std::string text, std::string hint) {
    result_.diagnostics.push_back({.where = {.file = path, .line = 0, .column = 0},
                                   .severity = policy::DiagnosticSeverity::kError,
                                   .text = std::move(text),
                                   .line = {},
                                   .hint = std::move(hint)});
}

std::string file_name(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

void PolicyFileReader::add(const std::string& path) {
    if (path == kStandardInput) {
        chosen_[{path, path}] = {.path = path, .origin = FileOrigin::kNamed};
        return;
    }
    const base::UniqueFd named = base::open_path(path, O_PATH);
    struct stat status {};
    if (!named.valid() || ::fstat(named.get(), &status) != 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        if (!missing || missing_ == MissingPath::kError)
            error(path, errno_text(errno));
        return;
    }
    if (!S_ISDIR(status.st_mode)) {
        chosen_[{file_name(path), path}] = {.path = path, .origin = FileOrigin::kNamed};
        return;
    }
    const base::UniqueFd dir = base::open_path(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!dir.valid())
        error(path, errno_text(errno));
    else
        add_directory(path, dir.get());
}

void PolicyFileReader::add_directory(const std::string& path, int dir_fd) {
    struct stat status {};
    if (::fstat(dir_fd, &status) != 0 || !is_trusted(path, status))
        return;
    const std::unique_ptr<DIR, CloseDir> entries(::fdopendir(::dup(dir_fd)));
    if (!entries) {
        error(path, errno_text(errno));
        return;
    }
    const std::string prefix = path.ends_with('/') ? path : path + "/";
    while (const dirent* entry = ::readdir(entries.get())) {
        const std::string name = entry->d_name;
        if (name.size() > kSuffix.size() && name.ends_with(kSuffix) && !name.starts_with('.'))
            chosen_[{name, {}}] = {.path = prefix + name, .origin = FileOrigin::kDirectory};
    }
}

/// Is it one of this machine's own policy directories, or a file there?
bool is_standard(const std::string& path) {
    const std::vector<std::string> dirs = standard_policy_dirs(sysfs::Root{});
    return std::any_of(dirs.begin(), dirs.end(), [&path](const std::string& dir) {
        return path == dir || path.starts_with(dir + "/");
    });
}

/// A policy can make root unbind any device.
bool PolicyFileReader::is_trusted(const std::string& path, const struct stat& status) {
    if (!is_standard(path))
        return true;  // The user named it, or the root that it is in, and answers for it.
    const auto distrust = base::find_distrust(status);
    if (distrust)
        error(path, distrust->why, std::string(distrust->fix) + " " + path);
    return !distrust;
}

std::string_view file_type_name(const struct stat& status) {
    switch (status.st_mode & S_IFMT) {
        case S_IFDIR:
            return "a directory";
        case S_IFIFO:
            return "a FIFO";
        case S_IFSOCK:
            return "a socket";
        case S_IFCHR:
            return "a character device";
        case S_IFBLK:
            return "a block device";
        default:
            return "no regular file";
    }
}

/// A link to /dev/null removes the file of this name, as everywhere in systemd's world.
bool is_dev_null(const struct stat& status) {
    struct stat null_device {};
    return S_ISCHR(status.st_mode) && ::stat("/dev/null", &null_device) == 0 &&
           status.st_rdev == null_device.st_rdev;
}

void PolicyFileReader::read(const ChosenFile& chosen) {
    const std::string& path = chosen.path;
    const bool listed = chosen.origin == FileOrigin::kDirectory;
    if (path == kStandardInput) {
        std::string text;
        if (read_text("<stdin>", STDIN_FILENO, text))
            result_.files.push_back({.name = "<stdin>", .text = std::move(text)});
        return;
    }
    // A captured host has no /dev.
    if (base::read_link(path) == "/dev/null")
        return;
    const base::UniqueFd fd = base::open_path(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
        error(path, listed && errno == ENOENT ? "a link that leads nowhere" : errno_text(errno));
        return;
    }
    if (is_dev_null(status) || (listed && S_ISREG(status.st_mode) && status.st_size == 0))
        return;
    if (!S_ISREG(status.st_mode)) {
        error(path, fmt::format("{}, not a policy file", file_type_name(status)));
        return;
    }
    std::string text;
    if (is_trusted(path, status) && read_text(path, fd.get(), text))
        result_.files.push_back({.name = path, .text = std::move(text)});
}

bool PolicyFileReader::read_text(const std::string& path, int fd, std::string& text) {
    // One byte more than allowed: the parser then says that it is too large.
    constexpr std::size_t kChunk = std::size_t{64} * 1024;
    while (text.size() <= policy::kMaxFileBytes) {
        const std::size_t before = text.size();
        text.resize(before + kChunk);
        const ssize_t got = ::read(fd, text.data() + before, kChunk);
        if (got < 0 && errno == EINTR) {
            text.resize(before);
            continue;
        }
        text.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0) {
            error(path, errno_text(errno));
            return false;
        }
        if (got == 0)
            return true;
    }
    return true;
}

PolicyFiles PolicyFileReader::finish() {
    if (chosen_.size() > kMaxFiles) {
        error(std::next(chosen_.begin(), kMaxFiles)->second.path,
              fmt::format("one policy file too many: {} were found, and a set has at most {}",
                          chosen_.size(), kMaxFiles));
        return std::move(result_);
    }
    for (const auto& [key, chosen] : chosen_)
        read(chosen);
    return std::move(result_);
}

}  // namespace

std::vector<std::string> standard_policy_dirs(const sysfs::Root& root) {
    return {root.path("/usr/lib/bindd/policies.d"), root.path("/run/bindd/policies.d"),
            root.path("/etc/bindd/policies.d")};
}

PolicyFiles read_policy_files(const std::vector<std::string>& paths, MissingPath missing) {
    PolicyFileReader reader(missing);
    for (const std::string& path : paths)
        reader.add(path);
    return reader.finish();
}

policy::Parsed load_policies(const std::vector<std::string>& paths, MissingPath missing) {
    PolicyFiles read = read_policy_files(paths, missing);
    policy::Parsed parsed = policy::parse_set(read.files);
    if (!read.diagnostics.empty()) {
        // A set loads whole or not at all: a file that could not be read counts like one that is
        // wrong.
        parsed.set = {};
        std::move(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                  std::back_inserter(read.diagnostics));
        parsed.diagnostics = std::move(read.diagnostics);
    }
    return parsed;
}

}  // namespace binding
