// SPDX-License-Identifier: LGPL-2.1-or-later
#include "policy/source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace policy {
namespace {

/// Enough to mend a file by; a hostile one must not turn 10,000 faults on a 1 MiB line into
/// gigabytes.
constexpr std::size_t kMaxDiagnostics = 1000;
constexpr std::size_t kMaxExcerptBytes = std::size_t{2} * 1024 * 1024;

}  // namespace

Source::Source(const SourceFile& file) : file_(&file) {
    const std::string_view all = file.text;
    for (std::size_t start = 0; start < all.size();) {
        starts_.push_back(start);
        const std::size_t end = all.find('\n', start);
        start = end == std::string_view::npos ? all.size() : end + 1;
    }
}

std::string_view Source::line(unsigned number) const {
    if (number == 0 || number > starts_.size())
        return {};
    const std::size_t start = starts_[number - 1];
    std::string_view found = text().substr(start);
    found = found.substr(0, found.find('\n'));
    if (found.ends_with('\r'))
        found.remove_suffix(1);
    return found;
}

std::size_t Source::offset(Place place) const {
    if (place.line == 0 || place.line > starts_.size())
        return text().size();
    return std::min(starts_[place.line - 1] + std::max(place.column, 1U) - 1, text().size());
}

Place Source::place(std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    if (after == starts_.begin())
        return {1, 1};
    const auto line = after - starts_.begin();
    return {static_cast<unsigned>(line), static_cast<unsigned>(offset - *(after - 1) + 1)};
}

char Source::at(Place place) const {
    const std::size_t at = offset(place);
    return at < text().size() ? text()[at] : '\0';
}

void Report::error(Place place, std::string text, std::string hint) {
    ++errors_;
    add(Severity::kError, place, std::move(text), std::move(hint));
}

void Report::warning(Place place, std::string text, std::string hint) {
    add(Severity::kWarning, place, std::move(text), std::move(hint));
}

Where Report::where(Place place) const {
    return {.file = source_->file().name, .line = place.line, .column = place.column};
}

void Report::add(Severity severity, Place place, std::string text, std::string hint) {
    if (diagnostics_.size() >= kMaxDiagnostics) {
        ++dropped_;
        return;
    }
    std::string_view line = source_->line(place.line);
    if (excerpt_bytes_ + line.size() > kMaxExcerptBytes)
        line = {};
    excerpt_bytes_ += line.size();
    diagnostics_.push_back({.where = where(place),
                            .severity = severity,
                            .text = std::move(text),
                            .line = std::string(line),
                            .hint = std::move(hint)});
}

std::vector<Diagnostic> Report::take() {
    std::stable_sort(diagnostics_.begin(), diagnostics_.end(),
                     [](const Diagnostic& a, const Diagnostic& b) { return a.where < b.where; });
    if (dropped_ != 0)
        diagnostics_.push_back({.where = where({}),
                                .severity = errors_ != 0 ? Severity::kError : Severity::kWarning,
                                .text = fmt::format("{} more not shown", dropped_),
                                .line = {},
                                .hint = {}});
    return std::move(diagnostics_);
}

}  // namespace policy
