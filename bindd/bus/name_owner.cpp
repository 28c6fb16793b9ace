// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/name_owner.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "base/file_io.hpp"
#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "bindd/bus/object_path.hpp"

namespace bindd {
namespace {

void create_presence_file(const std::string& path) {
    if (base::make_directories(path.substr(0, path.rfind('/'))))
        (void)base::UniqueFd(
            ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
}

}  // namespace

NameOwner::NameOwner(sd_bus* bus, std::string presence_file)
    : bus_(bus), presence_file_(std::move(presence_file)) {}

NameOwner::~NameOwner() {
    if (owned_)
        (void)::unlink(presence_file_.c_str());
}

void NameOwner::request() {
    if (std::exchange(requested_, true))
        return;
    // Not queued behind another daemon: two must not run.
    const int r = sd_bus_request_name_async(bus_, nullptr, kBusName, 0, on_reply, this);
    if (r < 0)
        notified_(base::fail_errno(-r, "ask for the name", kBusName));
}

int NameOwner::on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* /*error*/) {
    auto& self = *static_cast<NameOwner*>(userdata);
    try {
        self.notified_(self.take(reply));
    } catch (const std::exception&) {
        return 0;  // the service manager's start-up timeout ends the daemon
    }
    return 0;
}

base::Result<void> NameOwner::take(sd_bus_message* reply) {
    constexpr std::uint32_t kPrimaryOwner = 1;
    constexpr std::uint32_t kAlreadyOwner = 4;
    if (const sd_bus_error* error = sd_bus_message_get_error(reply))
        return base::fail(base::Code::kDenied, "own the name", kBusName,
                          error->message == nullptr ? error->name : error->message,
                          "the bus' policy (system.d/org.bindd1.conf) lets root own it");
    std::uint32_t answer = 0;
    owned_ = sd_bus_message_read(reply, "u", &answer) > 0 &&
             (answer == kPrimaryOwner || answer == kAlreadyOwner);
    if (!owned_)
        return base::fail(base::Code::kBusy, "own the name", kBusName,
                          "another process on the bus has it", "is a daemon running already?");
    create_presence_file(presence_file_);
    return {};
}

}  // namespace bindd
