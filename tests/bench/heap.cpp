// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/bench/heap.hpp"

#include <malloc.h>

#include <cstdlib>
#include <new>

namespace {

// Signed: what is freed may have been allocated before start().
long live = 0;
long highest = 0;

}  // namespace

namespace heap {

void start() {
    live = 0;
    highest = 0;
}

std::size_t peak() {
    return static_cast<std::size_t>(highest);
}

}  // namespace heap

// Not inlined: g++ would then see that free() gets what operator new returned, and warn.
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* const memory = std::malloc(size);
    if (memory == nullptr)
        throw std::bad_alloc();
    live += static_cast<long>(::malloc_usable_size(memory));
    if (live > highest)
        highest = live;
    return memory;
}

[[gnu::noinline]] void operator delete(void* memory) noexcept {
    live -= static_cast<long>(::malloc_usable_size(memory));
    std::free(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    operator delete(memory);
}
