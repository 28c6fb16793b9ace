// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/crypto_algorithms.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include "base/dir.hpp"
#include "base/file_io.hpp"
#include "base/number.hpp"

namespace sysfs {
namespace {

/// The modules that have the driver's module's name, or that it builds on ("intel_qat" for
/// "qat_4xxx").
bool is_module_of(const Root& root, const std::string& module, const std::string& driver_module) {
    return module == driver_module ||
           base::Dir::open(root.path("/sys/module/" + module + "/holders/" + driver_module))
               .has_value();
}

/// Storage, networks, displays, sound, bridges and buses: the table need not be read for them.
bool has_no_crypto(const Device& device) {
    constexpr std::array<std::uint32_t, 6> kClasses = {0x01, 0x02, 0x03, 0x04, 0x06, 0x0c};
    return device.ids.class_code && std::find(kClasses.begin(), kClasses.end(),
                                              *device.ids.class_code >> 16) != kClasses.end();
}

}  // namespace

// Blocks of "name : xts(aes)", "driver : qat_aes_xts", "module : intel_qat", "refcnt : 3": the
// registration itself is the first reference (crypto_register_alg(), c_show()).
std::vector<std::string> used_crypto_algorithms(const Root& root, const Device& device) {
    std::vector<std::string> used;
    if (!device.driver || has_no_crypto(device))
        return used;
    const auto driver =
        base::Dir::open(root.path("/sys/bus/" + device.id.bus + "/drivers/" + *device.driver));
    const std::string module = driver ? driver->link_name("module").value_or("") : "";
    if (module.empty())
        return used;
    std::istringstream lines(base::read_file(root.path("/proc/crypto")).value_or(""));
    std::string algorithm, owner;
    for (std::string line; std::getline(lines, line);) {
        const auto colon = line.find(" : ");
        if (colon == std::string::npos)
            continue;
        const std::string key = line.substr(0, line.find_first_of(" \t"));
        const std::string value = line.substr(colon + 3);
        if (key == "driver")
            algorithm = value;
        else if (key == "module")
            owner = value;
        else if (const auto count = base::parse_decimal(value);
                 key == "refcnt" && count && *count > 1 && is_module_of(root, owner, module))
            used.push_back(algorithm + " (" + std::to_string(*count - 1) + " users)");
    }
    return used;
}

}  // namespace sysfs
