// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/message.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "binding/codec/json.hpp"

namespace bindd {
namespace {

using Replied = std::function<void(sd_bus_message*)>;

int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* /*error*/) {
    try {
        (*static_cast<Replied*>(userdata))(reply);
    } catch (const std::exception&) {
        // Out of memory, most likely. Who waits for it gets its timeout.
        return 0;
    }
    return 0;
}

void forget(void* userdata) {
    delete static_cast<Replied*>(userdata);
}

/// The value inside a variant of this type; the reading position is behind the variant afterwards.
BusResult<MethodOptionValue> read_value(sd_bus_message* message, const char* type) {
    const auto broken = [] {
        return bus_error(BusErrorKind::kOptionNotPermitted, "an option cannot be read");
    };
    if (std::strcmp(type, "b") == 0) {
        int value = 0;
        if (sd_bus_message_read(message, "v", type, &value) < 0)
            return broken();
        return MethodOptionValue(value != 0);
    }
    if (std::strcmp(type, "d") == 0) {
        double value = 0;
        if (sd_bus_message_read(message, "v", type, &value) < 0)
            return broken();
        return MethodOptionValue(value);
    }
    if (std::strcmp(type, "s") == 0) {
        const char* value = nullptr;
        if (sd_bus_message_read(message, "v", type, &value) < 0)
            return broken();
        return MethodOptionValue(std::string(value));
    }
    if (std::strcmp(type, "as") == 0) {
        std::vector<std::string> texts;
        if (sd_bus_message_enter_container(message, 'v', type) < 0 ||
            sd_bus_message_enter_container(message, 'a', "s") < 0)
            return broken();
        const char* text = nullptr;
        while (sd_bus_message_read(message, "s", &text) > 0)
            texts.emplace_back(text);
        if (sd_bus_message_exit_container(message) < 0 ||
            sd_bus_message_exit_container(message) < 0)
            return broken();
        return MethodOptionValue(std::move(texts));
    }
    if (sd_bus_message_skip(message, "v") < 0)
        return broken();
    return MethodOptionValue(OtherType{type});
}

}  // namespace

MessageRef share(sd_bus_message* message) {
    return MessageRef(sd_bus_message_ref(message));
}

MessageRef new_call(sd_bus* bus, const char* destination, const char* path, const char* interface,
                    const char* member) {
    sd_bus_message* call = nullptr;
    if (sd_bus_message_new_method_call(bus, &call, destination, path, interface, member) < 0)
        return nullptr;
    return MessageRef(call);
}

void send_call(sd_bus* bus, sd_bus_message* call, std::chrono::microseconds timeout,
               Replied replied) {
    auto handler = std::make_unique<Replied>(std::move(replied));
    sd_bus_slot* slot = nullptr;
    if (sd_bus_call_async(bus, &slot, call, on_reply, handler.get(),
                          static_cast<std::uint64_t>(timeout.count())) < 0)
        return;
    // The slot goes with its reply, or with the connection; the handler with it.
    sd_bus_slot_set_destroy_callback(slot, forget);
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    (void)handler.release();
}

BusResult<MethodOptions> read_options(sd_bus_message* message) {
    const auto broken = [] {
        return bus_error(BusErrorKind::kOptionNotPermitted, "the options cannot be read");
    };
    MethodOptions options;
    if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
        return broken();
    while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
        const char* key = nullptr;
        const char* contents = nullptr;
        if (sd_bus_message_read(message, "s", &key) <= 0 ||
            sd_bus_message_peek_type(message, nullptr, &contents) <= 0)
            return broken();
        auto value = read_value(message, contents);
        if (!value)
            return tl::unexpected(value.error());
        if (!options.emplace(key, std::move(*value)).second)
            return bus_error(BusErrorKind::kOptionNotPermitted,
                             "option " + std::string(key) + ": given twice");
        if (sd_bus_message_exit_container(message) < 0)
            return broken();
    }
    if (sd_bus_message_exit_container(message) < 0)
        return broken();
    return options;
}

void reply_error(sd_bus_message* call, const BusError& error) {
    (void)sd_bus_reply_method_errorf(call, bus_error_name(error.kind), "%s",
                                     bus_text(error.text).c_str());
}

std::string bus_text(const std::string& bytes) {
    // Nearly all there is; a list of thousands of devices has a hundred thousand of them.
    const auto plain = [](char c) { return static_cast<signed char>(c) > 0; };
    if (std::all_of(bytes.begin(), bytes.end(), plain))
        return bytes;
    std::string text = binding::utf8(bytes);
    std::replace(text.begin(), text.end(), '\0', '?');
    return text;
}

}  // namespace bindd
