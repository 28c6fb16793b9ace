// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/interfaces/history_document.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/codec/json.hpp"
#include "binding/report/history_report.hpp"

namespace bindd {
namespace {

constexpr std::size_t kChunkEntries = 100;  ///< takes about 3 ms

}  // namespace

HistoryDocuments::HistoryDocuments(sd_event* event, const ControllerRunner& controller)
    : controller_(controller), timer_(event, [this] { resume(); }) {}

void HistoryDocuments::request(BusCallback<std::string> callback) {
    next_.push_back(std::move(callback));
    if (!timer_.armed())
        timer_.arm({});
}

void HistoryDocuments::resume() {
    if (!reader_ && !begin())
        return;
    if (add_chunk())
        return timer_.arm({});
    reader_.reset();
    reply(std::exchange(document_, {}) + "]}");
}

bool HistoryDocuments::begin() {
    current_ = std::exchange(next_, {});
    auto reader = binding::HistoryReader::open(controller_.state_dir());
    if (!reader) {
        reply(tl::unexpected(to_bus_error(reader.error())));
        return false;
    }
    reader_ = *std::move(reader);
    document_ = R"({"schema":"vfioctl/1","history":[)";
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
    const std::string entries = binding::dump(binding::history_json(chunk));  // "[...]"
    if (!chunk.empty() && !document_.ends_with('['))
        document_ += ',';
    document_.append(entries, 1, entries.size() - 2);
    return chunk.size() == kChunkEntries;
}

void HistoryDocuments::reply(const BusResult<std::string>& answer) {
    if (!next_.empty())
        timer_.arm({});
    for (const BusCallback<std::string>& each : std::exchange(current_, {}))
        each(answer);
}

}  // namespace bindd
