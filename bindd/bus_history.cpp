// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus_history.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "binding/json.hpp"
#include "binding/report.hpp"

namespace bindd {
namespace {

constexpr std::size_t kPart = 100;  ///< entries: some 3 ms

}  // namespace

Histories::Histories(sd_event* event, const Keeper& keeper) : keeper_(keeper), soon_(event, [this] { go_on(); }) {}

void Histories::tell(Answered<std::string> answered) {
    waiting_.push_back(std::move(answered));
    if (!soon_.armed())
        soon_.arm({});
}

void Histories::go_on() {
    if (!reader_ && !begin())
        return;
    if (add_part())
        return soon_.arm({});
    reader_.reset();
    answer(std::exchange(document_, {}) + "]}");
}

bool Histories::begin() {
    asked_ = std::exchange(waiting_, {});
    auto reader = binding::HistoryReader::open(keeper_.state_dir());
    if (!reader) {
        answer(tl::unexpected(fault_of(reader.error())));
        return false;
    }
    reader_ = *std::move(reader);
    document_ = R"({"schema":"vfioctl/1","history":[)";
    return true;
}

/// Is there more?
bool Histories::add_part() {
    std::vector<binding::HistoryEntry> part;
    while (part.size() < kPart) {
        auto entry = reader_->next();
        if (!entry)
            break;
        part.push_back(*std::move(entry));
    }
    const std::string entries = binding::dump(binding::history_json(part));  // "[...]"
    if (!part.empty() && !document_.ends_with('['))
        document_ += ',';
    document_.append(entries, 1, entries.size() - 2);
    return part.size() == kPart;
}

void Histories::answer(const Answer<std::string>& answer) {
    if (!waiting_.empty())
        soon_.arm({});
    for (const Answered<std::string>& each : std::exchange(asked_, {}))
        each(answer);
}

}  // namespace bindd
