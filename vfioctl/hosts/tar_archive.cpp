// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/hosts/tar_archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "vfioctl/hosts/archive_dlopen.hpp"

namespace vfioctl {
namespace {

// A host with 10,000 VFs has half a million entries, of 30 MiB.
constexpr std::size_t kMaxEntries = 4'000'000;
constexpr std::size_t kMaxBytes = std::size_t{128} << 20U;

/// libarchive's filter for the end of a file name; null for none.
const char* filter_name(std::string_view path) {
    if (path.ends_with(".zst"))
        return "zstd";
    if (path.ends_with(".xz"))
        return "xz";
    return path.ends_with(".gz") ? "gzip" : nullptr;
}

}  // namespace

CliResult<TarArchive> TarArchive::create(const std::string& path) {
    if (!has_libarchive())
        return fail(ExitCode::kFailed, path, "libarchive is not installed",
                    "install the package libarchive13 (Debian) or libarchive");
    if (path == "-") {
        if (::isatty(STDOUT_FILENO) == 1)
            return fail(ExitCode::kUsage, path, "an archive is not written to a terminal");
        return TarArchive(base::UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)), path, {});
    }
    // What a capture has of other users' processes is root's to see: 0600, and O_EXCL, as the
    // directory may be one that others write to.
    std::string temporary = path + ".XXXXXX";
    base::UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd.valid())
        return fail(base::fail_errno(errno, "create", path).value());
    return TarArchive(std::move(fd), path, std::move(temporary));
}

TarArchive::TarArchive(base::UniqueFd fd, std::string path, std::string temporary)
    : fd_(std::move(fd)),
      path_(std::move(path)),
      temporary_(std::move(temporary)),
      writer_(::archive_write_new()) {
    open();
}

TarArchive::~TarArchive() {
    if (fd_.valid() && !temporary_.empty())
        ::unlink(temporary_.c_str());
}

void TarArchive::Free::operator()(archive* writer) const {
    ::archive_write_free(writer);
}

void TarArchive::Free::operator()(archive_entry* entry) const {
    ::archive_entry_free(entry);
}

/// Names that are no text of the locale are stored as they are, with a warning of libarchive, which
/// is no failure: `hdrcharset=BINARY` would make GNU tar complain of every long name.
void TarArchive::open() {
    archive* const writer = writer_.get();
    check(::archive_write_set_format_pax_restricted(writer));
    if (const char* filter = filter_name(path_)) {
        check(::archive_write_add_filter_by_name(writer, filter));
        if (std::string_view(filter) == "gzip")
            check(::archive_write_set_options(writer, "gzip:!timestamp"));
    }
    check(::archive_write_open_fd(writer, fd_.get()));
}

void TarArchive::check(long status) {
    if (status >= ARCHIVE_WARN || error_)
        return;
    const int number = ::archive_errno(writer_.get());
    const char* text = ::archive_error_string(writer_.get());
    error_ = number > 0 ? base::fail_errno(number, "write", path_).value()
                        : base::fail(base::Code::kFailed, "write", path_,
                                     text == nullptr ? "libarchive failed" : text)
                              .value();
}

void TarArchive::add_directory(const std::string& path) {
    if (path.size() <= 1 || directories_.contains(path))
        return;
    add_parents(path);
    directories_.insert(path);
    add_entry({.name = path.substr(1) + "/", .type = S_IFDIR, .mode = 0755});
}

void TarArchive::add_file(const std::string& path, std::string_view content) {
    add_parents(path);
    add_entry({.name = path.substr(1), .type = S_IFREG, .mode = 0644, .content = content});
}

void TarArchive::add_link(const std::string& path, const std::string& target) {
    add_parents(path);
    add_entry({.name = path.substr(1), .type = S_IFLNK, .mode = 0777, .target = target.c_str()});
}

void TarArchive::add_parents(const std::string& path) {
    add_directory(path.substr(0, path.rfind('/')));
}

void TarArchive::add_entry(const Entry& entry) {
    if (error_)
        return;
    bytes_ += entry.content.size();
    if (++entries_ > kMaxEntries || bytes_ > kMaxBytes) {
        error_ = base::fail(base::Code::kFailed, "write", path_,
                            "the host's files are too many or too large for a capture")
                     .value();
        return;
    }
    const std::unique_ptr<archive_entry, Free> header(::archive_entry_new());
    ::archive_entry_set_pathname(header.get(), entry.name.c_str());
    ::archive_entry_set_filetype(header.get(), entry.type);
    ::archive_entry_set_perm(header.get(), entry.mode);
    ::archive_entry_set_size(header.get(), static_cast<la_int64_t>(entry.content.size()));
    ::archive_entry_set_mtime(header.get(), 0, 0);
    ::archive_entry_set_uname(header.get(), "root");
    ::archive_entry_set_gname(header.get(), "root");
    if (entry.target != nullptr)
        ::archive_entry_set_symlink(header.get(), entry.target);
    check(::archive_write_header(writer_.get(), header.get()));
    if (!entry.content.empty() && !error_)
        check(::archive_write_data(writer_.get(), entry.content.data(), entry.content.size()));
}

CliResult<void> TarArchive::finish() {
    check(::archive_write_close(writer_.get()));
    const bool closed = ::close(fd_.release()) == 0;
    const bool is_stream = temporary_.empty();
    if (!error_ && (!closed || (!is_stream && ::rename(temporary_.c_str(), path_.c_str()) != 0)))
        error_ = base::fail_errno(errno, "write", path_).value();
    if (!error_)
        return {};
    if (!is_stream)
        ::unlink(temporary_.c_str());
    return fail(*error_);
}

}  // namespace vfioctl
