// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/yaml/source_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace policy {
namespace {

/// A hostile file must not turn 10,000 errors on a 1 MiB line into gigabytes.
constexpr std::size_t kMaxDiagnostics = 1000;
constexpr std::size_t kMaxExcerptBytes = std::size_t{2} * 1024 * 1024;

}  // namespace

SourceBuffer::SourceBuffer(const SourceFile& file) : file_(&file) {
    const std::string_view all = file.text;
    for (std::size_t start = 0; start < all.size();) {
        starts_.push_back(start);
        const std::size_t end = all.find('\n', start);
        start = end == std::string_view::npos ? all.size() : end + 1;
    }
}

std::string_view SourceBuffer::line(unsigned number) const {
    if (number == 0 || number > starts_.size())
        return {};
    const std::size_t start = starts_[number - 1];
    std::string_view found = text().substr(start);
    found = found.substr(0, found.find('\n'));
    if (found.ends_with('\r'))
        found.remove_suffix(1);
    return found;
}

std::size_t SourceBuffer::offset(SourcePosition position) const {
    if (position.line == 0 || position.line > starts_.size())
        return text().size();
    return std::min(starts_[position.line - 1] + std::max(position.column, 1U) - 1, text().size());
}

SourcePosition SourceBuffer::position(std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    if (after == starts_.begin())
        return {1, 1};
    const auto line = after - starts_.begin();
    return {static_cast<unsigned>(line), static_cast<unsigned>(offset - *(after - 1) + 1)};
}

char SourceBuffer::at(SourcePosition position) const {
    const std::size_t at = offset(position);
    return at < text().size() ? text()[at] : '\0';
}

void DiagnosticCollector::error(SourcePosition position, std::string text, std::string hint) {
    ++errors_;
    add(DiagnosticSeverity::kError, position, std::move(text), std::move(hint));
}

void DiagnosticCollector::warning(SourcePosition position, std::string text, std::string hint) {
    add(DiagnosticSeverity::kWarning, position, std::move(text), std::move(hint));
}

SourceLocation DiagnosticCollector::where(SourcePosition position) const {
    return {.file = source_->file().name, .line = position.line, .column = position.column};
}

void DiagnosticCollector::add(DiagnosticSeverity severity, SourcePosition position,
                              std::string text, std::string hint) {
    if (diagnostics_.size() >= kMaxDiagnostics) {
        ++dropped_;
        return;
    }
    std::string_view line = source_->line(position.line);
    if (excerpt_bytes_ + line.size() > kMaxExcerptBytes)
        line = {};
    excerpt_bytes_ += line.size();
    diagnostics_.push_back({.where = where(position),
                            .severity = severity,
                            .text = std::move(text),
                            .line = std::string(line),
                            .hint = std::move(hint)});
}

std::vector<Diagnostic> DiagnosticCollector::take() {
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.where < b.where; });
    if (dropped_ != 0)
        diagnostics_.push_back(
            {.where = where({}),
             .severity = errors_ != 0 ? DiagnosticSeverity::kError : DiagnosticSeverity::kWarning,
             .text = fmt::format("{} more not shown", dropped_),
             .line = {},
             .hint = {}});
    return std::move(diagnostics_);
}

}  // namespace policy
