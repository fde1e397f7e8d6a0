// A router with everything at hand to ask it: what `serve` looks up, one step at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/host_index.hpp"
#include "compiler/ir/l7/regex_table.hpp"
#include "compiler/ir/l7/route_index.hpp"
#include "compiler/ir/l7/router.hpp"
#include "compiler/ir/l7/serve.hpp"

namespace portcullis::routes {

// Where names lead. Equal ids of one router: the same place.
struct HostPlace {
  std::uint32_t id = 0;
  const ir::l7::HostEntry* entry = nullptr;
  std::uint32_t entry_index = 0;           // of `entry`
  const ir::l7::Steps* without = nullptr;  // what answers where no entry does
  std::string unknown;                     // why nobody can tell; neither of the two then
  bool tls_name = false;
};

// Where requests with a name and a path lead.
struct Place {
  const ir::l7::HostEntry* entry = nullptr;
  const ir::l7::Route* route = nullptr;  // nullptr: what the entry does otherwise, or there is no entry
  const ir::l7::Steps* steps = nullptr;  // behind those of the entry
  std::string unknown;
};

class Subject {
 public:
  // The router outlives this.
  explicit Subject(const ir::l7::Router& router);

  [[nodiscard]] const ir::l7::Router& router() const { return *router_; }
  [[nodiscard]] const ir::l7::Server& server() const { return server_; }
  [[nodiscard]] HostPlace host(const ir::l7::Name& name) const;
  [[nodiscard]] Place place(const HostPlace& host, std::string_view path) const;

 private:
  const ir::l7::Router* router_;
  ir::l7::Server server_;
  ir::l7::RegexTable regexes_;
  ir::l7::HostIndex hosts_;
  std::vector<ir::l7::RouteIndex> routes_;  // of Router::hosts
};

}  // namespace portcullis::routes
