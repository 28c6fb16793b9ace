// SPDX-License-Identifier: LGPL-2.1-or-later
#include "sysfs/net/tcp_table.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstring>
#include <optional>
#include <sstream>
#include <utility>

#include "sysfs/device/names.hpp"

namespace sysfs {
namespace {

constexpr std::string_view kEstablished = "01";
constexpr std::size_t kWord = 8;  // hex digits

struct Endpoint {
    std::string address;
    std::uint16_t port = 0;
};

/// The kernel prints the address as 32-bit words in host byte order, each with bytes in network
/// order: the words stored to memory are the address.
std::optional<std::array<unsigned char, 16>> parse_address_words(std::string_view hex_text) {
    std::array<unsigned char, 16> bytes{};
    for (std::size_t at = 0; at < hex_text.size(); at += kWord) {
        const auto word = base::parse_hex(hex_text.substr(at, kWord), kWord);
        if (!word)
            return std::nullopt;
        std::memcpy(bytes.data() + at / 2, &*word, sizeof *word);
    }
    return bytes;
}

std::string address_text(const std::array<unsigned char, 16>& bytes, bool six) {
    constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const bool mapped = six && std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const void* start = mapped ? bytes.data() + kMapped.size() : bytes.data();
    ::inet_ntop(six && !mapped ? AF_INET6 : AF_INET, start, text.data(), text.size());
    return text.data();
}

/// "020200C0:0016" or the same with 32 digits.
std::optional<Endpoint> parse_endpoint(const std::string& text) {
    const auto colon = text.find(':');
    if (colon != kWord && colon != 4 * kWord)
        return std::nullopt;
    const auto bytes = parse_address_words(std::string_view(text).substr(0, colon));
    const auto port = base::parse_hex(std::string_view(text).substr(colon + 1), 4);
    if (!bytes || !port)
        return std::nullopt;
    return Endpoint{address_text(*bytes, colon != kWord), static_cast<std::uint16_t>(*port)};
}

// sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...
std::optional<TcpConnection> parse_line(const std::string& line) {
    std::istringstream fields(line);
    std::string number, local, peer, state, queues, timer, retransmits, uid, timeout, inode;
    if (!(fields >> number >> local >> peer >> state >> queues >> timer >> retransmits >> uid >>
          timeout >> inode) ||
        state != kEstablished)
        return std::nullopt;
    const auto here = parse_endpoint(local);
    const auto there = parse_endpoint(peer);
    const auto socket = base::parse_decimal(inode);
    if (!here || !there || !socket)
        return std::nullopt;
    return TcpConnection{here->address, here->port, there->address, there->port, *socket};
}

}  // namespace

bool TcpConnection::is_remote() const {
    return !peer.starts_with("127.") && peer != "::1" && peer != local;
}

std::vector<TcpConnection> parse_tcp_table(std::string_view text) {
    std::vector<TcpConnection> connections;
    std::istringstream lines{std::string(text)};
    std::string line;
    while (std::getline(lines, line)) {
        if (auto connection = parse_line(line))
            connections.push_back(*std::move(connection));
    }
    return connections;
}

}  // namespace sysfs
