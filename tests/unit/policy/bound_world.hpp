// A policy bound to manifests, and short answers about it.
#pragma once

#include <string>
#include <vector>

#include "compiler/cluster/resolve.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/policy/bind.hpp"
#include "compiler/policy/parse.hpp"
#include "compiler/policy/text.hpp"
#include "tests/unit/policy/reading.hpp"

namespace portcullis::tests {

inline constexpr std::chrono::year_month_day today{std::chrono::year{2026}, std::chrono::November,
                                                   std::chrono::day{24}};

struct BoundWorld {
  BoundWorld(const std::string& yaml, const std::vector<std::string>& policies)
      : input(manifest::read_text("in.yaml", yaml, false, {}, sources, about_manifests)),
        cluster(cluster::resolve(input, {}, about_manifests).cluster) {
    for (std::size_t i = 0; i < policies.size(); ++i) {
      const std::string name{static_cast<char>('a' + i)};
      trees.push_back(policy::parse(sources.add(name + ".policy", policies[i]), sources, diagnostics));
    }
    bound = policy::bind(trees, input, cluster, sources, today, diagnostics);
  }

  base::SourceMap sources;
  base::Diagnostics about_manifests, diagnostics;
  manifest::Input input;
  cluster::Cluster cluster;
  std::vector<policy::SyntaxTree> trees;
  policy::Bound bound;

  [[nodiscard]] std::vector<std::string> findings() const {
    std::vector<std::string> out;
    for (const base::Diagnostic& d : diagnostics.all()) out.push_back(finding_text(d, sources));
    return out;
  }
  [[nodiscard]] std::vector<std::string> about() const {
    std::vector<std::string> out;
    for (const policy::Obligation& o : bound.obligations) out.push_back(o.about);
    return out;
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const policy::Obligation& o : bound.obligations) out += policy::text(o);
    return out;
  }
};

}  // namespace portcullis::tests
