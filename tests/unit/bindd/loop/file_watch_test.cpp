// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/loop/file_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/file_io.hpp"
#include "bindd/loop/event_loop.hpp"
#include "tests/fake/temp_dir.hpp"

namespace bindd {
namespace {

EventLoop make_loop() {
    sd_event* event = nullptr;
    EXPECT_GE(sd_event_new(&event), 0);
    return EventLoop(event);
}

void write_byte(const std::string& path) {
    const base::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(fd.get(), "x", 1, 0), 1);
}

TEST(FileWatch, AfterALostEventAnythingMayHaveChanged) {
    const fake::TempDir dir;
    const EventLoop loop = make_loop();
    std::set<std::string> files;
    for (const char* name : {"/a", "/b", "/c"}) {
        std::ofstream(dir.path() + name) << "x";
        files.insert(dir.path() + name);
    }
    unsigned reloads = 0;
    std::set<std::string> written;
    auto watch = FileWatch::make(
        loop.get(), {dir.path() + "/policies"}, [&] { ++reloads; },
        [&](const std::string& file) { written.insert(file); });
    ASSERT_TRUE(watch);
    (*watch)->watch_files(files);
    // Equal events one after the other are merged, so two files take turns; /c is not among them.
    const auto text = base::read_file("/proc/sys/fs/inotify/max_queued_events");
    ASSERT_TRUE(text);
    for (int left = std::stoi(*text) / 2 + 1; left > 0; --left) {
        write_byte(dir.path() + "/a");
        write_byte(dir.path() + "/b");
    }
    write_byte(dir.path() + "/c");
    ASSERT_GE(sd_event_run(loop.get(), 0), 0);
    EXPECT_EQ(written, files);
    EXPECT_EQ(reloads, 1U);
}

}  // namespace
}  // namespace bindd
