// Every request of the reference, in every flavour, asked of a real HAProxy and of `serve`.
#include <algorithm>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/haproxy/compared.hpp"
#include "tests/request_cases/request_cases.hpp"

namespace {

using namespace portcullis;
using request_cases::Case;

struct Counts {
  std::size_t requests = 0, left_out = 0, refused = 0;
};

// Nobody knows what some request gets: the router says so, and is not emitted.
bool says_unknown(const ir::l7::Router& router) {
  const auto unknown = [](const ir::l7::Step& step) { return std::holds_alternative<ir::l7::Unknown>(step.answer); };
  return std::ranges::any_of(router.treatments,
                             [&](const ir::l7::Steps& steps) { return std::ranges::any_of(steps, unknown); });
}

void run(const kernel::Fd& netns, const Case& c, ir::l7::Flavour flavour, Counts& counts) {
  const auto world = request_cases::build(c, flavour);
  for (const ir::l7::Router& router : world->routers) {
    INFO("case " << c.id << ", flavour " << ir::l7::to_string(flavour) << ", router " << router.name);
    base::Diagnostics diagnostics;
    const auto files = haproxy::emit(router, diagnostics);
    CHECK(files.has_value() != diagnostics.has_errors());
    CHECK(files.has_value() != (c.rejected || says_unknown(router)));
    if (!files) {
      ++counts.refused;
      continue;
    }
    const auto read = haproxy::read(*files);
    if (const auto* error = std::get_if<haproxy::ReadError>(&read))
      FAIL(error->file << ":" << error->line << ": " << error->message);
    if (flavour == c.flavours.front()) CHECK(proxied::complaints(*files, router).empty());
    const proxied::Upstreams upstreams(netns, proxied::ports(router));
    const proxied::Proxy proxy(netns, *files, router);
    const ir::l7::Server server(router);
    const ir::l7::Server again(std::get<ir::l7::Router>(read));
    for (const request_cases::Row& row : c.rows) {
      const auto chosen = driver::choose_router(world->routers, row.asked);
      const auto* const* asked = std::get_if<const ir::l7::Router*>(&chosen);
      if (asked == nullptr || *asked != &router) continue;
      INFO("line " << row.line << ": " << row.request);
      const ir::l7::Request& request = row.asked.question.request;
      CHECK(again.serve(request) == server.serve(request));
      const proxied::Compared compared = proxied::compare(netns, server, request);
      CHECK(compared.difference == "");
      ++(compared.left_out ? counts.left_out : counts.requests);
    }
  }
}

}  // namespace

TEST_CASE("a real HAProxy answers every request of the reference as serve does") {
  if (!proxied::permitted()) return;
  const std::string path = std::string(PORTCULLIS_SHARED) + "/reference/ingress-cases.yaml";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: no ingress-cases.yaml beside the project");
    return;
  }
  const kernel::Fd netns = proxied::everywhere();
  std::map<ir::l7::Flavour, Counts> counts;
  for (const Case& c : request_cases::read(path))
    for (const ir::l7::Flavour flavour : c.flavours) run(netns, c, flavour, counts[flavour]);
  for (const auto& [flavour, count] : counts)
    fmt::print("HAProxy: {} requests of flavour {}, {} left out, {} configurations refused\n", count.requests,
               ir::l7::to_string(flavour), count.left_out, count.refused);
}
