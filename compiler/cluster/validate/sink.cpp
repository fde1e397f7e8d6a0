#include "compiler/cluster/validate/sink.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::cluster {

namespace {

constexpr std::size_t quote_limit = 80;

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// At most `limit` bytes of UTF-8 text, cut between characters.
std::string_view head(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return text.substr(0, limit);
}

}  // namespace

std::string in_quotes(std::string_view text) {
  const std::string_view shown = head(text, quote_limit);
  return fmt::format("`{}{}`", base::printable(shown), shown.size() < text.size() ? "…" : "");
}

base::SourceSpan first_known(std::initializer_list<base::SourceSpan> places) {
  for (const base::SourceSpan& place : places) {
    if (place.known()) return place;
  }
  return {};
}

std::string or_list(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

base::ObjectRef object_ref(std::string_view kind, const manifest::Metadata& metadata, bool namespaced) {
  base::ObjectRef object;
  object.kind = kind;
  if (namespaced) object.ns = metadata.ns && !metadata.ns->value.empty() ? metadata.ns->value : "default";
  if (metadata.name) {
    object.name = metadata.name->value;
  } else if (metadata.generate_name) {
    object.name = metadata.generate_name->value;
  }
  return object;
}

base::Diagnostic& Sink::refuse(std::string_view code, base::Reason reason, const Path& field, base::SourceSpan span,
                               std::string message, std::string hint) {
  accepted_ = false;
  base::Diagnostic& finding = note(code, field, span, std::move(message), std::move(hint));
  finding.reason = reason;
  return finding;
}

void Sink::refuse_all(std::string_view code, const Path& field, base::SourceSpan span, const std::string& subject,
                      const Faults& faults, std::string_view hint) {
  for (const std::string& fault : faults) {
    refuse(code, base::Reason::invalid, field, span, fmt::format("{} {}", subject, fault), std::string(hint));
  }
}

void Sink::refuse_unknown(std::string_view code, const Path& field, base::SourceSpan span, std::string_view what,
                          std::string_view value, std::span<const std::string_view> known) {
  std::string hint = fmt::format("use {}", or_list(known));
  const auto same = std::ranges::find_if(known, [&](std::string_view word) { return same_but_for_case(word, value); });
  if (same != known.end()) {
    hint = fmt::format("write `{}`: the API distinguishes upper and lower case", *same);
  } else if (const std::string_view near = base::nearest(value, known); value.size() > 4 && !near.empty()) {
    // Two letters apart means nothing among words of four: `ICMP` is no misspelt `SCTP`.
    hint = fmt::format("did you mean `{}`?", near);
  }
  refuse(code, base::Reason::unsupported, field, span, fmt::format("{} {} is unknown", what, in_quotes(value)),
         std::move(hint));
}

void Sink::refuse_duplicate(std::string_view code, const Path& field, base::SourceSpan span, std::string message,
                            base::SourceSpan first, std::string hint) {
  base::Diagnostic& finding = refuse(code, base::Reason::duplicate, field, span, std::move(message), std::move(hint));
  if (first.known()) finding.related.push_back({.message = "first here", .span = first});
}

base::Diagnostic& Sink::note(std::string_view code, const Path& field, base::SourceSpan span, std::string message,
                             std::string hint) {
  base::Diagnostic& finding = diagnostics_.add(code, std::move(message), span);
  finding.object = object_;
  finding.field = field.text();
  finding.hint = std::move(hint);
  return finding;
}

}  // namespace portcullis::cluster
