// Every request of the reference: manifests → resolved cluster → router → serve.
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/ir/l7/serve.hpp"
#include "tests/request_cases/request_cases.hpp"

namespace {

using namespace portcullis;
using request_cases::Case;
using request_cases::World;

std::string decide(const World& world, const request_cases::Row& row) {
  const auto chosen = driver::choose_router(world.routers, row.asked);
  if (const auto* error = std::get_if<std::string>(&chosen)) return *error;
  const ir::l7::Server server(*std::get<const ir::l7::Router*>(chosen));
  const ir::l7::Request& request = row.asked.question.request;
  return request_cases::decision_text(server.serve(request), request);
}

}  // namespace

TEST_CASE("ingress-cases: every request in every flavour") {
  const std::string path = std::string(PORTCULLIS_SHARED) + "/reference/ingress-cases.yaml";
  if (!std::filesystem::exists(path)) {
    WARN("skipped: no ingress-cases.yaml beside the project");
    return;
  }
  std::map<std::string_view, std::size_t> rows;
  for (const Case& c : request_cases::read(path)) {
    for (const ir::l7::Flavour flavour : c.flavours) {
      const auto world = request_cases::build(c, flavour);
      INFO("case " << c.id << ", flavour " << ir::l7::to_string(flavour));
      for (const ir::l7::Router& router : world->routers) CHECK(router.rejected.empty() != c.rejected);
      for (const request_cases::Row& row : c.rows) {
        INFO("line " << row.line << ": " << row.request);
        CHECK(decide(*world, row) == row.expect);
        ++rows[ir::l7::to_string(flavour)];
      }
    }
  }
  for (const auto& [flavour, count] : rows)
    fmt::print("ingress-cases.yaml: {} requests of flavour {}\n", count, flavour);
}
