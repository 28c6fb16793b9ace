// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/proc_table.hpp"

#include "base/file_io.hpp"

namespace sysfs {

std::istringstream open_table(const std::string& path, std::vector<std::string>& unknown) {
    const auto text = base::read_file(path);
    if (!text && text.error().code != base::Code::kNotFound)
        unknown.push_back(text.error().text());
    return std::istringstream(text.value_or(""));
}

}  // namespace sysfs
