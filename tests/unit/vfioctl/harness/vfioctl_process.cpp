// SPDX-License-Identifier: LGPL-2.1-or-later
#include "tests/unit/vfioctl/harness/vfioctl_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/fake/temp_dir.hpp"

namespace tests {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream out;
    out << file.rdbuf();
    return out.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts)
        out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

ProcessOutput run_vfioctl(const std::vector<std::string>& arguments, const std::string& directory,
                          const std::vector<std::string>& environment) {
    const fake::TempDir output;
    const std::string out_path = output.path() + "/out";
    const std::string err_path = output.path() + "/err";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out_path.c_str(), O_WRONLY | O_CREAT, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err_path.c_str(), O_WRONLY | O_CREAT, 0600);

    std::vector<std::string> words = {VFIOCTL_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables = environment;
    const char* path = std::getenv("PATH");
    variables.push_back(std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path));
    pid_t child = -1;
    const int failed = posix_spawn(&child, VFIOCTL_BINARY, &actions, nullptr,
                                   pointers(words).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        throw std::runtime_error(std::string(VFIOCTL_BINARY) + ": " + std::strerror(failed));
    int status = 0;
    if (waitpid(child, &status, 0) != child)
        throw std::runtime_error("waitpid");
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), text_of(out_path),
            text_of(err_path)};
}

}  // namespace tests
