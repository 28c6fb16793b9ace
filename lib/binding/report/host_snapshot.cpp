// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/report/host_snapshot.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/try.hpp"
#include "binding/codec/field_lists.hpp"

namespace binding {

/// A line of the snapshot's text.
struct SnapshotContext {
    HostContext context;
};
struct SnapshotDevice {
    sysfs::Device device;
};
struct SnapshotUsage {
    sysfs::Usage usage;
};
struct SnapshotSource {
    std::string name;
    std::string text;
};
struct SnapshotPolicyError {
    std::string text;
};
struct SnapshotStatus {
    sysfs::DeviceId device;
    std::string state;
    std::optional<std::string> reason;
    std::string note;
    std::string path;
};
using SnapshotLine = std::variant<SnapshotContext, SnapshotDevice, SnapshotUsage, SnapshotSource,
                                  SnapshotPolicyError, SnapshotStatus>;

template <>
inline constexpr const char* kTagKey<SnapshotLine> = "kind";
BINDD_MESSAGE(SnapshotContext, "host", context)
BINDD_MESSAGE(SnapshotDevice, "device", device)
BINDD_MESSAGE(SnapshotUsage, "usage", usage)
BINDD_MESSAGE(SnapshotSource, "source", name, text)
BINDD_MESSAGE(SnapshotPolicyError, "policy_error", text)
BINDD_MESSAGE(SnapshotStatus, "status", device, state, reason, note, path)

namespace {

/// Puts each line where it belongs.
struct SnapshotReader {
    HostSnapshot snapshot{};
    HostContext context{};

    void operator()(SnapshotContext& line) { context = std::move(line.context); }
    void operator()(SnapshotDevice& line) {
        snapshot.inventory.devices.push_back(std::move(line.device));
    }
    void operator()(SnapshotUsage& line) { snapshot.usage = std::move(line.usage); }
    void operator()(SnapshotSource& line) {
        snapshot.sources.push_back({std::move(line.name), std::move(line.text)});
    }
    void operator()(SnapshotPolicyError& line) { snapshot.policy_error = std::move(line.text); }
    void operator()(SnapshotStatus& line) {
        snapshot.statuses[line.device] = {{line.state, line.reason, line.note}, line.path};
    }
};

}  // namespace

void SnapshotWriter::append(const std::string& line) {
    text_.append(line).append("\n");
}

void SnapshotWriter::add(const sysfs::Inventory& inventory) {
    append(encode_fields(SnapshotLine(SnapshotContext{HostContext::from(inventory)})));
    for (const sysfs::Device& device : inventory.devices)
        append(encode_fields(SnapshotLine(SnapshotDevice{device})));
}

void SnapshotWriter::add(const sysfs::Usage& usage) {
    append(encode_fields(SnapshotLine(SnapshotUsage{usage})));
}

void SnapshotWriter::add(const policy::SourceFile& source) {
    append(encode_fields(SnapshotLine(SnapshotSource{source.name, source.text})));
}

void SnapshotWriter::add_policy_error(const std::string& text) {
    append(encode_fields(SnapshotLine(SnapshotPolicyError{text})));
}

void SnapshotWriter::add(const sysfs::DeviceId& device, const HostSnapshot::DeviceStatus& status) {
    append(encode_fields(SnapshotLine(SnapshotStatus{
        device, status.state.state, status.state.reason, status.state.note, status.path})));
}

base::Result<HostSnapshot> parse_snapshot(const std::string& text) {
    SnapshotReader reader;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        auto line = decode_fields<SnapshotLine>(std::string_view(text).substr(from, end - from),
                                                "the daemon's snapshot of the host");
        if (!line) {
            line.error().hint = "restart the daemon after an upgrade; --direct does without it";
            return tl::unexpected(line.error());
        }
        std::visit(reader, *line);
        from = end + 1;
    }
    reader.context.apply_to(reader.snapshot.inventory);
    reader.snapshot.inventory.rebuild_index();
    return std::move(reader.snapshot);
}

}  // namespace binding
