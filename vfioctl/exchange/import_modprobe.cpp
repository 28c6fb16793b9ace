// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/import_modprobe.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "base/file_trust.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"
#include "sysfs/module/module_index.hpp"
#include "vfioctl/exchange/pci_id_list.hpp"

/// vfio-pci and pci-stub take ids as a parameter, from modprobe's configuration or the kernel
/// command line. Every id becomes a rule. Lines about modules and not about devices (soft
/// dependencies, blacklists, other parameters) are reported as omissions.
///
/// `ids` is one string in the module (module_param_string()): of several the last alone counts.
/// libkmod passes the files' options in their order and then those of the command line
/// (kmod_config_new()), which is also what a built-in driver reads.
namespace vfioctl {
namespace {

using sysfs::ConfigLine;
using sysfs::KernelArgument;

constexpr const char* kIdDrivers[] = {"vfio-pci", "pci-stub"};
/// `static char ids[1024]` of both drivers, with its NUL; parse_args() fails for a longer text, and
/// with it the load of the module.
constexpr std::size_t kLongestIds = 1023;

struct IdLine {
    std::string where;
    std::string ids;
};

/// The driver of a module that takes ids=; nothing for the others.
std::optional<std::string> id_driver(const std::string& module) {
    for (const char* driver : kIdDrivers)
        if (sysfs::normalise_module(module) == sysfs::normalise_module(driver))
            return driver;
    return std::nullopt;
}

bool names_id_driver(const std::vector<std::string>& words) {
    return std::any_of(words.begin() + 1, words.end(),
                       [](const std::string& word) { return id_driver(word).has_value(); });
}

/// The distribution's own lines are not about devices of this host.
bool is_administrators(const std::string& path) {
    return path.starts_with("/etc/") || path.starts_with("/run/");
}

/// An install command that only prevents loading.
bool loads_nothing(const ConfigLine& line) {
    const std::string& program = line.words[2];
    const std::string name = program.substr(program.rfind('/') + 1);
    return name == "true" || name == "false" || name == ":";
}

std::vector<std::string> split_list(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> out;
    for (std::string entry; std::getline(stream, entry, ',');)
        if (!entry.empty())
            out.push_back(entry);
    return out;
}

std::string in_quotes(const std::string& text) {
    return "'" + text + "'";
}

class ModprobeImporter {
  public:
    ImportResult run(const sysfs::Root& root) {
        sysfs::ModprobeConfig config = sysfs::read_modprobe_config(root);
        drop_untrusted(root, config.lines);
        for (const std::string& path : config.unreadable)
            out_.add_omission(path, "cannot be read: not imported");
        for (const ConfigLine& line : config.lines)
            if (line.is_valid() && line.words[0] == "alias" && id_driver(line.words[2]))
                aliases_[sysfs::normalise_module(line.words[1])] = *id_driver(line.words[2]);
        const sysfs::ModuleIndex modules(root);
        for (const char* driver : kIdDrivers)
            if (modules.state(driver) == sysfs::ModuleState::kBuiltin)
                builtin_.insert(driver);
        for (const ConfigLine& line : config.lines)
            import_line(line);
        for (const auto& [path, numbers] : distribution_)
            out_.add_omission(path + ":" + numbers,
                              "the distribution's, about other modules: not imported; remain in "
                              "effect");
        for (const KernelArgument& argument : sysfs::read_kernel_arguments(root))
            import_argument(argument);
        // pci-stub holds a device until vfio-pci binds it: the intended driver is vfio-pci.
        for (const char* driver : kIdDrivers)
            import_driver(driver);
        return std::move(out_);
    }

  private:
    void import_line(const ConfigLine& line) {
        const std::string& command = line.words[0];
        if (!line.is_valid())
            return out_.add_omission(
                line.where(),
                in_quotes(line.text) +
                    (line.text.starts_with('#') ? " is a comment, continued by its backslash"
                                                : " is no line that modprobe reads") +
                    ": not imported");
        const auto driver = id_driver(line.words[1]);
        const auto alias = aliases_.find(sysfs::normalise_module(line.words[1]));
        if (driver && builtin_.contains(*driver) && (command == "options" || command == "install"))
            out_.add_omission(line.where(), in_quotes(line.text) + " has no effect: " + *driver +
                                                " is built into this kernel, and takes parameters "
                                                "from the kernel command line alone: not imported");
        else if (command == "options" && driver)
            for (const KernelArgument& parameter : sysfs::parse_kernel_arguments(line.rest))
                import_parameter(line.where(), *driver, parameter.key, parameter);
        else if (command == "options" && alias != aliases_.end())
            out_.add_omission(line.where(), in_quotes(line.text) + " counts only where " +
                                                alias->second +
                                                " is loaded by that alias: " + "not imported");
        else if (!is_administrators(line.path) && !names_id_driver(line.words))
            add_distribution_line(line);
        else
            import_module_line(line);
    }

    /// modprobe reads these files too, but a rule would keep what they say.
    void drop_untrusted(const sysfs::Root& root, std::vector<ConfigLine>& lines) {
        std::map<std::string, bool> trusted;
        std::erase_if(lines, [&](const ConfigLine& line) {
            const auto [at, is_new] = trusted.emplace(line.path, true);
            const auto checked =
                is_new ? base::check_trusted(root.path(line.path)) : base::Result<void>();
            if (!checked) {
                at->second = false;
                out_.add_omission(line.path, checked.error().reason + ": not imported");
            }
            return !at->second;
        });
    }

