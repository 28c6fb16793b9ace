// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <chrono>
#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number.hpp"
#include "base/result.hpp"
#include "binding/codec/field_list.hpp"
#include "binding/codec/json.hpp"

/// How each kind of value that is no object is written and read.
namespace binding {

/// Where in a document the decoder is. The first rejection is kept.
class Place {
  public:
    explicit Place(std::string& problem) : problem_(problem) {}
    Place(const Place& outer, std::string_view key)
        : outer_(&outer), key_(key), problem_(outer.problem_) {}
    Place(const Place& outer, std::size_t index)
        : outer_(&outer), index_(index), problem_(outer.problem_) {}

    /// False, for the caller to return.
    [[nodiscard]] bool reject(const std::string& why) const {
        const std::string where = pointer();
        problem_ = where.empty() ? why : where + ": " + why;
        return false;
    }

  private:
    [[nodiscard]] std::string pointer() const {
        if (outer_ == nullptr)
            return {};
        return outer_->pointer() + "/" +
               (key_.empty() ? std::to_string(index_) : std::string(key_));
    }
    const Place* outer_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    std::string& problem_;
};

/// `encode(value)` and `decode(json, value, place)` for each kind of value.
template <typename T>
struct Codec;

template <>
struct Codec<bool> {
    static Json encode(bool value) { return value; }
    static bool decode(const Json& json, bool& value, const Place& place) {
        if (!json.is_boolean())
            return place.reject("not true or false");
        value = json.get<bool>();
        return true;
    }
};

template <std::integral T>
struct Codec<T> {
    static Json encode(T value) { return value; }
    static bool decode(const Json& json, T& value, const Place& place) {
        const bool fits =
            json.is_number_unsigned()
                ? std::in_range<T>(json.get<std::uint64_t>())
                : json.is_number_integer() && std::in_range<T>(json.get<std::int64_t>());
        if (!fits)
            return place.reject("not a number in its range");
        value = json.get<T>();
        return true;
    }
};

template <typename E>
requires std::is_enum_v<E>
struct Codec<E> {
    static Json encode(E value) { return EnumNames<E>::name(value); }
    static bool decode(const Json& json, E& value, const Place& place) {
        const auto* text = json.get_ptr<const std::string*>();
        for (int i = 0; text != nullptr && i <= static_cast<int>(EnumNames<E>::last); ++i)
            if (*text == EnumNames<E>::name(static_cast<E>(i))) {
                value = static_cast<E>(i);
                return true;
            }
        return place.reject(text == nullptr ? "not a name" : "unknown: " + *text);
    }
};

template <>
struct Codec<std::string> {
    static Json encode(const std::string& value) { return utf8(value); }
    static bool decode(const Json& json, std::string& value, const Place& place) {
        const auto* text = json.get_ptr<const std::string*>();
        if (text == nullptr)
            return place.reject("not text");
        value = *text;
        return true;
    }
};

template <>
struct Codec<std::chrono::milliseconds> {
    static Json encode(std::chrono::milliseconds value) { return value.count(); }
    static bool decode(const Json& json, std::chrono::milliseconds& value, const Place& place) {
        std::chrono::milliseconds::rep count = 0;
        if (!Codec<decltype(count)>::decode(json, count, place))
            return false;
        value = std::chrono::milliseconds(count);
        return true;
    }
};

template <>
struct Codec<sysfs::DeviceId> {
    static Json encode(const sysfs::DeviceId& value) { return utf8(value.text()); }
    static bool decode(const Json& json, sysfs::DeviceId& value, const Place& place) {
        const auto* text = json.get_ptr<const std::string*>();
        const auto id = text == nullptr ? std::nullopt : parse_device_id(*text);
        if (!id)
            return place.reject("not a device" + (text == nullptr ? "" : ": " + *text));
        value = *id;
        return true;
    }
};

template <typename T>
struct Codec<std::optional<T>> {
    static Json encode(const std::optional<T>& value) {
        return value ? Codec<T>::encode(*value) : Json(nullptr);
    }
    static bool decode(const Json& json, std::optional<T>& value, const Place& place) {
        value.reset();
        return json.is_null() || Codec<T>::decode(json, value.emplace(), place);
    }
};

template <typename A, typename B>
struct Codec<std::pair<A, B>> {
    static Json encode(const std::pair<A, B>& value) {
        return Json::array({Codec<A>::encode(value.first), Codec<B>::encode(value.second)});
    }
    static bool decode(const Json& json, std::pair<A, B>& value, const Place& place) {
        if (!json.is_array() || json.size() != 2)
            return place.reject("not a pair");
        return Codec<A>::decode(json[0], value.first, Place(place, std::size_t{0})) &&
               Codec<B>::decode(json[1], value.second, Place(place, std::size_t{1}));
    }
};

/// Of vectors and sets.
template <typename Sequence>
struct SequenceCodec {
    static Json encode(const Sequence& values) {
        Json list = Json::array();
        for (const auto& value : values)
            list.push_back(Codec<typename Sequence::value_type>::encode(value));
        return list;
    }
    static bool decode(const Json& json, Sequence& values, const Place& place) {
        if (!json.is_array())
            return place.reject("not a list");
        values.clear();
        for (std::size_t at = 0; at < json.size(); ++at) {
            typename Sequence::value_type value{};
            if (!Codec<typename Sequence::value_type>::decode(json[at], value, Place(place, at)))
                return false;
            values.insert(values.end(), std::move(value));
        }
        return true;
    }
};
template <typename T>
struct Codec<std::vector<T>> : SequenceCodec<std::vector<T>> {};
template <typename T>
struct Codec<std::set<T>> : SequenceCodec<std::set<T>> {};

/// Pairs: to find a name in an object of the library is linear, so a map of 10,000 devices would
/// take 50 million comparisons.
template <typename K, typename V>
struct Codec<std::map<K, V>> {
    static Json encode(const std::map<K, V>& values) {
        Json list = Json::array();
        for (const auto& value : values)
            list.push_back(
                Json::array({Codec<K>::encode(value.first), Codec<V>::encode(value.second)}));
        return list;
    }
    static bool decode(const Json& json, std::map<K, V>& values, const Place& place) {
        std::vector<std::pair<K, V>> pairs;
        if (!Codec<std::vector<std::pair<K, V>>>::decode(json, pairs, place))
            return false;
        values.clear();
        for (auto& [key, value] : pairs)
            values.insert_or_assign(std::move(key), std::move(value));
        return true;
    }
};

}  // namespace binding
