#include "backends/nftables/shapes.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/ruleset.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::nftables {

namespace {

std::string text(const Step& step) {
  std::string out;
  switch (step.source) {
    case ir::SourceIs::any:
      break;
    case ir::SourceIs::pod:
      out = "pod_";
      break;
    case ir::SourceIs::node:
      out = "node_";
      break;
    case ir::SourceIs::inside:
      out = fmt::format("inside{}_", step.ranges);
      break;
    case ir::SourceIs::outside:
      out = fmt::format("outside{}_", step.ranges);
      break;
  }
  switch (step.does) {
    case Step::Does::cluster_set:
      out += "cluster";
      break;
    case Step::Does::local_set:
      out += "local";
      break;
    case Step::Does::stop:
      return out + "stop";
    case Step::Does::fall:
      return out + "fall";
  }
  switch (step.masquerade) {
    case ir::Masquerade::never:
      break;
    case ir::Masquerade::always:
      out += "_masquerade";
      break;
    case ir::Masquerade::off_cluster:
      out += "_masquerade_off_cluster";
      break;
  }
  return out;
}

}  // namespace

KeySpace key_space(const ir::Route& route) {
  switch (route.table) {
    case ir::Table::service:
      return KeySpace::service;
    case ir::Table::node_port:
      return KeySpace::node_port;
    case ir::Table::host_port:
      return route.key.address ? KeySpace::host_port_at : KeySpace::host_port;
  }
  return KeySpace::service;
}

bool has_address(KeySpace space) {
  return space == KeySpace::service || space == KeySpace::host_port_at;
}

std::string_view map_name(KeySpace space) {
  switch (space) {
    case KeySpace::service:
      return "frontends";
    case KeySpace::node_port:
      return "node_ports";
    case KeySpace::host_port_at:
      return "host_ports_at";
    case KeySpace::host_port:
      return "host_ports";
  }
  return {};
}

bool Shape::falls() const {
  return std::ranges::any_of(steps, [](const Step& s) { return s.does == Step::Does::fall; });
}

std::string Shape::chain_name() const {
  std::string out = "route";
  for (const Step& s : steps) out += (out.size() > 5 ? "__" : "_") + text(s);
  if (space) out += fmt::format("_by_{}", map_name(*space));
  if (out.size() > 100)
    out = fmt::format("{}_{:016x}", out.substr(0, 80), base::stable_hash(out));  // a chain's name has at most 127 bytes
  return out;
}

Shape shape(const ir::Program& program, const ir::Route& route) {
  Shape out;
  std::uint8_t ranges = 0;
  for (const ir::GuardedOutcome& g : route.outcomes) {
    if (g.source == ir::SourceIs::pod && std::holds_alternative<ir::NoDetector>(program.detector)) continue;
    Step step;
    step.source = g.source;
    if (g.source == ir::SourceIs::inside || g.source == ir::SourceIs::outside) {
      step.ranges = ranges++;
      out.space = key_space(route);
    }
    if (const auto* balance = std::get_if<ir::Balance>(&g.outcome)) {
      step.does = balance->local_set ? Step::Does::local_set : Step::Does::cluster_set;
      step.masquerade = balance->masquerade;
    } else {
      step.does = std::holds_alternative<ir::Stop>(g.outcome) ? Step::Does::stop : Step::Does::fall;
    }
    out.steps.push_back(step);
    if (g.source == ir::SourceIs::any) break;
  }
  return out;
}

}  // namespace portcullis::nftables
