// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/exchange/import_modprobe.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

#include "sysfs/device/names.hpp"
#include "sysfs/host/kernel_cmdline.hpp"
#include "sysfs/module/modprobe_config.hpp"
#include "vfioctl/exchange/pci_id_list.hpp"

/// vfio-pci and pci-stub take ids as a parameter, from modprobe's configuration or the kernel
/// command line. Every id becomes a rule. Other lines that make it work (soft dependencies,
/// blacklists) are about modules and not about devices; they are reported as omissions.
namespace vfioctl {
namespace {

struct IdLine {
    std::string where;
    std::string driver;
    std::string ids;
};

/// The driver of a module that takes ids=; nothing for the others.
std::optional<std::string> id_driver(const std::string& module) {
    if (module == "vfio_pci")
        return "vfio-pci";
    return module == "pci_stub" ? std::optional<std::string>("pci-stub") : std::nullopt;
}

bool names_id_driver(const std::string& module) {
    return id_driver(sysfs::normalise_module(module)).has_value();
}

/// The distribution's own lines are not about devices of this host.
bool is_administrators(const std::string& path) {
    return path.starts_with("/etc/") || path.starts_with("/run/");
}

class ModprobeImporter {
  public:
    ImportResult run(const sysfs::Root& root) {
        for (const sysfs::ConfigLine& line : sysfs::read_modprobe_config(root))
            if (line.words.size() > 1)
                import_line(line);
        for (const sysfs::KernelArgument& argument : sysfs::read_kernel_arguments(root))
            import_argument(argument);
        // pci-stub holds a device until vfio-pci binds it: the intended driver is vfio-pci.
        std::stable_sort(lines_.begin(), lines_.end(), [](const IdLine& a, const IdLine& b) {
            return a.driver == "vfio-pci" && b.driver != "vfio-pci";
        });
        for (const IdLine& line : lines_)
            import_ids(line);
        return std::move(out_);
    }

  private:
    void import_line(const sysfs::ConfigLine& line) {
        const std::string& command = line.words[0];
        const std::string module = sysfs::normalise_module(line.words[1]);
        if (command == "options" && id_driver(module)) {
            for (std::size_t at = 2; at < line.words.size(); ++at)
                import_parameter(line.where(), module, line.words[at]);
        } else if (command == "softdep") {
            import_softdep(line);
        } else if ((command == "blacklist" || command == "install" || command == "remove") &&
                   is_administrators(line.path)) {
            out_.add_omission(
                line.where(),
                "'" + command + " " + line.words[1] +
                    "' is about a module, for every device that it serves: not imported; it "
                    "remains in effect, and devices bound by a rule do not need it");
        }
    }

    void import_parameter(const std::string& where, const std::string& module,
                          const std::string& parameter) {
        if (parameter.starts_with("ids=")) {
            std::string ids = parameter.substr(4);
            std::erase(ids, '"');
            lines_.push_back({where, *id_driver(module), ids});
        } else
            out_.add_omission(where,
                              "'" + parameter + "' is a parameter of the module " + module +
                                  ", for all of its devices: not imported; it remains in effect");
    }

    void import_softdep(const sysfs::ConfigLine& line) {
        bool before = false;
        for (const std::string& word : line.words) {
            if (word == "pre:" || word == "post:")
                before = word == "pre:";
            else if (before && names_id_driver(word))
                out_.add_omission(line.where(), "'softdep " + line.words[1] + " pre: " + word +
                                                    "' orders modules: not "
                                                    "imported; `vfioctl apply --early` sets "
                                                    "overrides before any of them loads");
        }
    }

    void import_argument(const sysfs::KernelArgument& argument) {
        const std::string where = "/proc/cmdline";
        const std::size_t dot = argument.key.find('.');
        const std::string module = argument.key.substr(0, dot);
        if (dot != std::string::npos && id_driver(module))
            import_parameter(where, module, argument.key.substr(dot + 1) + "=" + argument.value);
        else if (argument.key == "modprobe.blacklist" || argument.key == "module_blacklist" ||
                 argument.key == "rd.driver.blacklist")
            out_.add_omission(where, "'" + argument.text +
                                         "' is about modules, for every device that they "
                                         "serve: not imported");
        else if (argument.key == "rd.driver.pre" && names_id_driver(argument.value))
            out_.add_omission(
                where, "'" + argument.text + "' orders modules in the initramfs: not imported");
    }

    void import_ids(const IdLine& line) {
        std::istringstream entries(line.ids);
        for (std::string text; std::getline(entries, text, ',');)
            if (!text.empty())
                import_id(line, text);
    }

    void import_id(const IdLine& line, const std::string& text) {
        auto entry = parse_pci_id_entry(text);
        if (!entry)
            return out_.add_omission(line.where, "'" + text + "': " + entry.error().reason +
                                                     ": the kernel ignores it, not imported");
        auto match = to_match(*entry);
        if (!match)
            return out_.add_omission(line.where,
                                     "'" + text + "': " + match.error().reason + ": not imported");
        for (const auto& [driver, known] : imported_) {
            if (driver == line.driver && known.text == entry->text)
                return;  // said twice
            if (driver != line.driver && known.overlaps(*entry))
                return out_.add_omission(
                    line.where, "'" + text + "' for " + line.driver + ": " + driver + " has '" +
                                    known.text + "', which may be the same device: not imported");
        }
        policy::Rule rule = imported_rule(line.driver + "-" + text);
        rule.match = std::move(*match);
        rule.driver = imported_driver(line.driver);
        out_.add_rule(std::move(rule), line.where);
        imported_.emplace_back(line.driver, std::move(*entry));
    }

    ImportResult out_;
    std::vector<IdLine> lines_;
    std::vector<std::pair<std::string, PciIdEntry>> imported_;
};

}  // namespace

ImportResult import_modprobe(const sysfs::Root& root) {
    return ModprobeImporter().run(root);
}

}  // namespace vfioctl
