// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/kernel_services.hpp"

#include <fmt/format.h>

#include <set>
#include <sstream>
#include <string>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/path.hpp"

namespace sysfs {

// A GID entry names its interface; an entry that is not in use cannot be read (EINVAL).
void read_soft_rdma(const Root& root, NetTables& tables) {
    const std::string devices = root.path("/sys/class/infiniband");
    for (const auto& device : base::list_directory(devices)) {
        std::set<int> links;
        const std::string ports = fmt::format("{}/{}/ports", devices, device);
        for (const auto& port : base::list_directory(ports)) {
            const std::string entries = fmt::format("{}/{}/gid_attrs/ndevs", ports, port);
            for (const auto& entry : base::list_directory(entries)) {
                std::string name = base::read_file(entries + "/" + entry).value_or("");
                if (name.ends_with('\n'))
                    name.pop_back();
                links.insert(tables.index_of(name));
            }
        }
        // rxe_parent_show(); not every kernel has an entry for each interface.
        std::istringstream parent(
            base::read_file(fmt::format("{}/{}/parent", devices, device)).value_or(""));
        if (std::string name; parent >> name)
            links.insert(tables.index_of(name));
        const bool is_soft = !base::read_link(fmt::format("{}/{}/device", devices, device));
        for (const int link : links) {
            if (is_soft && link != 0)
                tables.users.push_back(
                    {.kind = LinkUser::LinkUserKind::kInterface,
                     .link = link,
                     .evidence = fmt::format("the RDMA device {} is made on {}", device,
                                             tables.links.at(link).name)});
        }
    }
}

// Targets are of the first network namespace. One of the kernel's command line is in configfs since
// Linux 6.7 only: "netconsole=4444@10.0.0.1/eth1,9353@10.0.0.2/12:34:56:78:9a:bc".
void read_netconsole(const Root& root, NetTables& tables) {
    const auto add = [&tables](const std::string& target, const std::string& device) {
        if (const int link = tables.index_of(device); link != 0)
            tables.users.push_back(
                {.kind = LinkUser::LinkUserKind::kConsole,
                 .link = link,
                 .evidence = fmt::format("netconsole{} sends to {}", target, device)});
    };
    const std::string targets = root.path("/sys/kernel/config/netconsole");
    for (const auto& name : base::list_directory(targets)) {
        const auto target = base::Dir::open(targets + "/" + name);
        if (target && target->attr("enabled") == "1")
            add(" " + name, target->attr("dev_name").value_or(""));
    }
    std::istringstream words(base::read_file(root.path("/proc/cmdline")).value_or(""));
    for (std::string word; words >> word;) {
        const auto slash = word.find('/');
        if (word.starts_with("netconsole=") && slash != std::string::npos)
            add("", word.substr(slash + 1, word.find(',', slash) - slash - 1));
    }
}

}  // namespace sysfs
