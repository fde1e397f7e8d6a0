// A policy about manifests, bound and proved.
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/unit/policy/bound_world.hpp"
#include "verifier/obligations/reach.hpp"

namespace portcullis::tests {

struct Proved : BoundWorld {
  Proved(const std::string& yaml, const std::string& policy)
      : BoundWorld(yaml, {policy}), proofs(obligations::prove(bound, cluster, session)) {}

  smt::Session session;
  std::vector<verdict::Proof> proofs;

  // `proved refuted`, in order.
  [[nodiscard]] std::string standings() const {
    std::string out;
    for (const verdict::Proof& p : proofs) out += fmt::format("{}{}", out.empty() ? "" : " ", to_string(p.standing));
    return out;
  }
  [[nodiscard]] std::string told() const {
    std::string out;
    for (const std::string& f : findings()) out += f + "\n";
    for (const verdict::Proof& p : proofs) {
      out += fmt::format("{}: {} {}\n", p.name, to_string(p.standing), p.reason);
      for (const std::string& e : p.except) out += "  except " + e + "\n";
    }
    return out;
  }
  // Nodes that are gone: `n1 n2`.
  [[nodiscard]] std::string lost() const {
    std::string out;
    for (const verdict::Proof& p : proofs) {
      for (const auto& [what, node] : p.placement) out += (out.empty() ? "" : " ") + node;
    }
    return out;
  }
};

}  // namespace portcullis::tests
