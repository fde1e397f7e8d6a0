// What the judge lets pass and what not; no kernel needed.
#include "tests/kernel/judge.hpp"

#include <cmath>

#include <catch2/catch.hpp>

namespace {

using namespace portcullis;
using kernel::Arrival;
using kernel::Observation;
using kernel::SourceFate;
using Kind = ir::Fate::Kind;

net::Address address(const char* text) {
  return net::Address::parse(text).value();
}

net::Packet from_outside() {
  net::Packet packet;
  packet.src = address("203.0.113.9");
  packet.dst = address("10.96.0.20");
  packet.dport = 80;
  return packet;
}

Arrival at(const char* where, std::uint16_t port, SourceFate source) {
  return {address(where), port, source};
}
cases::Target to(const char* where, bool masquerade) {
  return {address(where), 8080, masquerade};
}

}  // namespace

TEST_CASE("judgement of an observation") {
  using enum SourceFate;
  struct Row {
    cases::Expectation expected;
    Observation observed;
    bool agree;
  };
  const cases::Expectation one{Kind::dnat, {to("10.40.1.5", true)}};
  const cases::Expectation two{Kind::dnat, {to("10.40.1.5", false), to("10.40.2.5", true)}};
  const auto a_kept = at("10.40.1.5", 8080, kept), a_replaced = at("10.40.1.5", 8080, replaced),
             a_hidden = at("10.40.1.5", 8080, hidden);
  const auto b_replaced = at("10.40.2.5", 8080, replaced);
  const auto untouched = at("10.96.0.20", 80, kept), other_port = at("10.96.0.20", 81, kept);
  const Row rows[] = {
      {one, {{{a_replaced, 4}}}, true},
      {one, {{{a_kept, 4}}}, false},
      {one, {{{a_hidden, 4}}}, true},
      {one, {{{a_replaced, 3}, {a_kept, 1}}}, false},
      {one, {{{at("10.40.1.5", 80, replaced), 4}}}, false},
      {one, {{{a_replaced, 3}}, 1, 0}, false},
      {one, {{{a_replaced, 3}}, 0, 1}, false},
      {one, {{{a_replaced, 3}, {b_replaced, 1}}}, false},
      {one, {}, false},
      {two, {{{a_kept, 3}, {b_replaced, 1}}}, true},
      {two, {{{a_kept, 4}}}, false},
      {two, {{{a_replaced, 3}, {b_replaced, 1}}}, false},
      {{Kind::none, {}}, {{{untouched, 4}}}, true},
      {{Kind::accept, {}}, {{{untouched, 4}}}, true},
      {{Kind::none, {}}, {{{at("10.96.0.20", 80, replaced), 4}}}, true},
      {{Kind::none, {}}, {{{other_port, 4}}}, false},
      {{Kind::none, {}}, {{{untouched, 3}}, 1, 0}, false},
      {{Kind::none, {}}, {{}, 0, 4}, false},
      {{Kind::reject, {}}, {{}, 4, 0}, true},
      {{Kind::reject, {}}, {{}, 3, 1}, false},
      {{Kind::reject, {}}, {{}, 0, 4}, false},
      {{Kind::drop, {}}, {{}, 0, 4}, true},
      {{Kind::drop, {}}, {{{untouched, 1}}, 0, 3}, false},
      {{Kind::drop, {}}, {{}, 4, 0}, false},
  };
  for (const auto& row : rows) {
    INFO("expected " << row.expected.text() << ", saw " << row.observed.text());
    CHECK(!kernel::disagreement(from_outside(), row.expected, row.observed) == row.agree);
  }
}

TEST_CASE("enough flows to see every endpoint") {
  CHECK(kernel::flows_to_see(0) == kernel::flows_to_see(1));
  for (unsigned n = 2; n <= 50; ++n) {
    const double missed = n * std::pow(1.0 - 1.0 / n, kernel::flows_to_see(n));
    CHECK(missed <= 1e-12);
  }
}
