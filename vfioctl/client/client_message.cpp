// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vfioctl/client/client_message.hpp"

#include <cstdint>

namespace vfioctl {

ClientMessageWriter& ClientMessageWriter::text(const std::string& value) {
    put(sd_bus_message_append_basic(message_, 's', value.c_str()));
    return *this;
}

void ClientMessageWriter::list(char type, const std::vector<std::string>& values) {
    const char contents[] = {type, '\0'};
    put(sd_bus_message_open_container(message_, 'a', contents));
    for (const std::string& value : values)
        put(sd_bus_message_append_basic(message_, type, value.c_str()));
    put(sd_bus_message_close_container(message_));
}

ClientMessageWriter& ClientMessageWriter::paths(const std::vector<std::string>& values) {
    list('o', values);
    return *this;
}

void ClientMessageWriter::value(const CallOptionValue& value) {
    if (const bool* flag = std::get_if<bool>(&value)) {
        const int number = *flag ? 1 : 0;
        put(sd_bus_message_open_container(message_, 'v', "b"));
        put(sd_bus_message_append_basic(message_, 'b', &number));
    } else if (const double* number = std::get_if<double>(&value)) {
        put(sd_bus_message_open_container(message_, 'v', "d"));
        put(sd_bus_message_append_basic(message_, 'd', number));
    } else if (const std::string* words = std::get_if<std::string>(&value)) {
        put(sd_bus_message_open_container(message_, 'v', "s"));
        put(sd_bus_message_append_basic(message_, 's', words->c_str()));
    } else {
        put(sd_bus_message_open_container(message_, 'v', "as"));
        list('s', std::get<std::vector<std::string>>(value));
    }
    put(sd_bus_message_close_container(message_));
}

ClientMessageWriter& ClientMessageWriter::options(const CallOptions& values) {
    put(sd_bus_message_open_container(message_, 'a', "{sv}"));
    for (const auto& [key, each] : values) {
        put(sd_bus_message_open_container(message_, 'e', "sv"));
        text(key);
        value(each);
        put(sd_bus_message_close_container(message_));
    }
    put(sd_bus_message_close_container(message_));
    return *this;
}

std::optional<std::string> ClientMessageReader::text(char type) {
    const char* value = nullptr;
    if (sd_bus_message_read_basic(message_, type, static_cast<void*>(&value)) <= 0)
        return std::nullopt;
    return value;
}

std::optional<std::uint64_t> ClientMessageReader::number(char type) {
    if (type == 't') {
        std::uint64_t value = 0;
        return sd_bus_message_read_basic(message_, type, &value) > 0 ? std::optional(value)
                                                                     : std::nullopt;
    }
    std::uint32_t value = 0;  // 'u', 'i', 'b' and 'h' are as wide
    return sd_bus_message_read_basic(message_, type, &value) > 0
               ? std::optional<std::uint64_t>(value)
               : std::nullopt;
}

std::vector<std::string> ClientMessageReader::texts(char type) {
    const char contents[] = {type, '\0'};
    std::vector<std::string> out;
    if (!enter('a', contents))
        return out;
    while (auto value = text(type))
        out.push_back(std::move(*value));
    leave();
    return out;
}

std::string ClientMessageReader::basic(char type) {
    switch (type) {
        case 's':
        case 'o':
            return text(type).value_or("");
        case 'b':
            return number('b').value_or(0) != 0 ? "true" : "false";
        case 'i':
            return std::to_string(static_cast<std::int32_t>(number('i').value_or(0)));
        case 'u':
        case 't':
            return std::to_string(number(type).value_or(0));
        default:  // a char off the wire, no enum of ours
            return {};
    }
}

std::string ClientMessageReader::variant() {
    const char* contents = nullptr;
    char type = '\0';
    if (sd_bus_message_peek_type(message_, &type, &contents) <= 0 || type != 'v')
        return {};
    const std::string inside = contents;
    if (inside.size() != 1 && inside != "a{sv}") {
        skip("v");
        return {};
    }
    if (!enter('v', inside.c_str()))
        return {};
    std::string out;
    if (inside.size() == 1)
        out = basic(inside[0]);
    else
        for (const auto& [key, value] : properties())
            out += (out.empty() ? "" : " ") + key + "=" + value;
    leave();
    return out;
}

std::vector<std::pair<std::string, std::string>> ClientMessageReader::properties() {
    std::vector<std::pair<std::string, std::string>> out;
    if (!enter('a', "{sv}"))
        return out;
    while (enter('e', "sv")) {
        std::string key = text().value_or("");
        std::string value = variant();
        out.emplace_back(std::move(key), std::move(value));
        leave();
    }
    leave();
    return out;
}

}  // namespace vfioctl
