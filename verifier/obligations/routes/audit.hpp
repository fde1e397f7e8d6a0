// What is wrong in one router, as far as it takes languages to see it: rules that no request reaches, rules that lead
// to nobody, patterns of two objects that want the same request, names that a wildcard of another namespace answers,
// and guards that another spelling or another host gets around.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/ir/l7/request.hpp"
#include "compiler/ir/l7/router.hpp"
#include "verifier/smt/session.hpp"
#include "verifier/verdict/verdict.hpp"

namespace portcullis::routes {

struct RouteFinding {
  std::string code;
  std::string says;                        // without the request
  ir::l7::Request request;                 // that shows it …
  ir::l7::Decision decision;               // … and what it gets
  ir::l7::Origin at;                       // the rule that it is about
  std::optional<base::Severity> severity;  // another one than the catalogue's
  std::vector<std::pair<std::string, ir::l7::Origin>> related;
};

struct Audit {
  std::vector<RouteFinding> findings;
  std::vector<verdict::Proof> proofs;  // what holds, and what it leaves out; nothing about what findings tell
};

// A router whose configuration is refused has nothing to be asked about.
[[nodiscard]] Audit audit(const ir::l7::Router& router, smt::Session& session);

}  // namespace portcullis::routes
