// Cases of the reference data: Ingresses and what they lean on, requests, and the decision about each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/cluster/cluster.hpp"
#include "compiler/driver/request_asked.hpp"
#include "compiler/ir/l7/router.hpp"

namespace portcullis::request_cases {

struct Row {
  driver::RequestAsked asked;
  std::string request;  // as JSON, for messages
  std::string expect;   // the decision, as JSON with sorted keys
  int line = 0;
};

struct Case {
  std::string id;
  int line = 0;
  std::vector<ir::l7::Flavour> flavours;  // those that it holds for, without the Gateway API
  bool rejected = false;                  // the data plane refuses the configuration
  std::vector<Row> rows;

  // Everything a user would hand to portcullis, one YAML document a line: the environment, the case's objects with the
  // class that the flavour gives them, and a ClusterProfile.
  [[nodiscard]] std::string manifests(ir::l7::Flavour flavour) const;

  // Parts of it, as JSON.
  std::vector<std::string> environment;
  struct Object {
    std::string json;
    bool takes_class = false;  // an Ingress that names none
  };
  std::vector<Object> objects;
  std::string options;  // of the controller; empty: none
  bool explicit_class = false;
};

// Throws std::runtime_error: the file is the test's, not a user's.
[[nodiscard]] std::vector<Case> read(const std::string& path);

// A case in the eyes of one flavour.
struct World {
  base::SourceMap sources;
  base::Diagnostics diagnostics;
  cluster::Cluster cluster;
  std::vector<ir::l7::Router> routers;
};
[[nodiscard]] std::unique_ptr<World> build(const Case& c, ir::l7::Flavour flavour);

// The decision as it would stand in Row::expect.
[[nodiscard]] std::string decision_text(const ir::l7::Decision& decision, const ir::l7::Request& request);

}  // namespace portcullis::request_cases
