// Random routers: read back, proved equal, and asked of a real HAProxy. PORTCULLIS_HAPROXY_ROUNDS and
// PORTCULLIS_HAPROXY_SEED make more of it, and the same again.
#include <cstdlib>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "backends/haproxy/limits.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/text.hpp"
#include "tests/haproxy/compared.hpp"
#include "tests/haproxy/tame.hpp"
#include "tests/unit/ir_l7/routers.hpp"
#include "verifier/obligations/routes/equal.hpp"

namespace {

using namespace portcullis;

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
}

ir::l7::Router read_back(const haproxy::Files& files) {
  const auto read = haproxy::read(files);
  if (const auto* error = std::get_if<haproxy::ReadError>(&read))
    FAIL(error->file << ":" << error->line << ": " << error->message);
  return std::get<ir::l7::Router>(read);
}

// docs/haproxy.md: what HAProxy's own parser decides.
bool parser_decides(const ir::l7::Request& request, const ir::l7::Router& router) {
  if (request.version == "1.0" && request.method == "GET" && request.body > 0) return true;
  if (request.sni && request.sni->starts_with('.')) return true;
  if (router.host_form == ir::l7::HostForm::haproxy) return false;
  const auto authority = ir::l7::split_target(request.target).authority;
  return authority.has_value() && *authority != ir::l7::host_as_sent(request);
}

std::string proved(const ir::l7::Router& router, const ir::l7::Router& read) {
  smt::Session session;
  const routes::Comparison found = routes::equal_routers(haproxy::as_emitted(router), read, session);
  if (found.standing == verdict::Standing::proved) return {};
  if (found.differences.empty()) return found.open.empty() ? "open" : found.open.front();
  const routes::Difference& first = found.differences.front();
  std::string request =
      fmt::format("{} {} https {} body {} authorised {} over {}", first.request.method, first.request.target,
                  first.request.https, first.request.body, first.request.authorised, first.request.over_rate);
  for (const ir::l7::Header& header : first.request.headers)
    request += fmt::format(" {}={}", header.name, header.value);
  return fmt::format("{}: {} {} | {} {}: {}", first.where, text(first.before), first.beside_before, text(first.after),
                     first.beside_after, request);
}

}  // namespace

TEST_CASE("random routers: a real HAProxy answers random requests as serve does") {
  if (!proxied::permitted()) return;
  const unsigned seed = from_environment("PORTCULLIS_HAPROXY_SEED", std::random_device{}());
  const unsigned rounds = from_environment("PORTCULLIS_HAPROXY_ROUNDS", 12);
  fmt::print("HAProxy: random routers from PORTCULLIS_HAPROXY_SEED={}\n", seed);
  const kernel::Fd netns = proxied::everywhere();
  std::size_t compared = 0, left_out = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    std::mt19937 random(seed * 1000 + round);
    const ir::l7::Router router = proxied::tame(random_router(random, ir::l7::test::Words::sensible));
    INFO("seed " << seed << " round " << round << "\n" << ir::l7::print(router));
    base::Diagnostics diagnostics;
    const auto files = haproxy::emit(router, diagnostics);
    for (const base::Diagnostic& d : diagnostics.all())
      if (d.severity == base::Severity::error) FAIL(d.message);
    REQUIRE(files);
    CHECK(proved(router, read_back(*files)) == "");
    const proxied::Upstreams upstreams(netns, proxied::ports(router));
    const proxied::Proxy proxy(netns, *files, router);
    const ir::l7::Server server(router);
    for (unsigned i = 0; i < 40; ++i) {
      ir::l7::Request request = ir::l7::test::random_request(random);
      if (!request.https) request.sni.reset();
      request.authorised = request.over_rate = false;
      if (parser_decides(request, router)) continue;
      INFO(request.method << " " << request.target << " HTTP/" << request.version << " Host "
                          << ir::l7::host_as_sent(request) << " sni " << request.sni.value_or("-") << " body "
                          << request.body);
      const proxied::Compared one = proxied::compare(netns, server, request);
      CHECK(one.difference == "");
      ++(one.left_out ? left_out : compared);
    }
  }
  fmt::print("HAProxy: {} random requests compared, {} left out\n", compared, left_out);
}

TEST_CASE("random routers are refused, or read back and proved equal") {
  std::size_t emitted = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const bool odd = seed % 3 == 0;
    ir::l7::Router router = random_router(random, odd ? ir::l7::test::Words::odd : ir::l7::test::Words::sensible);
    router = proxied::tame(std::move(router));
    INFO("seed " << seed << "\n" << ir::l7::print(router));
    base::Diagnostics diagnostics;
    const auto files = haproxy::emit(router, diagnostics);
    CHECK(files.has_value() != diagnostics.has_errors());
    if (!files) continue;
    ++emitted;
    CHECK(proved(router, read_back(*files)) == "");
  }
  fmt::print("HAProxy: {} of 300 random routers emitted\n", emitted);
  CHECK(emitted > 150);
}
