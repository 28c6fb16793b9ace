// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/host/memory_map.hpp"

#include <sstream>
#include <vector>

#include "base/file_io.hpp"

namespace sysfs {

// "fc000000-fcffffff : 0000:00:16.0", and two blanks deeper "fc000000-fcffffff : vesafb"
// (r_show()).
void visit_memory_map(const Root& root,
                      const std::function<void(std::span<const std::string> path)>& visit) {
    std::vector<std::string> path;
    std::istringstream lines(base::read_file(root.path("/proc/iomem")).value_or(""));
    for (std::string line; std::getline(lines, line);) {
        const auto level = line.find_first_not_of(' ') / 2;
        const auto colon = line.find(" : ");
        if (level > path.size() || colon == std::string::npos)
            continue;
        path.resize(level);
        path.push_back(line.substr(colon + 3));
        visit(path);
    }
}

}  // namespace sysfs
