// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/render/progress_line.hpp"

#include <ostream>

#include "vfioctl/context/failure.hpp"

namespace vfioctl {

ProgressLine::ProgressLine(CliContext& cli)
    : cli_(cli), wanted_(cli.terminal.err == Terminal::StreamKind::kTerminal && !cli.json()) {}

void ProgressLine::show(const binding::Progress& progress) {
    if (!wanted_)
        return;
    std::string text = "[" + std::to_string(progress.transactions_done) + "/" +
                       std::to_string(progress.transactions_total) + "] " +
                       printable(progress.step);
    if (text.size() >= cli_.terminal.width)
        text.resize(cli_.terminal.width - 1);  // a line that wraps could not be cleared
    cli_.err << "\r\033[K" << text << std::flush;
    shown_ = true;
}

void ProgressLine::clear() {
    if (shown_)
        cli_.err << "\r\033[K" << std::flush;
    shown_ = false;
}

}  // namespace vfioctl
