// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/fake/shared_kernel_state.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace fake {
namespace {

[[noreturn]] void die(const std::string& what) {
    std::perror(("fake kernel: " + what).c_str());
    std::abort();
}

std::string read_all(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    std::string text;
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = ::read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(fd);
    return text;
}

}  // namespace

/// Opened each time: flock belongs to the open file, and forked processes must not share that.
int SharedKernelState::lock() const {
    const int fd = ::open((path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::flock(fd, LOCK_EX) != 0)
        die(path_ + ".lock");
    return fd;
}

void SharedKernelState::load() {
    const std::string text = read_all(path_);
    const std::size_t line = text.find('\n');
    // Without a generation line it is a description that a test has written.
    const bool described = text.starts_with('{');
    const std::string generation = described ? "0" : text.substr(0, line);
    if (!described && generation == generation_)
        return;
    world_ = parse_kernel_state(described ? text : text.substr(line + 1));
    generation_ = generation;
}

void SharedKernelState::save() {
    generation_ = std::to_string(std::strtoull(generation_.c_str(), nullptr, 10) + 1);
    const std::string text = generation_ + "\n" + to_text(world_);
    const std::string next = path_ + ".new";
    const int fd = ::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        die(next);
    ::close(fd);
    if (::rename(next.c_str(), path_.c_str()) != 0)
        die(path_);
}

void SharedKernelState::create(const KernelState& world) {
    const int held = lock();
    world_ = world;
    save();
    (void)::unlink((path_ + ".moments").c_str());
    ::close(held);
}

/// A byte for each call: appending needs no lock, and the position is the call's number.
unsigned SharedKernelState::tick(char kind) {
    const int fd =
        ::open((path_ + ".moments").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || ::write(fd, &kind, 1) != 1)
        die(path_ + ".moments");
    // The file's position after an append is its own end, whoever has appended meanwhile.
    const off_t count = ::lseek(fd, 0, SEEK_CUR);
    ::close(fd);
    return static_cast<unsigned>(count);
}

KernelState SharedKernelState::read() {
    const int held = lock();
    load();
    ::close(held);
    return world_;
}

void SharedKernelState::change(const std::function<void(KernelState&)>& change) {
    const int held = lock();
    load();
    change(world_);
    save();
    ::close(held);
}

}  // namespace fake
