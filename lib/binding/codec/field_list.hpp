// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

/// Encoding and decoding of values from one list of fields per struct.
///
/// A list is made by BINDD_FIELDS (every key is written and must be there) or
/// BINDD_OMITTABLE_FIELDS (a field equal to its default is left out), or is spelled out where keys
/// and members differ. nlohmann's own macros build the lists (NLOHMANN_JSON_PASTE applies a macro
/// to each member), but its NLOHMANN_DEFINE_TYPE_* cannot replace them: in 3.11 they take
/// nlohmann::json only, which sorts keys, whereas the journal's keys have an order; the key is
/// always the member's name, and "errno" or "class" cannot be one; their _WITH_DEFAULT form accepts
/// a transaction without devices; NLOHMANN_JSON_SERIALIZE_ENUM turns an unknown name into the first
/// enumerator, which root would then execute; std::optional is not supported; and an error does not
/// tell its place.
///
/// Decoding refuses a missing key, a value of another type, a number out of range, an enumerator
/// without that name and a device id that is none. The error names the place as a JSON pointer.
/// Unknown keys are ignored: an older reader may meet a newer file.
namespace binding {

enum class Presence {
    kRequired,   ///< always written; absent: an error
    kDefaulted,  ///< always written; absent: the member keeps its default
    kOmittable,  ///< not written when it has its default; absent: the default
};

template <Presence presence, typename Owner, typename Value>
struct FieldSpec {
    const char* key;
    Value Owner::*member;
};

/// An optional number as hex text of so many digits; null when absent.
template <typename Owner, typename Value>
struct HexField {
    const char* key;
    std::optional<Value> Owner::*member;
    std::size_t digits;
};

/// Members of the owner that are an object of their own in JSON.
template <typename... Fields>
struct NestedFields {
    const char* key;
    std::tuple<Fields...> fields;
};

/// A member whose fields are written among the owner's.
template <typename Owner, typename Value>
struct InlinedFields {
    Value Owner::*member;
};

template <typename Owner, typename Value>
constexpr FieldSpec<Presence::kRequired, Owner, Value> required(const char* key,
                                                                Value Owner::*member) {
    return {key, member};
}
template <typename Owner, typename Value>
constexpr FieldSpec<Presence::kDefaulted, Owner, Value> defaulted(const char* key,
                                                                  Value Owner::*member) {
    return {key, member};
}
template <typename Owner, typename Value>
constexpr FieldSpec<Presence::kOmittable, Owner, Value> omittable(const char* key,
                                                                  Value Owner::*member) {
    return {key, member};
}
template <typename Owner, typename Value>
constexpr HexField<Owner, Value> hex(const char* key, std::optional<Value> Owner::*member,
                                     std::size_t digits) {
    return {key, member, digits};
}
template <typename... Fields>
constexpr NestedFields<Fields...> nested(const char* key, Fields... fields) {
    return {key, {fields...}};
}
template <typename Owner, typename Value>
constexpr InlinedFields<Owner, Value> inlined(Value Owner::*member) {
    return {member};
}

/// `static constexpr auto fields`, a tuple of the above.
template <typename T>
struct FieldList;
/// The enum's one table of names: its `last` enumerator and `name(E)`.
template <typename E>
struct EnumNames;
/// The key that tells a variant's alternatives apart, and each alternative's value of it.
template <typename Variant>
inline constexpr const char* kTagKey = "message";
template <typename T>
struct Tag;

/// Converts to a member of any type: counts the members of an aggregate.
struct AnyMember {
    template <typename T>
    operator T() const;
};
template <typename T, typename... Members>
consteval std::size_t member_count() {
    if constexpr (requires { T{Members{}..., AnyMember{}}; })
        return member_count<T, Members..., AnyMember>();
    else
        return sizeof...(Members);
}

}  // namespace binding

// clang-format off
#define BINDD_FIELD(member) ::binding::required(#member, &Owner::member),
#define BINDD_DEFAULTED_FIELD(member) ::binding::defaulted(#member, &Owner::member),
#define BINDD_OMITTABLE_FIELD(member) ::binding::omittable(#member, &Owner::member),
#define BINDD_FIELD_LIST(Type, Macro, ...)                                                     \
    template <>                                                                                \
    struct FieldList<Type> {                                                                   \
        using Owner = Type;                                                                    \
        static constexpr auto fields =                                                         \
            std::tuple{NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(Macro, __VA_ARGS__))};         \
        static_assert(std::tuple_size_v<decltype(fields)> == member_count<Type>(),             \
                      "a member is not in the list of fields");                                \
    };
#define BINDD_FIELDS(Type, ...) BINDD_FIELD_LIST(Type, BINDD_FIELD, __VA_ARGS__)
#define BINDD_OMITTABLE_FIELDS(Type, ...) BINDD_FIELD_LIST(Type, BINDD_OMITTABLE_FIELD, __VA_ARGS__)
/// An enum that another room has names for.
#define BINDD_NAMED_ENUM(Enum, last_enumerator, name_function)                                 \
    template <>                                                                                \
    struct EnumNames<Enum> {                                                                   \
        static constexpr Enum last = Enum::last_enumerator;                                    \
        static const char* name(Enum value) { return name_function(value); }                   \
    };
/// The names of all enumerators in their order.
#define BINDD_ENUM(Enum, last_enumerator, ...)                                                 \
    template <>                                                                                \
    struct EnumNames<Enum> {                                                                   \
        static constexpr Enum last = Enum::last_enumerator;                                    \
        static constexpr std::array names{__VA_ARGS__};                                        \
        static_assert(names.size() == static_cast<std::size_t>(last) + 1);                     \
        static const char* name(Enum value) { return names[static_cast<std::size_t>(value)]; } \
    };
#define BINDD_TAG(Type, text)                                                                  \
    template <>                                                                                \
    struct Tag<Type> {                                                                         \
        static constexpr const char* value = text;                                             \
    };
#define BINDD_MESSAGE(Type, text, ...) BINDD_TAG(Type, text) BINDD_FIELDS(Type, __VA_ARGS__)
/// A message without fields.
#define BINDD_SIGNAL(Type, text)                                                               \
    BINDD_TAG(Type, text)                                                                      \
    template <>                                                                                \
    struct FieldList<Type> {                                                                   \
        static constexpr auto fields = std::tuple<>{};                                         \
    };
// clang-format on
