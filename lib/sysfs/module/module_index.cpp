// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/module_index.hpp"

#include <algorithm>

#include "base/dir.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/aliases.hpp"
#include "sysfs/module/module_denial.hpp"
#include "sysfs/module/module_loader.hpp"

namespace sysfs {

namespace {

std::optional<base::MappedFile> map_file(const std::string& path) {
    auto file = base::MappedFile::open(path);
    return file ? std::optional(std::move(*file)) : std::nullopt;
}

/// Does modules.dep or modules.builtin list this module's file at the start of a line? '-' equals
/// '_', and the file may be compressed: "kernel/drivers/vfio/pci/vfio-pci.ko.xz: ...".
bool lists_module(std::string_view text, const std::string& module) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view path = text.substr(at, std::min(text.find(':', at), end) - at);
        at = end + 1;
        path.remove_prefix(path.rfind('/') + 1);  // npos + 1 is 0
        const std::size_t dot = path.find(".ko");
        if (dot == module.size() && normalise_module(path.substr(0, dot)) == module)
            return true;
    }
    return false;
}

}  // namespace

ModuleIndex::ModuleIndex(const Root& root) : root_(root), dir_(module_dir(root)) {
    const auto top = base::Dir::open(root.path("/sys"));
    if (auto modules = top ? top->sub_listed("module", running_) : base::propagate(top))
        modules_ = std::move(*modules);
}

const ModuleIndex::Disk& ModuleIndex::disk() const {
    if (disk_)
        return *disk_;
    Disk& disk = disk_.emplace();
    disk.denials = denying_lines(root_);
    const auto opened = base::Dir::open(dir_);
    if (!opened)
        return disk;
    // No configuration for libkmod: it would read the command line of this machine for a captured
    // host.
    if (opened->has("modules.dep.bin"))
        if (auto kmod = open_kmod(dir_, KmodConfiguration::kNone))
            disk.kmod = *std::move(kmod);
    if (disk.kmod) {
        kmod_load_resources(disk.kmod.get());  // on failure each lookup opens its index
    } else {
        disk.dependencies = map_file(dir_ + "/modules.dep");
        disk.builtin = map_file(dir_ + "/modules.builtin");
    }
    return disk;
}

std::optional<ModuleState> ModuleIndex::running(const std::string& module) const {
    if (!modules_ || !running_.has(module))
        return std::nullopt;
    // A built-in module has a directory when it has parameters, and no initstate. "coming" is not
    // loaded yet.
    const auto state = modules_->attr(module + "/initstate");
    if (!state)
        return ModuleState::kBuiltin;
    return *state == "live" ? std::optional(ModuleState::kLoaded) : std::nullopt;
}

ModuleState ModuleIndex::on_disk(const std::string& module) const {
    const Disk& disk = this->disk();
    if (!disk.kmod) {
        if (disk.builtin && lists_module(disk.builtin->text(), module))
            return ModuleState::kBuiltin;
        return disk.dependencies && lists_module(disk.dependencies->text(), module)
                   ? ModuleState::kAvailable
                   : ModuleState::kMissing;
    }
    kmod_module* raw = nullptr;
    if (kmod_module_new_from_name(disk.kmod.get(), module.c_str(), &raw) < 0)
        return ModuleState::kMissing;
    const KmodModule found(raw);
    if (kmod_module_get_path(found.get()) != nullptr)
        return ModuleState::kAvailable;
    return kmod_module_get_initstate(found.get()) == KMOD_MODULE_BUILTIN ? ModuleState::kBuiltin
                                                                         : ModuleState::kMissing;
}

ModuleState ModuleIndex::state(const std::string& module) const {
    const std::string name = normalise_module(module);
    if (!parse_module_name(name))
        return ModuleState::kMissing;
    if (const auto now = running(name))
        return *now;
    const ModuleState state = on_disk(name);
    return state == ModuleState::kAvailable && disk().denials.contains(name) ? ModuleState::kDenied
                                                                             : state;
}

std::vector<std::string> ModuleIndex::look_up(const std::string& modalias) const {
    if (!disk().kmod) {
        const auto text = map_file(dir_ + "/modules.alias");
        return text ? modules_matching(text->text(), modalias) : std::vector<std::string>();
    }
    kmod_list* list = nullptr;
    if (kmod_module_new_from_lookup(disk().kmod.get(), modalias.c_str(), &list) < 0)
        return {};
    std::vector<std::string> out;
    for_each_module(KmodList(list), [&out](kmod_module* module) {
        out.push_back(normalise_module(kmod_module_get_name(module)));
    });
    return out;
}

std::vector<std::string> ModuleIndex::matching(const std::string& modalias) const {
    std::vector<std::string> out = look_up(modalias);
    out.erase(
        std::remove_if(out.begin(), out.end(),
                       [this](const std::string& name) { return disk().denials.contains(name); }),
        out.end());
    return out;
}

}  // namespace sysfs
