// A cluster with Services web, api, admin, v1, v2 (port 80, two endpoints), empty (none) and multi (80 `http`, 9090
// `metrics`), in the namespaces default, a and b; and the Ingresses of a test.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::ir::l7::test {

// An Ingress of class `c`, created one second after the one before it. `where`: `namespace/name`; `annotations` and
// `spec`: YAML flow text without the outer braces; annotations without a `/` get the prefix of ingress-nginx.
struct Written {
  std::string where;
  std::string spec;
  std::string annotations;
};
// One path of a rule: `Prefix /cart web`; the Service's port is 80 unless it says `web:9090` or `web:name`.
[[nodiscard]] std::string path(const std::string& text);
// `shop.test: Prefix / web, Exact /a api`; the host may be empty.
[[nodiscard]] std::string rules(std::initializer_list<std::string> hosts);

class Shop {
 public:
  // `options`: YAML flow text of the controller's options, without the outer braces.
  Shop(const std::string& flavour, const std::vector<Written>& ingresses, const std::string& options = {});
  // The decision in one line, and what the backend sees if that is not what the client sent: `forward default/web:80`,
  // `forward default/web:80 as /x`, `forward default/web:80 at h`. The sentence is one of `trace`.
  [[nodiscard]] std::string ask(const std::string& sentence) const;
  // Codes of the findings of building, each with its object.
  [[nodiscard]] std::vector<std::string> findings() const;
  [[nodiscard]] const std::vector<Router>& routers() const { return routers_; }

 private:
  base::SourceMap sources_;
  base::Diagnostics diagnostics_;  // of reading
  base::Diagnostics findings_;
  cluster::Cluster cluster_;
  std::vector<Router> routers_;
};

struct Asked {
  std::string sentence, decision;
};
// CHECKs every row.
void check(const Shop& shop, std::initializer_list<Asked> rows);

}  // namespace portcullis::ir::l7::test
