// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "vfioctl/client/libsystemd_wrappers.hpp"

/// D-Bus messages as vfioctl writes and reads them.
namespace vfioctl {

struct ClientMessageUnref {
    void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
};
using ClientMessage = std::unique_ptr<sd_bus_message, ClientMessageUnref>;

using CallOptionValue = std::variant<bool, double, std::string, std::vector<std::string>>;
using CallOptions = std::vector<std::pair<std::string, CallOptionValue>>;

/// Writes the arguments of a call one after the other. What fails once fails for good; good() says
/// so.
class ClientMessageWriter {
  public:
    explicit ClientMessageWriter(sd_bus_message* message) : message_(message) {}
    ClientMessageWriter& text(const std::string& value);
    ClientMessageWriter& paths(const std::vector<std::string>& values);
    ClientMessageWriter& options(const CallOptions& values);
    [[nodiscard]] bool good() const { return result_ >= 0; }

  private:
    void put(int result) { result_ = result_ < 0 ? result_ : result; }
    void list(char type, const std::vector<std::string>& values);
    void value(const CallOptionValue& value);

    sd_bus_message* message_;
    int result_ = 0;
};

/// Reads values off a message. Nothing, once one was not what was expected.
class ClientMessageReader {
  public:
    explicit ClientMessageReader(sd_bus_message* message) : message_(message) {}
    [[nodiscard]] std::optional<std::string> text(char type = 's');
    [[nodiscard]] std::optional<std::uint64_t> number(char type);
    [[nodiscard]] std::vector<std::string> texts(char type = 's');
    [[nodiscard]] bool enter(char type, const char* contents) {
        return sd_bus_message_enter_container(message_, type, contents) > 0;
    }
    void leave() { (void)sd_bus_message_exit_container(message_); }
    void skip(const char* types) { (void)sd_bus_message_skip(message_, types); }
    /// A variant as one text: of a text itself, a number's digits, "true"; of a{sv} its texts as
    /// "key=value"; else empty.
    [[nodiscard]] std::string variant();
    /// Every entry of an a{sv}, each variant as above.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> properties();

  private:
    [[nodiscard]] std::string basic(char type);
    sd_bus_message* message_;
};

}  // namespace vfioctl
