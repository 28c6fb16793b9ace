// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "policy/model/diagnostic.hpp"

namespace policy {

/// The name of a policy file (for messages) and its whole text. The caller reads it.
struct SourceFile {
    std::string name;
    std::string text;
};

/// The limits of a file. A file beyond them is refused, with the position, in bounded memory.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;
inline constexpr unsigned kMaxDepth = 32;
inline constexpr unsigned kMaxNodes = 10'000;
inline constexpr std::size_t kMaxScalarBytes = 4096;

/// A position inside one file, lines and columns (in bytes) from 1.
struct SourcePosition {
    unsigned line = 0;
    unsigned column = 0;
    auto operator<=>(const SourcePosition&) const = default;
};

/// A policy file by lines. Borrows the file, which must outlive it.
class SourceBuffer {
  public:
    explicit SourceBuffer(const SourceFile& file);

    [[nodiscard]] const SourceFile& file() const { return *file_; }
    [[nodiscard]] std::string_view text() const { return file_->text; }
    [[nodiscard]] std::size_t line_count() const { return starts_.size(); }
    /// A line without its end (LF or CRLF); empty for a number out of range.
    [[nodiscard]] std::string_view line(unsigned number) const;
    [[nodiscard]] std::size_t offset(SourcePosition position) const;
    [[nodiscard]] SourcePosition position(std::size_t offset) const;
    /// The byte at a position, NUL past the end.
    [[nodiscard]] char at(SourcePosition position) const;

  private:
    const SourceFile* file_;
    std::vector<std::size_t> starts_;
};

/// Collects the diagnostics of one file, in bounded memory: beyond kMaxDiagnostics it only counts,
/// and beyond kMaxExcerptBytes of source lines a diagnostic has no line.
class DiagnosticCollector {
  public:
    explicit DiagnosticCollector(const SourceBuffer& source) : source_(&source) {}

    void error(SourcePosition position, std::string text, std::string hint = {});
    void warning(SourcePosition position, std::string text, std::string hint = {});
    [[nodiscard]] SourceLocation where(SourcePosition position) const;
    [[nodiscard]] bool has_errors() const { return errors_ != 0; }
    [[nodiscard]] const SourceBuffer& source() const { return *source_; }
    /// All diagnostics, in the order of the file.
    [[nodiscard]] std::vector<Diagnostic> take();

  private:
    void add(DiagnosticSeverity severity, SourcePosition position, std::string text,
             std::string hint);

    const SourceBuffer* source_;
    std::vector<Diagnostic> diagnostics_;
    std::size_t errors_ = 0;
    std::size_t dropped_ = 0;
    std::size_t excerpt_bytes_ = 0;
};

}  // namespace policy
