// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module/module_loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file_io.hpp"
#include "base/try.hpp"
#include "sysfs/device/names.hpp"
#include "sysfs/module/kmod_context.hpp"
#include "sysfs/module/module_denial.hpp"

namespace sysfs {
namespace {

/// An `install` command that replaces a module's insertion.
struct InstallCommand {
    std::string module;
    std::string command;
};

base::Result<KmodContext> open_kmod_for(const std::string& operation, const std::string& object) {
    auto context = open_kmod({}, KmodConfiguration::kHost);
    if (!context)
        return base::fail(context.error().code, operation, object, context.error().text());
    return context;
}

KmodList lookup(kmod_ctx* context, const std::string& name, int& error) {
    kmod_list* found = nullptr;
    error = kmod_module_new_from_lookup(context, name.c_str(), &found);
    return KmodList(found);
}

// libkmod calls this for every `install` command instead of running it in the shell. The error
// stops the insertion.
int refuse_command(kmod_module* module, const char* command, void* where) {
    *static_cast<InstallCommand*>(where) = {kmod_module_get_name(module), command};
    return -ECANCELED;
}

bool is_running(kmod_module* module) {
    const int state = kmod_module_get_initstate(module);
    return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;
}

tl::unexpected<base::Error> denied(const std::string& operation, const std::string& module) {
    const auto line = denying_line(Root{}, module);
    return base::fail(base::Code::kDenied, operation, module,
                      line ? "denied by modprobe's configuration: " + *line
                           : std::string("denied by modprobe's configuration"),
                      "take that line out, or name another driver in the policy");
}

tl::unexpected<base::Error> replaced(const std::string& operation, const std::string& module,
                                     const InstallCommand& install) {
    const std::string line =
        denying_line(Root{}, install.module)
            .value_or(fmt::format("install {} {}", install.module, install.command));
    return base::fail(base::Code::kDenied, operation, module,
                      fmt::format("modprobe's configuration runs a command in place of {}: {}",
                                  install.module, line),
                      "such commands are not run: load the module manually, or remove that line");
}

tl::unexpected<base::Error> not_inserted(int errnum, const std::string& operation,
                                         const std::string& module) {
    auto failure = base::fail_errno(errnum, operation, module);
    base::Error& error = failure.value();
    if (errnum == EPERM) {
        // init_module(2): no CAP_SYS_MODULE, modules_disabled, module_blacklist=, or lockdown.
        const auto line = denying_line(Root{}, module);
        error.hint =
            line ? "see " + *line : "loading takes CAP_SYS_MODULE and kernel.modules_disabled=0";
    } else if (errnum == ENOKEY || errnum == EKEYREJECTED) {
        error.code = base::Code::kDenied;
        error.hint = "this kernel takes modules only with a signature it trusts";
    } else if (errnum == ENODEV || errnum == ENXIO) {
        error.code = base::Code::kRefused;
        error.hint = "the module found nothing to serve on this machine";
    } else if (errnum == ENOEXEC || errnum == ENOENT) {
        error.hint = "the module was built for another kernel: the kernel log names the symbol";
    }
    return failure;
}

// A blacklist applies to the module itself, not to its dependencies, as in modprobe. A softdep that
// fails is no error.
base::Result<void> insert(kmod_module* module, const std::string& operation,
                          const std::string& asked) {
    if (is_running(module))
        return {};
    InstallCommand install;
    const int outcome = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, nullptr,
                                                        refuse_command, &install, nullptr);
    if (outcome == 0 || outcome == -EEXIST)
        return {};
    if (outcome == -ECANCELED && !install.module.empty())
        return replaced(operation, asked, install);
    if (outcome > 0)
        return denied(operation, asked);
    return not_inserted(-outcome, operation, asked);
}

}  // namespace

base::Result<void> load_kernel_module(const std::string& module) {
    const std::string operation = "load the module";
    if (!parse_module_name(module))
        return base::fail(base::Code::kInvalid, operation, module,
                          "this could not be a module's name");
    if (base::read_file("/sys/module/" + normalise_module(module) + "/initstate") == "live\n")
        return {};
    const KmodContext context = TRY(open_kmod_for(operation, module));
    int error = 0;
    const KmodList found = lookup(context.get(), module, error);
    if (error < 0 && error != -ENOENT && error != -ENOSYS)
        return base::fail_errno(-error, operation, module);
    if (!found) {
        // A driver that is built in without a modinfo entry still has its directory.
        return base::fail(base::Code::kNotFound, operation, module,
                          "this kernel has no such module",
                          "it may come with another kernel or a package of the vendor");
    }
    base::Result<void> outcome;
    for_each_module(found, [&](kmod_module* each) {
        if (outcome)
            outcome = insert(each, operation, module);
    });
    return outcome;
}

base::Result<std::vector<std::string>> modules_for_alias(const std::string& modalias) {
    const KmodContext context = TRY(open_kmod_for("look up modules", modalias));
    int error = 0;
    const KmodList found = lookup(context.get(), modalias, error);
    if (error < 0 && error != -ENOENT && error != -ENOSYS)
        return base::fail_errno(-error, "look up modules", modalias);
    std::vector<std::string> names;
    if (!found)
        return names;
    kmod_list* allowed = nullptr;
    error = kmod_module_apply_filter(context.get(), KMOD_FILTER_BLACKLIST, found.get(), &allowed);
    const KmodList filtered(allowed);
    if (error < 0)
        return base::fail_errno(-error, "look up modules", modalias);
    for_each_module(filtered, [&names](kmod_module* each) {
        std::string name = normalise_module(kmod_module_get_name(each));
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    });
    return names;
}

}  // namespace sysfs
