// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/message.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "binding/codec/json.hpp"

namespace bindd {
namespace {

using Replied = std::function<void(sd_bus_message*)>;

int on_reply(sd_bus_message* reply, void* userdata, sd_bus_error* /*error*/) {
    try {
        (*static_cast<Replied*>(userdata))(reply);
    } catch (const std::exception&) {
        // Out of memory, most likely. The caller that waits for this gets a timeout.
        return 0;
    }
    return 0;
}

void forget(void* userdata) {
    delete static_cast<Replied*>(userdata);
}

std::optional<std::vector<std::string>> read_texts(sd_bus_message* message) {
    std::vector<std::string> texts;
    if (sd_bus_message_enter_container(message, 'a', "s") < 0)
        return std::nullopt;
    const char* text = nullptr;
    while (sd_bus_message_read_basic(message, 's', &text) > 0)
        texts.emplace_back(text);
    if (sd_bus_message_exit_container(message) < 0)
        return std::nullopt;
    return texts;
}

/// The value of this type inside a variant.
std::optional<MethodOptionValue> read_value(sd_bus_message* message, const std::string& type) {
    if (type == "b") {
        int value = 0;
        if (sd_bus_message_read_basic(message, 'b', &value) > 0)
            return value != 0;
    } else if (type == "d") {
        double value = 0;
        if (sd_bus_message_read_basic(message, 'd', &value) > 0)
            return value;
    } else if (type == "s") {
        const char* value = nullptr;
        if (sd_bus_message_read_basic(message, 's', &value) > 0)
            return std::string(value);
    } else if (type == "as") {
        return read_texts(message);
    } else if (sd_bus_message_skip(message, type.c_str()) >= 0) {
        return OtherType{};
    }
    return std::nullopt;
}

/// False if the message cannot be read.
bool read_option(sd_bus_message* message, MethodOptions& options) {
    const char* key = nullptr;
    const char* type = nullptr;
    if (sd_bus_message_read_basic(message, 's', &key) <= 0 ||
        sd_bus_message_peek_type(message, nullptr, &type) <= 0 ||
        sd_bus_message_enter_container(message, 'v', type) < 0)
        return false;
    auto value = read_value(message, type);
    if (!value || sd_bus_message_exit_container(message) < 0)
        return false;
    const auto [known, added] = options.emplace(key, *std::move(value));
    if (!added)
        known->second = GivenTwice{};
    return true;
}

/// Sets the position to the last argument.
bool find_options(sd_bus_message* call) {
    char type = 0;
    const char* contents = nullptr;
    if (sd_bus_message_rewind(call, 1) < 0)
        return false;
    while (sd_bus_message_peek_type(call, &type, &contents) > 0) {
        if (type == 'a' && std::strcmp(contents, "{sv}") == 0)
            return sd_bus_message_enter_container(call, type, contents) > 0;
        if (sd_bus_message_skip(call, nullptr) < 0)
            return false;
    }
    return false;
}

}  // namespace

void MessageReply::refuse(const BusError& error) const {
    (void)sd_bus_reply_method_errorf(call(), bus_error_name(error.kind), "%s",
                                     bus_text(error.text).c_str());
}

void MessageReply::give_path(const std::string& path) const {
    (void)sd_bus_reply_method_return(call(), "o", path.c_str());
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
    // The slot ends with the reply or with the connection, and the handler with the slot.
    sd_bus_slot_set_destroy_callback(slot, forget);
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    (void)handler.release();
}

MethodOptions read_options(sd_bus_message* call) {
    MethodOptions options;
    bool readable = find_options(call);
    while (readable && sd_bus_message_enter_container(call, 'e', "sv") > 0)
        readable = read_option(call, options) && sd_bus_message_exit_container(call) >= 0;
    // sd-bus has checked the types, so this is not expected; no method knows an empty key.
    if (!readable)
        options.emplace("", OtherType{});
    return options;
}

std::string bus_text(const std::string& bytes) {
    // Nearly every text: a list of thousands of devices has a hundred thousand of them.
    const auto plain = [](char c) { return static_cast<signed char>(c) > 0; };
    if (std::all_of(bytes.begin(), bytes.end(), plain))
        return bytes;
    std::string text = binding::utf8(bytes);
    std::replace(text.begin(), text.end(), '\0', '?');
    return text;
}

}  // namespace bindd
