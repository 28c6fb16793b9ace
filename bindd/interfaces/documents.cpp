// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/documents.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "binding/codec/json.hpp"
#include "binding/report/history_report.hpp"
#include "binding/report/host_snapshot.hpp"
#include "sysfs/device/resolve.hpp"

namespace bindd {
namespace {

constexpr std::size_t kChunkEntries = 100;  ///< takes about 3 ms

BusResult<base::UniqueFd> seal(const std::string& text) {
    const auto failed = [] {
        return bus_error(BusErrorKind::kFailed,
                         std::string("memory file: ") + std::strerror(errno));
    };
    base::UniqueFd fd(::memfd_create("bindd-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid())
        return failed();
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t put = ::write(fd.get(), text.data() + at, text.size() - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return failed();
        at += static_cast<std::size_t>(put);
    }
    // Every copy of the descriptor shares the file's position.
    if (::lseek(fd.get(), 0, SEEK_SET) != 0 ||
        ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) !=
            0)
        return failed();
    return fd;
}

std::string snapshot_text(const ControllerRunner& controller, const DevicePaths& paths,
                          const sysfs::Usage& read, Disclosure disclosure) {
    const View& view = controller.view();
    binding::SnapshotWriter text;
    text.add(view.inventory);
    sysfs::Usage usage = view.usage;
    for (const auto& [id, uses] : read)
        usage[id] = uses;
    text.add(redact(std::move(usage), disclosure));
    for (const policy::SourceFile& source : view.sources)
        text.add(source);
    if (!view.policy_error.empty())
        text.add_policy_error(view.policy_error);
    for (const sysfs::Device& device : view.inventory.devices)
        if (const std::string* path = paths.find(device.id))
            text.add(device.id, {controller.state(device, disclosure), *path});
    return text.take();
}

}  // namespace

HistoryDocuments::HistoryDocuments(sd_event* event, const ControllerRunner& controller)
    : controller_(controller), timer_(event, [this] { resume(); }) {}

void HistoryDocuments::request(Disclosure disclosure, BusCallback<std::string> callback) {
    next_[disclosure].requests.push_back(std::move(callback));
    if (!timer_.armed())
        timer_.arm({});
}

void HistoryDocuments::resume() {
    if (!reader_ && !begin())
        return;
    if (add_chunk())
        return timer_.arm({});
    reader_.reset();
    reply();
}

bool HistoryDocuments::begin() {
    current_ = std::exchange(next_, {});
    auto reader = binding::HistoryReader::open(controller_.state_dir());
    if (!reader) {
        for (auto& [disclosure, document] : std::exchange(current_, {}))
            for (const BusCallback<std::string>& each : document.requests)
                each(tl::unexpected(to_bus_error(reader.error())));
        return false;
    }
    reader_ = *std::move(reader);
    for (auto& [disclosure, document] : current_)
        document.text = R"({"schema":"vfioctl/1","history":[)";
    return true;
}

/// True if there may be more.
bool HistoryDocuments::add_chunk() {
    std::vector<binding::HistoryEntry> chunk;
    while (chunk.size() < kChunkEntries) {
        auto entry = reader_->next();
        if (!entry)
            break;
        chunk.push_back(*std::move(entry));
    }
    for (auto& [disclosure, document] : current_) {
        std::vector<binding::HistoryEntry> shown;
        for (const binding::HistoryEntry& entry : chunk)
            shown.push_back(redact(entry, disclosure));
        const std::string entries = binding::dump(binding::history_json(shown));  // "[...]"
        if (!chunk.empty() && !document.text.ends_with('['))
            document.text += ',';
        document.text.append(entries, 1, entries.size() - 2);
    }
    return chunk.size() == kChunkEntries;
}

void HistoryDocuments::reply() {
    if (!next_.empty())
        timer_.arm({});
    for (auto& [disclosure, document] : std::exchange(current_, {}))
        for (const BusCallback<std::string>& each : document.requests)
            each(document.text + "]}");
}

void SnapshotFiles::create(const Caller& caller, MethodOptions options,
                           BusCallback<base::UniqueFd> callback) {
    const auto answer = [this, options = std::move(options),
                         callback](const std::pair<AuthorizedCaller, Disclosure>& inspected) {
        const Disclosure disclosure = inspected.second;
        controller_.read_changed_policies();
        auto ids = parse_devices_option(options, "usage", controller_.view().inventory);
        if (!ids)
            return callback(tl::unexpected(ids.error()));
        if (ids->empty())
            return callback(seal(snapshot_text(controller_, paths_, {}, disclosure)));
        controller_.usage(*std::move(ids), [this, callback, disclosure,
                                            token = inspected.first.token](
                                               const base::Result<sysfs::Usage>& usage) {
            callback(to_bus_result(usage).and_then([this, disclosure](const sysfs::Usage& read) {
                return seal(snapshot_text(controller_, paths_, read, disclosure));
            }));
        });
    };
    inspection_.identify_and_ask(
        caller, on_success<std::pair<AuthorizedCaller, Disclosure>>(callback, answer));
}

}  // namespace bindd
