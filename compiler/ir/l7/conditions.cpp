#include "compiler/ir/l7/conditions.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"
#include "compiler/ir/l7/letters.hpp"

namespace portcullis::ir::l7 {

namespace {

using Value = Truth::Value;

Truth truth(bool holds) {
  return {holds ? Value::yes : Value::no, {}};
}

const std::string& only_value(const Condition& condition) {
  if (condition.values.size() != 1) throw base::InternalError("a condition of a router needs one value");
  return condition.values.front();
}

bool is_tls_name(const View& view) {
  const std::vector<std::string>& names = view.router.tls_names;
  const auto has = [&](std::string_view name) { return std::ranges::binary_search(names, name, std::less<>{}); };
  const std::size_t dot = view.name.find('.');
  return has(view.name) || (dot != std::string_view::npos && has("*" + std::string(view.name.substr(dot))));
}

Truth source_in(const Condition& condition, const View& view) {
  if (condition.number >= view.router.ranges.size()) throw base::InternalError("a step names no ranges of its router");
  if (!view.request.source) return {Value::unknown, "the decision depends on the client's address: give `src`"};
  // An IPv4 client on a socket of both families is an IPv4 client (reference 10.4).
  const auto source = net::Address::parse_sloppy(view.request.source->text());
  const net::PrefixSet& sources = view.router.ranges[condition.number].sources;
  return truth(sources.contains(source.value_or(*view.request.source)));
}

// nginx drops headers with `_` in their names (reference 10.5, K6).
std::vector<std::string_view> header_values(const Condition& condition, const View& view) {
  if (view.router.host_form == HostForm::nginx && condition.name.find('_') != std::string::npos) return {};
  return view.request.values(condition.name);
}

Truth header_matches(const Condition& condition, const View& view) {
  const std::vector<std::string_view> values = header_values(condition, view);
  if (values.empty()) return truth(false);
  const std::string& pattern = only_value(condition);
  const Regex& regex = view.regexes.at(pattern, false, false);
  if (!regex.valid()) return {Value::unknown, unsupported(pattern, regex)};
  return truth(std::ranges::any_of(values, [&](std::string_view value) { return regex.search(value); }));
}

// Whether `value` ends in `pattern`. Read backwards: the places that what was read of the pattern can begin at.
bool ends_in(std::string_view value, std::string_view pattern) {
  std::vector<bool> begins(value.size() + 1);
  begins[value.size()] = true;
  for (auto c = pattern.rbegin(); c != pattern.rend(); ++c) {
    std::vector<bool> before(value.size() + 1);
    for (std::size_t i = value.size(); i > 0; --i) {
      const char byte = value[i - 1];
      if (*c != '*') {
        before[i - 1] = begins[i] && lower(byte) == lower(*c);
      } else if (is_letter(byte) || is_digit(byte) || byte == '-') {
        before[i - 1] = begins[i] || before[i];
      }
    }
    begins = std::move(before);
  }
  return std::ranges::find(begins, true) != begins.end();
}

bool header_ends(const Condition& condition, const View& view) {
  return std::ranges::any_of(header_values(condition, view), [&](std::string_view value) {
    return std::ranges::any_of(condition.values, [&](std::string_view end) { return ends_in(value, end); });
  });
}

// The first cookie of this name.
std::optional<std::string_view> cookie(std::string_view name, const Request& request) {
  for (const std::string_view header : request.values("cookie")) {
    for (const std::string_view part : base::split(header, ';')) {
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos || base::trim(part.substr(0, equals)) != name) continue;
      return base::trim(part.substr(equals + 1));
    }
  }
  return {};
}

Truth holds(const Condition& condition, const View& view) {
  const Request& request = view.request;
  switch (condition.kind) {
    case Condition::Kind::path_is:
      return truth(view.path == only_value(condition));
    case Condition::Kind::method_is:
      return truth(request.method == only_value(condition));
    case Condition::Kind::plain_http:
      return truth(!request.https);
    case Condition::Kind::tls_name:
      return truth(is_tls_name(view));
    case Condition::Kind::source_in:
      return source_in(condition, view);
    case Condition::Kind::header_is: {
      const std::vector<std::string_view> values = header_values(condition, view);
      return truth(std::ranges::find(values, std::string_view(only_value(condition))) != values.end());
    }
    case Condition::Kind::header_matches:
      return header_matches(condition, view);
    case Condition::Kind::header_ends:
      return truth(header_ends(condition, view));
    case Condition::Kind::cookie_is:
      return truth(cookie(condition.name, request) == std::string_view(only_value(condition)));
    case Condition::Kind::body_over:
      return truth(request.body > condition.number);
    case Condition::Kind::authorised:
      return truth(request.authorised);
    case Condition::Kind::over_rate:
      return truth(request.over_rate);
  }
  return {};
}

}  // namespace

Truth all_hold(const std::vector<Condition>& conditions, const View& view) {
  Truth all = truth(true);
  for (const Condition& condition : conditions) {
    Truth one = holds(condition, view);
    if (one.value == Value::unknown) {
      if (all.value == Value::yes) all = std::move(one);
    } else if ((one.value == Value::yes) == condition.negated) {
      return truth(false);
    }
  }
  return all;
}

std::string unsupported(std::string_view pattern, const Regex& regex) {
  return fmt::format("the regular expression `{}` is outside of what is understood: {}", base::printable(pattern),
                     base::printable(regex.error()));
}

}  // namespace portcullis::ir::l7
