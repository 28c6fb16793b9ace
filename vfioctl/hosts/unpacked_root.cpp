// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/unpacked_root.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/file_io.hpp"
#include "base/path_root.hpp"
#include "vfioctl/hosts/archive_dlopen.hpp"

namespace vfioctl {
namespace {

// As many as `capture` writes (tar_archive.cpp).
constexpr std::size_t kMaxUnpackedEntries = 4'000'000;
constexpr std::size_t kMaxUnpackedBytes = std::size_t{128} << 20U;
constexpr std::size_t kBlockSize = 65536;

struct FreeReader {
    void operator()(archive* reader) const { ::archive_read_free(reader); }
};
using ArchiveReader = std::unique_ptr<archive, FreeReader>;

/// Reads entries and makes them below `directory`, which the process is confined to.
class Unpacker {
  public:
    Unpacker(std::string name, std::string directory)
        : name_(std::move(name)), directory_(std::move(directory)) {}

    CliResult<void> run(archive* reader) {
        for (std::size_t count = 0;; ++count) {
            archive_entry* entry = nullptr;
            const int status = ::archive_read_next_header(reader, &entry);
            if (status == ARCHIVE_EOF)
                return count == 0 ? fail_with("it is empty") : CliResult<void>();
            if (status < ARCHIVE_WARN)
                return fail_with(::archive_error_string(reader));
            if (count == kMaxUnpackedEntries)
                return fail_with("it has too many entries");
            TRY(add(reader, entry));
        }
    }

  private:
    [[nodiscard]] tl::unexpected<Failure> fail_with(const char* why) const {
        return fail(ExitCode::kFailed, "--root " + name_, why == nullptr ? "cannot be read" : why,
                    "a directory, or an archive that `vfioctl capture` has written");
    }

    CliResult<void> add(archive* reader, archive_entry* entry) {
        const char* name = ::archive_entry_pathname(entry);
        if (name == nullptr || *name == '\0')
            return fail_with("an entry has no name");
        std::string path = directory_ + "/" + name;
        path.resize(path.find_last_not_of('/') + 1);
        add_parents(path);
        int failed = 0;
        switch (::archive_entry_filetype(entry)) {
            case S_IFDIR:
                failed = ::mkdir(base::WritablePath(path).c_str(), 0700) != 0 && errno != EEXIST;
                break;
            case S_IFLNK:
                failed =
                    ::symlink(::archive_entry_symlink(entry), base::WritablePath(path).c_str());
                break;
            case S_IFREG:
                return add_file(reader, path);
            default:
                break;  // a device node or the like, which is not read below a root
        }
        if (failed != 0)
            return fail(base::fail_errno(errno, "unpack", name).value());
        return {};
    }

    /// The entries of `capture` have their directories before them; those of others may not.
    void add_parents(const std::string& path) const {
        for (std::size_t slash = path.find('/', directory_.size() + 1); slash != std::string::npos;
             slash = path.find('/', slash + 1))
            (void)::mkdir(base::WritablePath(path.substr(0, slash)).c_str(), 0700);
    }

    CliResult<void> add_file(archive* reader, const std::string& path) {
        std::string text;
        for (;;) {
            char block[kBlockSize];
            const la_ssize_t got = ::archive_read_data(reader, block, sizeof block);
            if (got < 0)
                return fail_with(::archive_error_string(reader));
            if (got == 0)
                break;
            bytes_ += static_cast<std::size_t>(got);
            if (bytes_ > kMaxUnpackedBytes)
                return fail_with("its files are too large");
            text.append(block, static_cast<std::size_t>(got));
        }
        return to_cli(base::create_file(path, text, 0600, base::Durability::kUnsynced));
    }

    std::string name_;
    std::string directory_;
    std::size_t bytes_ = 0;
};

}  // namespace

CliResult<UnpackedRoot> UnpackedRoot::unpack(const std::string& archive_path) {
    if (!has_libarchive())
        return fail(ExitCode::kFailed, "--root " + archive_path, "libarchive is not installed",
                    "install the package libarchive13 (Debian) or libarchive, or unpack it");
    const char* name = archive_path == "-" ? "/dev/stdin" : archive_path.c_str();
    const base::UniqueFd file(::open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    std::error_code error;
    std::string directory = std::filesystem::temp_directory_path(error) / "vfioctl-root.XXXXXX";
    if (!file.valid() || error || ::mkdtemp(directory.data()) == nullptr)
        return fail(base::fail_errno(errno, "unpack", archive_path).value());
    UnpackedRoot root(std::move(directory));
    TRY(to_cli(base::confine_paths(root.directory())));
    const ArchiveReader reader(::archive_read_new());
    ::archive_read_support_filter_all(reader.get());
    ::archive_read_support_format_tar(reader.get());
    if (::archive_read_open_fd(reader.get(), file.get(), kBlockSize) != ARCHIVE_OK)
        return fail(ExitCode::kFailed, "--root " + archive_path,
                    "neither a directory nor a tar archive");
    TRY(Unpacker(archive_path, root.directory()).run(reader.get()));
    return root;
}

UnpackedRoot::~UnpackedRoot() {
    std::error_code ignored;  // what stays behind is in the system's own place for it
    if (!directory_.empty())
        std::filesystem::remove_all(directory_, ignored);
}

}  // namespace vfioctl
