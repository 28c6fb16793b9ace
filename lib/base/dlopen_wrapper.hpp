// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

/// A function of a shared library that is opened at the first call, not at the program's start:
/// `vfioctl list` needs neither libkmod nor libmount, and libkmod alone brings libcrypto, whose
/// relocations took four fifths of the start. The callers use the library's own header and know
/// nothing of it. A library that is not there ends the program as the loader would, in its words
/// and with its exit status: a host whose mounts cannot be read must not look as if it had none.
/// What is opened so is told by a note in the program (DLOPEN_LIBRARY_NOTE), for packagers and
/// makers of images: ldd cannot see it.
namespace base {

template <typename Function>
[[nodiscard]] Function* dlopen_symbol(const char* library, const char* name) {
    void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    void* const found = handle == nullptr ? nullptr : ::dlsym(handle, name);
    if (found == nullptr) {
        constexpr int kLoadersStatus = 127;
        std::fprintf(stderr, "error while loading shared libraries: %s\n", ::dlerror());
        ::_exit(kLoadersStatus);
    }
    return reinterpret_cast<Function*>(found);
}

/// A note of the "ELF dlopen metadata" (uapi-group.org/specifications/specs/elf_dlopen_metadata):
/// every library that the program may open, as a JSON array; dracut, mkosi and package builders
/// read it.
template <std::size_t Size>
struct DlopenNote {
    std::uint32_t name_size = sizeof(name);
    std::uint32_t text_size = Size;
    std::uint32_t type = 0x407c0c0a;
    char name[4] = "FDO";
    alignas(std::uint32_t) char text[Size];
};

}  // namespace base

/// Once for each library, in the file that names its functions. PRIORITY is "required",
/// "recommended" or "suggested", as that specification has them.
#define DLOPEN_LIBRARY_NOTE(NAME, SONAME, PRIORITY, DESCRIPTION)                     \
    DLOPEN_NOTE_SECTION(NAME##_note,                                                 \
                        "[{\"feature\":\"" #NAME "\",\"description\":\"" DESCRIPTION \
                        "\",\"priority\":\"" PRIORITY "\",\"soname\":[\"" SONAME "\"]}]")

// Aligned by word: left to itself the compiler aligns large objects to 32 bytes, which are no notes
// any more.
#define DLOPEN_NOTE_SECTION(VARIABLE, TEXT)                                     \
    namespace base {                                                            \
    __attribute__((used, section(".note.dlopen"),                               \
                   aligned(4))) static constinit const DlopenNote<sizeof(TEXT)> \
        VARIABLE = {.text = TEXT};                                              \
    }

/// Defines NAME, as its library's header declares it.
#define DLOPEN_WRAPPER(LIBRARY, RETURN, NAME, PARAMETERS, ARGUMENTS)                   \
    extern "C" __attribute__((visibility("hidden"))) RETURN NAME PARAMETERS {          \
        static auto* const call = base::dlopen_symbol<decltype(NAME)>(LIBRARY, #NAME); \
        return call ARGUMENTS;                                                         \
    }
