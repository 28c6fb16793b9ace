// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vfioctl/late_systemd.hpp"

/// D-Bus messages as vfioctl writes and reads them.
namespace vfioctl {

struct MessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

using OptionValue = std::variant<bool, double, std::string, std::vector<std::string>>;
using Options = std::vector<std::pair<std::string, OptionValue>>;

/// Writes the arguments of a call one after the other. What fails once fails for good; good() says so.
class Writer {
  public:
    explicit Writer(sd_bus_message* message) : message_(message) {}
    Writer& text(const std::string& value);
    Writer& paths(const std::vector<std::string>& values);
    Writer& options(const Options& values);
    [[nodiscard]] bool good() const { return result_ >= 0; }

  private:
    void put(int result) { result_ = result_ < 0 ? result_ : result; }
    void list(char type, const std::vector<std::string>& values);
    void value(const OptionValue& value);

    sd_bus_message* message_;
    int result_ = 0;
};

/// Reads values off a message. Nothing, once one was not what was expected.
class Reader {
  public:
    explicit Reader(sd_bus_message* message) : message_(message) {}
    [[nodiscard]] std::optional<std::string> text(char type = 's');
    [[nodiscard]] std::optional<std::uint64_t> number(char type);
    [[nodiscard]] std::vector<std::string> texts(char type = 's');
    [[nodiscard]] bool enter(char type, const char* contents) {
        return sd_bus_message_enter_container(message_, type, contents) > 0;
    }
    void leave() { (void)sd_bus_message_exit_container(message_); }
    void skip(const char* types) { (void)sd_bus_message_skip(message_, types); }
    /// A variant as one text: of a text itself, a number's digits, "true"; of a{sv} its texts as "key=value"; else empty.
    [[nodiscard]] std::string variant();
    /// Every entry of an a{sv}, each variant as above.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> properties();

  private:
    [[nodiscard]] std::string basic(char type);
    sd_bus_message* message_;
};

}  // namespace vfioctl
