// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"

/// Libraries that are opened at the first use instead of at the program's start.
namespace base {

/// One function of a library, and where its address goes.
struct DlopenSymbol {
    const char* name;
    void (*set)(void* address);
};

/// Opens the library for the rest of the program's life and resolves all `symbols`, or none.
/// Not installed, or without one of the symbols: kUnsupported, with the loader's message.
[[nodiscard]] Result<void> open_library(const char* soname, std::span<const DlopenSymbol> symbols);

/// A note of the "ELF dlopen metadata" (uapi-group.org/specifications/specs/elf_dlopen_metadata):
/// every library that the program may open, as a JSON array. dracut, mkosi and package builders
/// read it, since ldd does not show these libraries.
template <std::size_t Size>
struct DlopenNote {
    std::uint32_t name_size = sizeof(name);
    std::uint32_t text_size = Size;
    std::uint32_t type = 0x407c0c0a;
    char name[4] = "FDO";
    alignas(std::uint32_t) char text[Size];
};

}  // namespace base

/// Once for each library. PRIORITY is "required", "recommended" or "suggested", as that
/// specification has them.
#define DLOPEN_LIBRARY_NOTE(NAME, SONAME, PRIORITY, DESCRIPTION)                     \
    DLOPEN_NOTE_SECTION(NAME##_note,                                                 \
                        "[{\"feature\":\"" #NAME "\",\"description\":\"" DESCRIPTION \
                        "\",\"priority\":\"" PRIORITY "\",\"soname\":[\"" SONAME "\"]}]")

// Aligned by word: compilers align large objects to 32 bytes, which is no valid note.
#define DLOPEN_NOTE_SECTION(VARIABLE, TEXT)                                           \
    __attribute__((used, section(".note.dlopen"),                                     \
                   aligned(4))) static constinit const base::DlopenNote<sizeof(TEXT)> \
        VARIABLE = {.text = TEXT};

/// For a list of functions F(RETURN, NAME, PARAMETERS, ARGUMENTS): the variable with the address,
/// the entry of the symbol table, and the function itself as its library's header declares it.
#define DLOPEN_ADDRESS(RETURN, NAME, PARAMETERS, ARGUMENTS) decltype(NAME)* NAME##_address;
#define DLOPEN_SYMBOL(RETURN, NAME, PARAMETERS, ARGUMENTS) \
    {#NAME,                                                \
     [](void* address) { NAME##_address = reinterpret_cast<decltype(NAME##_address)>(address); }},
#define DLOPEN_WRAPPER(RETURN, NAME, PARAMETERS, ARGUMENTS)                   \
    extern "C" __attribute__((visibility("hidden"))) RETURN NAME PARAMETERS { \
        return NAME##_address ARGUMENTS;                                      \
    }
