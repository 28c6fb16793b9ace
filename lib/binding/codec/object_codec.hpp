// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "base/result.hpp"
#include "binding/codec/field_list.hpp"
#include "binding/codec/json.hpp"
#include "binding/codec/value_codec.hpp"

/// Objects by the lists of their fields, and variants of them by a tag.
namespace binding {

/// An object by the list of its fields.
template <typename Fields>
struct FieldsCodec {
    template <typename Owner>
    static void encode(Json& object, const Owner& owner, const Fields& fields) {
        std::apply([&](const auto&... field) { (put(object, owner, field), ...); }, fields);
    }
    template <typename Owner>
    static bool decode(const Json& object, Owner& owner, const Fields& fields, const Place& place) {
        if (!object.is_object())
            return place.reject("not an object");
        return std::apply(
            [&](const auto&... field) { return (take(object, owner, field, place) && ...); },
            fields);
    }

  private:
    static void append(Json& object, const char* key, Json value) {
        object.get_ref<Json::object_t&>().emplace_back(key, std::move(value));
    }
    template <Presence presence, typename Owner, typename Value>
    static void put(Json& object, const Owner& owner,
                    const FieldSpec<presence, Owner, Value>& field) {
        if constexpr (presence == Presence::kOmittable) {
            static const Owner defaults{};
            if (owner.*field.member == defaults.*field.member)
                return;
        }
        append(object, field.key, Codec<Value>::encode(owner.*field.member));
    }
    template <typename Owner, typename Value>
    static void put(Json& object, const Owner& owner, const HexField<Owner, Value>& field) {
        append(object, field.key, hex_or_null(owner.*field.member, field.digits));
    }
    template <typename Owner, typename... Nested>
    static void put(Json& object, const Owner& owner, const NestedFields<Nested...>& nested) {
        Json inner = Json::object();
        FieldsCodec<std::tuple<Nested...>>::encode(inner, owner, nested.fields);
        append(object, nested.key, std::move(inner));
    }
    template <typename Owner, typename Value>
    static void put(Json& object, const Owner& owner, const InlinedFields<Owner, Value>& inlined) {
        const auto& fields = FieldList<Value>::fields;
        FieldsCodec<std::remove_cvref_t<decltype(fields)>>::encode(object, owner.*inlined.member,
                                                                   fields);
    }

    template <Presence presence, typename Owner, typename Value>
    static bool take(const Json& object, Owner& owner,
                     const FieldSpec<presence, Owner, Value>& field, const Place& place) {
        const Place inner(place, std::string_view(field.key));
        const auto found = object.find(field.key);
        if (found == object.end())
            return presence != Presence::kRequired || inner.reject("missing");
        return Codec<Value>::decode(*found, owner.*field.member, inner);
    }
    template <typename Owner, typename Value>
    static bool take(const Json& object, Owner& owner, const HexField<Owner, Value>& field,
                     const Place& place) {
        const Place inner(place, std::string_view(field.key));
        std::optional<std::string> text;
        const auto found = object.find(field.key);
        if (found == object.end())
            return inner.reject("missing");
        if (!Codec<std::optional<std::string>>::decode(*found, text, inner))
            return false;
        const auto number = text ? base::parse_hex(*text, field.digits) : 0;
        if (!number || !std::in_range<Value>(*number))
            return inner.reject("not hex: " + *text);
        owner.*field.member = text ? std::optional(static_cast<Value>(*number)) : std::nullopt;
        return true;
    }
    template <typename Owner, typename... Nested>
    static bool take(const Json& object, Owner& owner, const NestedFields<Nested...>& nested,
                     const Place& place) {
        const Place inner(place, std::string_view(nested.key));
        const auto found = object.find(nested.key);
        if (found == object.end())
            return inner.reject("missing");
        return FieldsCodec<std::tuple<Nested...>>::decode(*found, owner, nested.fields, inner);
    }
    template <typename Owner, typename Value>
    static bool take(const Json& object, Owner& owner, const InlinedFields<Owner, Value>& inlined,
                     const Place& place) {
        const auto& fields = FieldList<Value>::fields;
        return FieldsCodec<std::remove_cvref_t<decltype(fields)>>::decode(
            object, owner.*inlined.member, fields, place);
    }
};

template <typename T>
requires requires {
    FieldList<T>::fields;
}
struct Codec<T> {
    using OwnFields = FieldsCodec<std::remove_cvref_t<decltype(FieldList<T>::fields)>>;
    static Json encode(const T& value) {
        Json object = Json::object();
        OwnFields::encode(object, value, FieldList<T>::fields);
        return object;
    }
    static bool decode(const Json& json, T& value, const Place& place) {
        return OwnFields::decode(json, value, FieldList<T>::fields, place);
    }
};

/// The fields of the alternative, behind its tag.
template <typename... Ts>
struct Codec<std::variant<Ts...>> {
    using Alternatives = std::variant<Ts...>;
    static void encode_into(Json& object, const Alternatives& value) {
        std::visit(
            [&]<typename T>(const T& alternative) {
                object[kTagKey<Alternatives>] = Tag<T>::value;
                Codec<T>::OwnFields::encode(object, alternative, FieldList<T>::fields);
            },
            value);
    }
    static Json encode(const Alternatives& value) {
        Json object = Json::object();
        encode_into(object, value);
        return object;
    }
    static bool decode(const Json& json, Alternatives& value, const Place& place) {
        if (!json.is_object())
            return place.reject("not an object");
        const Place inner(place, std::string_view(kTagKey<Alternatives>));
        const auto found = json.find(kTagKey<Alternatives>);
        const auto* tag =
            found == json.end() ? nullptr : found->template get_ptr<const std::string*>();
        if (tag == nullptr)
            return inner.reject("missing");
        bool known = false;
        const bool decoded = (decode_if<Ts>(*tag, json, value, place, known) || ...);
        return decoded || (!known && inner.reject("unknown: " + *tag));
    }

  private:
    template <typename T>
    static bool decode_if(const std::string& tag, const Json& json, Alternatives& value,
                          const Place& place, bool& known) {
        if (tag != Tag<T>::value)
            return false;
        known = true;
        return Codec<T>::decode(json, value.template emplace<T>(), place);
    }
};

/// One line of JSON; bytes that are no UTF-8 are replaced.
template <typename T>
[[nodiscard]] std::string encode_fields(const T& value) {
    return dump(Codec<T>::encode(value));
}

/// kInvalid with the place and the reason. `object` says what the text should be, for the message.
template <typename T>
[[nodiscard]] base::Result<T> decode_fields(std::string_view text, const char* object,
                                            const JsonLimits& limits = kRecordLimits) {
    const auto json = parse_json(text, limits);
    if (!json)
        return base::fail(base::Code::kInvalid, "decode", object, "not JSON", json.error().reason);
    T value{};
    std::string problem;
    if (!Codec<T>::decode(*json, value, Place(problem)))
        return base::fail(base::Code::kInvalid, "decode", object, problem);
    return value;
}

}  // namespace binding