    void add_distribution_line(const ConfigLine& line) {
        std::string& numbers = distribution_[line.path];
        numbers += (numbers.empty() ? "" : ",") + std::to_string(line.number);
    }

    /// A line about a module, which no rule has.
    void import_module_line(const ConfigLine& line) {
        const std::string& command = line.words[0];
        const auto driver = id_driver(line.words[1]);
        std::string why =
            " is about a module, for every device that it serves: not imported; it remains in "
            "effect, and devices bound by a rule do not need it";
        if (command == "softdep" || command == "weakdep") {
            why = " orders modules: not imported";
            if (!driver && names_id_driver(line.words))
                why += "; `vfioctl apply --early` sets overrides before any of them loads";
        } else if (command == "alias" && id_driver(line.words[2])) {
            why = " only loads the module " + line.words[2] +
                  ", for all that it matches: " + "not imported";
        } else if (command == "install" && driver) {
            why = " is a command that runs in place of loading " + *driver +
                  ": not imported, nor any ids in it";
            if (loads_nothing(line))
                unusable_.emplace(*driver, "it is never loaded, by " + line.where());
        }
        out_.add_omission(line.where(), in_quotes(line.text) + why);
    }

    void import_parameter(const std::string& where, const std::string& driver,
                          const std::string& key, const KernelArgument& argument) {
        if (key != "ids")
            return out_.add_omission(where, in_quotes(argument.text) +
                                                " is a parameter of the module " +
                                                sysfs::normalise_module(driver) +
                                                ", for all of its devices: not imported; it "
                                                "remains in effect");
        if (argument.text.find('=') == std::string::npos || argument.value.size() > kLongestIds)
            unusable_.emplace(
                driver, "it does not load, for " + where +
                            (argument.value.empty() ? " has 'ids' without a value"
                                                    : " has more than 1023 characters of ids"));
        lines_[driver].push_back({where, argument.value});
    }

    void import_argument(const KernelArgument& argument) {
        const std::string where = "/proc/cmdline";
        const std::string text = in_quotes(argument.text);
        const std::size_t dot = argument.key.find('.');
        const auto driver = id_driver(argument.key.substr(0, dot));
        if (argument.key == "module_blacklist")
            for (const std::string& name : split_list(argument.value))
                if (const auto denied = id_driver(name); denied && !builtin_.contains(*denied))
                    unusable_.emplace(*denied, "it is never loaded, by " + text);
        if (dot != std::string::npos && driver)
            import_parameter(where, *driver, argument.key.substr(dot + 1), argument);
        else if (argument.key == "modprobe.blacklist" || argument.key == "module_blacklist" ||
                 argument.key == "rd.driver.blacklist")
            out_.add_omission(where, text +
                                         " is about modules, for every device that they "
                                         "serve: not imported");
        else if (argument.key == "rd.driver.pre" || argument.key == "rd.driver.post")
            out_.add_omission(where, text + " orders modules in the initramfs: not imported");
        else if (dot != std::string::npos && argument.text.find('=') != std::string::npos)
            out_.add_omission(where, text +
                                         " is a parameter of another module or program: not "
                                         "imported");
    }

    /// The last `ids` of a driver is what it reads.
    void import_driver(const std::string& driver) {
        const std::vector<IdLine>& lines = lines_[driver];
        for (const IdLine& line : lines) {
            const std::string text = in_quotes(driver + " ids=" + line.ids);
            if (const auto why = unusable_.find(driver); why != unusable_.end())
                out_.add_omission(line.where,
                                  text + " has no effect: " + why->second + ": not imported");
            else if (&line != &lines.back())
                out_.add_omission(line.where, text + " is overwritten by the ids of " +
                                                  lines.back().where +
                                                  ", the last that the "
                                                  "driver is given: not imported");
            else
                for (const std::string& entry : split_list(line.ids))
                    import_id(driver, line.where, entry);
        }
    }

    void import_id(const std::string& driver, const std::string& where, const std::string& text) {
        const auto omit = [&](const std::string& why) {
            out_.add_omission(where, in_quotes(text) + why + ": not imported");
        };
        auto entry = parse_pci_id_entry(text);
        if (!entry)
            return omit(": " + entry.error().reason + ": the kernel ignores it");
        auto match = to_match(*entry);
        if (!match)
            return omit(": " + match.error().reason);
        if (!entry->ignored.empty())
            omit(": the kernel stops reading at " + in_quotes(entry->ignored) +
                 ", which is ignored");
        for (const auto& [other, known] : imported_) {
            if (other == driver && known.text == entry->text)
                return;  // said twice
            if (other != driver && known.overlaps(*entry))
                return omit(" for " + driver + ": " + other + " has " + in_quotes(known.text) +
                            ", which may be the same device");
        }
        policy::Rule rule = imported_rule(driver + "-" + entry->text);
        rule.match = std::move(*match);
        rule.driver = imported_driver(driver);
        out_.add_rule(std::move(rule), where);
        imported_.emplace_back(driver, std::move(*entry));
    }

    ImportResult out_;
    std::map<std::string, std::vector<IdLine>> lines_;  ///< driver → as they are read
    std::map<std::string, std::string> unusable_;       ///< driver → why it takes no ids
    std::set<std::string> builtin_;                     ///< drivers
    std::map<std::string, std::string> aliases_;        ///< of the drivers' modules
    std::map<std::string, std::string> distribution_;   ///< path → line numbers
    std::vector<std::pair<std::string, PciIdEntry>> imported_;
};

}  // namespace

ImportResult import_modprobe(const sysfs::Root& root) {
    return ModprobeImporter().run(root);
}

}  // namespace vfioctl
