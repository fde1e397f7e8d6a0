// The vocabulary in which a Kubernetes type is written down: a table of its fields, each with how it is read. A table
// is the whole list of fields that the API version has; those that portcullis does not keep are still checked for their
// type.
//
//   constexpr Rule<ServicePort> port_fields[] = {{"name", text<&ServicePort::name>}, {"port",
//   int32<&ServicePort::port>}, …};
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "compiler/manifest/decoder.hpp"

namespace portcullis::manifest {

template <class T>
struct Rule {
  std::string_view name;
  void (*read)(Decoder&, const Pair&, T&);
};

namespace detail {
template <class Member>
struct MemberOf;
template <class C, class V>
struct MemberOf<V C::*> {
  using Class = C;
  using Value = V;
};
}  // namespace detail

// The struct that a pointer to member belongs to, and the member's type.
template <auto Member>
using ClassOf = typename detail::MemberOf<decltype(Member)>::Class;
template <auto Member>
using ValueOf = typename detail::MemberOf<decltype(Member)>::Value;

// Reads a mapping by a table. Null, and anything that is no mapping (reported), reads nothing.
template <class T, std::size_t N>
void read_fields(Decoder& decoder, const Pair& mapping, const Rule<T> (&rules)[N], T& out,
                 Unknown unknown = Unknown::error) {
  if (!decoder.is_mapping(mapping)) return;
  decoder.each_pair(mapping, [&](const Pair& pair, std::string_view name) {
    for (const Rule<T>& rule : rules) {
      if (rule.name != name) continue;
      rule.read(decoder, pair, out);
      return;
    }
    std::array<std::string_view, N> known;
    for (std::size_t i = 0; i < N; ++i) known[i] = rules[i].name;
    decoder.unknown_field(pair, known, unknown);
  });
}

// ---- scalars

template <auto Member>
void text(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.text(pair);
}
template <auto Member>
void time(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.time(pair);
}
template <auto Member>
void flag(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.flag(pair);
}
template <auto Member>
void int32(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.integer(pair, INT32_MIN, INT32_MAX);
}
template <auto Member>
void int_or_string(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.int_or_string(pair);
}

// ---- lists and maps of strings

template <auto Member>
void texts(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.texts(pair);
}
template <auto Member, auto Place>
void placed_texts(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Place = decoder.place(pair);
  out.*Member = decoder.texts(pair);
}
template <auto Member>
void string_map(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Member = decoder.string_map(pair);
}
// Into a std::optional<StringMap>: null is absent.
template <auto Member>
void optional_string_map(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  if (!decoder.is_null(pair)) out.*Member = decoder.string_map(pair);
}

// ---- structs

// A struct of the API whose fields live in the struct that we are filling (`spec`).
template <const auto& Rules, Unknown policy, class T>
void section(Decoder& decoder, const Pair& pair, T& out) {
  read_fields(decoder, pair, Rules, out, policy);
}
// The same, and where it was. Null leaves the place unknown.
template <const auto& Rules, auto Place, Unknown policy = Unknown::error>
void placed_section(Decoder& decoder, const Pair& pair, ClassOf<Place>& out) {
  if (decoder.is_null(pair)) return;
  out.*Place = decoder.place(pair);
  read_fields(decoder, pair, Rules, out, policy);
}
// A member that is a struct with a `place`, or a std::optional of one (null: absent).
template <auto Member, const auto& Rules, Unknown policy = Unknown::error>
void object(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  if (decoder.is_null(pair)) return;
  if constexpr (requires { (out.*Member).emplace(); }) {
    auto& value = (out.*Member).emplace();
    value.place = decoder.place(pair);
    read_fields(decoder, pair, Rules, value, policy);
  } else {
    (out.*Member).place = decoder.place(pair);
    read_fields(decoder, pair, Rules, out.*Member, policy);
  }
}
// A list of structs; a null element is an empty struct, as in Go. The member may be an optional list (null: absent).
template <class Element, std::size_t N>
void read_list(Decoder& decoder, const Pair& pair, const Rule<Element> (&rules)[N], std::vector<Element>& out,
               Unknown unknown) {
  if (!decoder.is_sequence(pair)) return;
  out.reserve(out.size() + decoder.tree().target(pair.value).size);
  decoder.each_item(pair, [&](const Pair& item) {
    Element& element = out.emplace_back();
    if constexpr (requires { element.place; }) element.place = decoder.place(item);
    read_fields(decoder, item, rules, element, unknown);
  });
}
template <auto Member, const auto& Rules, Unknown policy = Unknown::error>
void list(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  if constexpr (requires { (out.*Member).emplace(); }) {
    if (!decoder.is_null(pair)) read_list(decoder, pair, Rules, (out.*Member).emplace(), policy);
  } else {
    read_list(decoder, pair, Rules, out.*Member, policy);
  }
}
template <auto Member, auto Place, const auto& Rules, Unknown policy = Unknown::error>
void placed_list(Decoder& decoder, const Pair& pair, ClassOf<Member>& out) {
  out.*Place = decoder.place(pair);
  list<Member, Rules, policy>(decoder, pair, out);
}

// ---- fields that are known but not kept

template <class T>
void any(Decoder&, const Pair&, T&) {}
template <class T>
void is_text(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.text(pair));
}
template <class T>
void is_time(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.time(pair));
}
template <class T>
void is_flag(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.flag(pair));
}
template <class T>
void is_int32(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.integer(pair, INT32_MIN, INT32_MAX));
}
template <class T>
void is_int64(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.integer(pair, INT64_MIN, INT64_MAX));
}
template <class T>
void is_texts(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.texts(pair));
}
template <class T>
void is_string_map(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.string_map(pair));
}
template <class T>
void is_map(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.is_mapping(pair));
}
template <class T>
void is_list(Decoder& decoder, const Pair& pair, T&) {
  static_cast<void>(decoder.is_sequence(pair));
}

// A struct of which nothing is kept.
struct Nothing {};
template <const auto& Rules, class T>
void checked_object(Decoder& decoder, const Pair& pair, T&) {
  Nothing nothing;
  read_fields(decoder, pair, Rules, nothing);
}
template <const auto& Rules, class T>
void checked_list(Decoder& decoder, const Pair& pair, T&) {
  std::vector<Nothing> nothing;
  read_list(decoder, pair, Rules, nothing, Unknown::error);
}

}  // namespace portcullis::manifest
