// Building blocks of merge_profile: where a setting stands, settings that several documents may give, and values read
// from text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/base/text.hpp"
#include "compiler/cluster/profile.hpp"

namespace portcullis::cluster {

struct SettingPlace {
  base::ObjectRef object;
  std::string field;
  SourceSpan span;
};

// PC2110: what was found, and what is expected there.
base::Diagnostic& report_invalid(base::Diagnostics& diagnostics, const SettingPlace& place, std::string message,
                                 std::string hint);
// PC2111 at `later`, with `first` as related place.
void report_contradiction(base::Diagnostics& diagnostics, const SettingPlace& first, const SettingPlace& later);

// A scalar that any number of documents may give, all with one value.
template <class T>
class Setting {
 public:
  void give(std::optional<T> value, const SettingPlace& place, base::Diagnostics& diagnostics) {
    if (!value) return;
    if (!value_) {
      value_ = std::move(value);
      place_ = place;
    } else if (*value_ != *value) {
      report_contradiction(diagnostics, place_, place);
    }
  }
  [[nodiscard]] bool given() const { return value_.has_value(); }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] T value_or(const T& otherwise) const { return value_ ? *value_ : otherwise; }
  [[nodiscard]] const SettingPlace& place() const { return place_; }

 private:
  std::optional<T> value_;
  SettingPlace place_;
};

// A list that any number of documents may give; what they give is joined, each value once.
template <class T>
struct ListSetting {
  bool given = false;
  std::vector<T> items;
  SettingPlace place;  // of the first document that gives it

  void open(const SettingPlace& at) {
    if (!given) place = at;
    given = true;
  }
  void add(T item) {
    for (const T& have : items) {
      if (have == item) return;
    }
    items.push_back(std::move(item));
  }
};

// Each reports PC2110 and gives nothing when the text is not of its form.
[[nodiscard]] std::optional<net::Prefix> read_prefix(const manifest::Text& text, const SettingPlace& place,
                                                     base::Diagnostics& diagnostics);
[[nodiscard]] std::optional<net::Address> read_address(const manifest::Text& text, const SettingPlace& place,
                                                       base::Diagnostics& diagnostics);
// 1 … 65535.
[[nodiscard]] std::optional<std::uint16_t> read_port(const Located<std::int64_t>& number, const SettingPlace& place,
                                                     base::Diagnostics& diagnostics);
// `TCP`, `UDP`, `SCTP`.
[[nodiscard]] std::optional<net::Protocol> read_protocol(const manifest::Text& text, const SettingPlace& place,
                                                         base::Diagnostics& diagnostics);
// The minor version of `1.36`.
[[nodiscard]] std::optional<unsigned> read_version(const manifest::Text& text, const SettingPlace& place,
                                                   base::Diagnostics& diagnostics);
// `30000-32767`.
[[nodiscard]] std::optional<PortRange> read_port_range(const manifest::Text& text, const SettingPlace& place,
                                                       base::Diagnostics& diagnostics);
// Prefixes or single addresses, separated by commas (a dual-stack pool).
[[nodiscard]] std::vector<net::Prefix> read_pool(const manifest::Text& text, const SettingPlace& place,
                                                 base::Diagnostics& diagnostics);

// One of a few words, case as written.
template <class T>
struct Word {
  std::string_view text;
  T value;
};
template <class T, std::size_t size>
[[nodiscard]] std::optional<T> read_word(const manifest::Field<std::string>& field, const Word<T> (&words)[size],
                                         const SettingPlace& place, base::Diagnostics& diagnostics) {
  if (!field) return {};
  std::vector<std::string> known;
  for (const Word<T>& word : words) {
    if (word.text == field->value) return word.value;
    if (!word.text.empty()) known.emplace_back("`" + std::string(word.text) + "`");
  }
  report_invalid(diagnostics, place, "`" + base::printable(field->value) + "` is not known here",
                 "it is one of " + base::list_text(known));
  return {};
}

}  // namespace portcullis::cluster
