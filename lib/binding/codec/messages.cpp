// SPDX-License-Identifier: LGPL-2.1-or-later
#include "binding/codec/messages.hpp"

#include "base/try.hpp"
#include "binding/codec/field_lists.hpp"
#include "binding/codec/record_fields.hpp"
#include "binding/codec/validate.hpp"

namespace binding {
namespace {

constexpr const char* kIdKey = "id";

}  // namespace

BINDD_ENUM(DriverScan, kInclude, "skip", "include")
BINDD_ENUM(RecoveryResult, kPending, "undone", "pending")

BINDD_MESSAGE(ScanHost, "scan_host", wanted)
BINDD_MESSAGE(ScanDevices, "scan_devices", ids, wanted, drivers)
BINDD_MESSAGE(QueryUsage, "query_usage", devices)
BINDD_MESSAGE(OpenForClient, "open_for_client", ticket, device, backend)
BINDD_MESSAGE(ExecuteTransaction, "execute_transaction", actor, action, timeout, transaction)
BINDD_SIGNAL(RecoverInterrupted, "recover_interrupted")
BINDD_MESSAGE(ForgetDevices, "forget_devices", ids)
BINDD_TAG(UpdateUdevRules, "update_udev_rules")
BINDD_OMITTABLE_FIELDS(UpdateUdevRules, in_use)
BINDD_SIGNAL(Ping, "ping")
BINDD_SIGNAL(Stop, "stop")
BINDD_MESSAGE(DeviceFound, "device_found", device)
BINDD_MESSAGE(ContextFound, "context_found", context)
BINDD_MESSAGE(DriversFound, "drivers_found", drivers)
BINDD_MESSAGE(UsageFound, "usage_found", usage)
BINDD_MESSAGE(StepStarted, "step_started", text)
BINDD_MESSAGE(TransactionEnded, "transaction_ended", txn, transaction)
BINDD_SIGNAL(Completed, "completed")
BINDD_MESSAGE(Failed, "failed", error)
BINDD_MESSAGE(Warning, "warning", text)
BINDD_MESSAGE(InUseFound, "in_use_found", devices, error)
BINDD_MESSAGE(TransactionInterrupted, "transaction_interrupted", begin)
BINDD_MESSAGE(RecoveryEnded, "recovery_ended", txn, result, note)
BINDD_MESSAGE(ReadStuck, "read_stuck", name, devices)
BINDD_MESSAGE(RunTransaction, "run_transaction", txn)
BINDD_MESSAGE(UndoTransaction, "undo_transaction", txn)
BINDD_MESSAGE(DeviceSeen, "device_seen", device)
BINDD_MESSAGE(TransactionOutcome, "transaction_outcome", result, error, error_code, steps, notes)

template <>
struct Codec<Envelope> {
    static Json encode(const Envelope& envelope) {
        Json object = {{kIdKey, envelope.id}};
        Codec<Message>::encode_into(object, envelope.message);
        return object;
    }
    static bool decode(const Json& json, Envelope& envelope, const Place& place) {
        const auto id = json.is_object() ? json.find(kIdKey) : json.end();
        if (id == json.end())
            return place.reject("no id");
        return Codec<std::uint64_t>::decode(*id, envelope.id, Place(place, kIdKey)) &&
               Codec<Message>::decode(json, envelope.message, place);
    }
};

std::string encode_message(const Envelope& envelope) {
    return encode_fields(envelope);
}

base::Result<Envelope> decode_message(std::string_view line) {
    Envelope envelope = TRY(decode_fields<Envelope>(line, "a message", kMessageLimits));
    TRY(validate(envelope));
    return envelope;
}

std::optional<std::uint64_t> decode_message_id(std::string_view line) {
    const Json json = parse_json(line, kMessageLimits).value_or(nullptr);
    std::string problem;
    std::uint64_t id = 0;
    const auto found = json.is_object() ? json.find(kIdKey) : json.end();
    if (found == json.end() || !Codec<std::uint64_t>::decode(*found, id, Place(problem)))
        return std::nullopt;
    return id;
}

const char* message_name(const Message& message) {
    return std::visit([]<typename T>(const T&) { return Tag<T>::value; }, message);
}

base::Error unexpected_message(const Message& message) {
    return base::fail(base::Code::kInvalid, "receive", "a message",
                      std::string("unexpected here: ") + message_name(message))
        .value();
}

}  // namespace binding
