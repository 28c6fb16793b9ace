// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/module_loader.hpp"

#include <fmt/format.h>
#include <libkmod.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "sysfs/names.hpp"
#include "sysfs/text_file.hpp"

namespace sysfs {
namespace {

struct Unref {
    void operator()(kmod_ctx* context) const { kmod_unref(context); }
    void operator()(kmod_module* module) const { kmod_module_unref(module); }
    void operator()(kmod_list* list) const { kmod_module_unref_list(list); }
};
using Context = std::unique_ptr<kmod_ctx, Unref>;
using Module = std::unique_ptr<kmod_module, Unref>;
using List = std::unique_ptr<kmod_list, Unref>;

/// An `install` command that stands in a module's place, as libkmod came across it.
struct Replacement {
    std::string module;
    std::string command;
};

// Libraries do not print: without this libkmod writes to stderr.
void be_silent(void* /*data*/, int /*priority*/, const char* /*file*/, int /*line*/,
               const char* /*function*/, const char* /*format*/, va_list /*args*/) {}

Context open_context() {
    Context context(kmod_new(nullptr, nullptr));
    if (context)
        kmod_set_log_fn(context.get(), be_silent, nullptr);
    return context;
}

List lookup(kmod_ctx* context, const std::string& name, int& error) {
    kmod_list* found = nullptr;
    error = kmod_module_new_from_lookup(context, name.c_str(), &found);
    return List(found);
}

template <typename Visit>
void for_each(const List& list, Visit visit) {
    for (kmod_list* item = list.get(); item != nullptr; item = kmod_list_next(list.get(), item)) {
        const Module module(kmod_module_get_module(item));
        visit(module.get());
    }
}

// libkmod hands every `install` command to this instead of running it through the shell. Refusing
// makes the insertion stop with our errno.
int refuse_command(kmod_module* module, const char* command, void* where) {
    *static_cast<Replacement*>(where) = {kmod_module_get_name(module), command};
    return -ECANCELED;
}

bool is_running(kmod_module* module) {
    const int state = kmod_module_get_initstate(module);
    return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;
}

tl::unexpected<Error> denied(const std::string& operation, const std::string& module) {
    const auto line = denying_line(Root{}, module);
    return fail(Code::kDenied, operation, module,
                line ? "denied by modprobe's configuration: " + *line
                     : std::string("denied by modprobe's configuration"),
                "take that line out, or name another driver in the policy");
}

tl::unexpected<Error> replaced(const std::string& operation, const std::string& module,
                               const Replacement& replacement) {
    const std::string line =
        denying_line(Root{}, replacement.module)
            .value_or(fmt::format("install {} {}", replacement.module, replacement.command));
    return fail(Code::kDenied, operation, module,
                fmt::format("modprobe's configuration runs a command in place of {}: {}",
                            replacement.module, line),
                "such commands are not run: load the module by hand, or take that line out");
}

tl::unexpected<Error> not_inserted(int errnum, const std::string& operation,
                                   const std::string& module) {
    auto failure = fail_errno(errnum, operation, module);
    Error& error = failure.value();
    if (errnum == EPERM) {
        // init_module(2): no CAP_SYS_MODULE, modules_disabled, module_blacklist=, or lockdown.
        const auto line = denying_line(Root{}, module);
        error.hint =
            line ? "see " + *line : "loading takes CAP_SYS_MODULE and kernel.modules_disabled=0";
    } else if (errnum == ENOKEY || errnum == EKEYREJECTED) {
        error.code = Code::kDenied;
        error.hint = "this kernel takes modules only with a signature it trusts";
    } else if (errnum == ENODEV || errnum == ENXIO) {
        error.code = Code::kRefused;
        error.hint = "the module found nothing to serve on this machine";
    } else if (errnum == ENOEXEC || errnum == ENOENT) {
        error.hint = "the module was built for another kernel: the kernel log names the symbol";
    }
    return failure;
}

// A blacklist counts for the module itself only: a dependency is needed, whoever dislikes it, which
// is modprobe's rule as well. Softdeps that fail are no failure.
Result<void> insert(kmod_module* module, const std::string& operation, const std::string& asked) {
    if (is_running(module))
        return {};
    Replacement replacement;
    const int outcome = kmod_module_probe_insert_module(module, KMOD_PROBE_APPLY_BLACKLIST, nullptr,
                                                        refuse_command, &replacement, nullptr);
    if (outcome == 0 || outcome == -EEXIST)
        return {};
    if (outcome == -ECANCELED && !replacement.module.empty())
        return replaced(operation, asked, replacement);
    if (outcome > 0)
        return denied(operation, asked);
    return not_inserted(-outcome, operation, asked);
}

}  // namespace

Result<void> load_kernel_module(const std::string& module) {
    const std::string operation = "load the module";
    if (!parse_module_name(module))
        return fail(Code::kInvalid, operation, module, "this could not be a module's name");
    if (read_text_file("/sys/module/" + normalise_module(module) + "/initstate") == "live\n")
        return {};
    const Context context = open_context();
    if (!context)
        return fail_errno(ENOMEM, operation, module);
    int error = 0;
    const List found = lookup(context.get(), module, error);
    if (error < 0 && error != -ENOENT && error != -ENOSYS)
        return fail_errno(-error, operation, module);
    if (!found) {
        // A driver that is built in without a modinfo entry still has its directory.
        return fail(Code::kNotFound, operation, module, "this kernel has no such module",
                    "it may come with another kernel or a package of the vendor");
    }
    Result<void> outcome;
    for_each(found, [&](kmod_module* each) {
        if (outcome)
            outcome = insert(each, operation, module);
    });
    return outcome;
}

Result<std::vector<std::string>> modules_of_alias(const std::string& modalias) {
    const Context context = open_context();
    if (!context)
        return fail_errno(ENOMEM, "look up modules", modalias);
    int error = 0;
    const List found = lookup(context.get(), modalias, error);
    if (error < 0 && error != -ENOENT && error != -ENOSYS)
        return fail_errno(-error, "look up modules", modalias);
    std::vector<std::string> names;
    if (!found)
        return names;
    kmod_list* allowed = nullptr;
    error = kmod_module_apply_filter(context.get(), KMOD_FILTER_BLACKLIST, found.get(), &allowed);
    const List filtered(allowed);
    if (error < 0)
        return fail_errno(-error, "look up modules", modalias);
    for_each(filtered, [&names](kmod_module* each) {
        std::string name = normalise_module(kmod_module_get_name(each));
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
    });
    return names;
}

}  // namespace sysfs
