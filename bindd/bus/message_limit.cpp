// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bindd/bus/message_limit.hpp"

#include <cstddef>
#include <cstring>
#include <new>
#include <string>

namespace bindd {
namespace {

constexpr std::size_t kMaxBytes = 256 * 1024;
constexpr std::size_t kMaxValues = 8192;

/// Counts values and the bytes of texts, and stops where there are too many. sd-bus hands out
/// pointers into the message: nothing is copied.
class ArgumentCounter {
  public:
    explicit ArgumentCounter(sd_bus_message* message) : message_(message) {}

    /// The values up to the end of the container, or of the message.
    [[nodiscard]] bool fit() {
        char type = 0;
        const char* contents = nullptr;
        while (sd_bus_message_peek_type(message_, &type, &contents) > 0) {
            if (++values_ > kMaxValues)
                return false;
            const bool is_container = contents != nullptr;
            if (is_container ? !container_fits(type, contents) : !value_fits(type))
                return false;
        }
        return true;
    }

  private:
    [[nodiscard]] bool container_fits(char type, const std::string& contents) {
        return sd_bus_message_enter_container(message_, type, contents.c_str()) >= 0 && fit() &&
               sd_bus_message_exit_container(message_) >= 0;
    }
    [[nodiscard]] bool value_fits(char type) {
        if (std::strchr("sog", type) == nullptr)
            return sd_bus_message_skip(message_, std::string(1, type).c_str()) >= 0;
        const char* text = nullptr;
        if (sd_bus_message_read_basic(message_, type, static_cast<void*>(&text)) < 0)
            return false;
        bytes_ += std::strlen(text);
        return bytes_ <= kMaxBytes;
    }

    sd_bus_message* message_;
    std::size_t values_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace

int MessageLimit::on_message(sd_bus_message* message, void* /*userdata*/, sd_bus_error* /*error*/) {
    if (sd_bus_message_is_method_call(message, nullptr, nullptr) <= 0)
        return 0;
    bool fits = false;
    try {
        fits = ArgumentCounter(message).fit();
    } catch (const std::bad_alloc&) {
        fits = false;
    }
    if (fits && sd_bus_message_rewind(message, 1) >= 0)
        return 0;
    (void)sd_bus_reply_method_errorf(message, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                     "the arguments are too many or too long: at most %zu values "
                                     "and %zu bytes of text",
                                     kMaxValues, kMaxBytes);
    return 1;
}

}  // namespace bindd
