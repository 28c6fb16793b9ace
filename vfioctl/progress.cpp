// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/progress.hpp"

#include <ostream>

#include "vfioctl/failure.hpp"

namespace vfioctl {

ProgressLine::ProgressLine(Session& session)
    : session_(session),
      wanted_(session.screen.err == Screen::Kind::kTerminal && !session.json()) {}

void ProgressLine::show(const binding::Progress& progress) {
    if (!wanted_)
        return;
    std::string text = "[" + std::to_string(progress.transactions_done) + "/" +
                       std::to_string(progress.transactions_total) + "] " + printable(progress.doing);
    if (text.size() >= session_.screen.width)
        text.resize(session_.screen.width - 1);  // a line that wraps could not be cleared
    session_.err << "\r\033[K" << text << std::flush;
    shown_ = true;
}

void ProgressLine::clear() {
    if (shown_)
        session_.err << "\r\033[K" << std::flush;
    shown_ = false;
}

}  // namespace vfioctl
