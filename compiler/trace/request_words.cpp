#include "compiler/trace/request_words.hpp"

#include <fmt/format.h>

namespace portcullis::trace {

using namespace ir::l7;

namespace {

// What stands in the way, or in the answer, in words.
std::string condition_words(const Router& router, const Condition& condition) {
  const std::string_view no = condition.negated ? "not " : "";
  using enum Condition::Kind;
  const std::string value = condition.values.empty() ? std::string{} : condition.values.front();
  switch (condition.kind) {
    case path_is:
      return fmt::format("the path is {}`{}`", no, value);
    case method_is:
      return fmt::format("the method is {}{}", no, value);
    case plain_http:
      return condition.negated ? "it came by TLS" : "it came without TLS";
    case tls_name:
      return fmt::format("the host is {}set up for TLS", no);
    case source_in:
      return fmt::format("the source is {}in {}", no, router.ranges[static_cast<std::size_t>(condition.number)].name);
    case header_is:
      return fmt::format("header {} is {}`{}`", condition.name, no, value);
    case header_matches:
      return fmt::format("header {} does {}match `{}`", condition.name, no, value);
    case header_ends:
      return fmt::format("header {} is {}one of the allowed", condition.name, no);
    case cookie_is:
      return fmt::format("cookie {} is {}`{}`", condition.name, no, value);
    case body_over:
      return fmt::format("its body is {}over {} bytes", no, condition.number);
    case authorised:
      return condition.negated ? "no accepted credentials came with it" : "accepted credentials came with it";
    case over_rate:
      return fmt::format("the client is {}over {} {}", no, condition.number, value);
  }
  return {};
}

}  // namespace

std::string reasons(const Router& router, const Step& step) {
  std::string out;
  for (const Condition& condition : step.when) {
    out += (out.empty() ? "because " : " and ") + condition_words(router, condition);
  }
  return out;
}

}  // namespace portcullis::trace
