#include "backends/nftables/check_layers.hpp"

#include <algorithm>
#include <map>

namespace portcullis::nftables {

namespace {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

// What tells the checks of one layer apart; nothing: a check that stands alone.
std::optional<ir::RouteKey> key(const ir::Check& check) {
  using Key = std::optional<ir::RouteKey>;
  return std::visit(Overloaded{
                        [](const ir::ToFrontend& to) -> Key { return to.key; },
                        [](const ir::ToNodePort& to) -> Key { return ir::RouteKey{{}, to.protocol, to.port}; },
                        [](const ir::ToAddress& to) -> Key { return ir::RouteKey{to.address, {}, 0}; },
                        [](const ir::AnyPacket&) -> Key { return {}; },
                        [](const ir::ToPrefix&) -> Key { return {}; },
                        [](const ir::Marked&) -> Key { return {}; },
                        [](const ir::Martian&) -> Key { return {}; },
                    },
                    check.match);
}

// These become sets, whose rule has one verdict; the others are maps to verdicts.
bool one_verdict(CheckKind kind) {
  return kind == CheckKind::address || kind == CheckKind::frontend_ranges;
}

class Layering {
 public:
  void add(const ir::Check& check) {
    const CheckKind of = kind(check);
    const std::optional<ir::RouteKey> k = key(check);
    if (!k || layers_.empty() || layers_.back().kind != of || layers_.back().states != check.states) {
      start(check);
      return;
    }
    CheckLayer& layer = layers_.back();
    std::size_t part = 0;
    while (part < layer.parts.size() && (layer.parts[part].hooks != check.hooks ||
                                         (one_verdict(of) && layer.parts[part].verdict != check.verdict))) {
      ++part;
    }
    if (const auto [taken, fresh] = keys_.try_emplace(*k, part); !fresh) {
      // Two range checks of one key both count; elsewhere the first one has decided.
      if (taken->second == part && of != CheckKind::frontend_ranges) return;
      start(check);
      return;
    }
    if (part == layer.parts.size()) layer.parts.push_back({check.hooks, check.verdict, {}});
    layer.parts[part].checks.push_back(&check);
  }
  std::vector<CheckLayer> take() { return std::move(layers_); }

 private:
  void start(const ir::Check& check) {
    layers_.push_back({kind(check), check.states, {{check.hooks, check.verdict, {&check}}}});
    keys_.clear();
    if (const auto k = key(check)) keys_.emplace(*k, 0);
  }

  std::vector<CheckLayer> layers_;
  std::map<ir::RouteKey, std::size_t> keys_;  // of the last layer: in which part
};

}  // namespace

CheckKind kind(const ir::Check& check) {
  return std::visit(
      Overloaded{
          [](const ir::AnyPacket&) { return CheckKind::any_packet; },
          [](const ir::ToFrontend& to) { return to.unless_from ? CheckKind::frontend_ranges : CheckKind::frontend; },
          [](const ir::ToNodePort& to) { return to.any_local ? CheckKind::local_port : CheckKind::node_port; },
          [](const ir::ToAddress&) { return CheckKind::address; },
          [](const ir::ToPrefix&) { return CheckKind::prefix; },
          [](const ir::Marked&) { return CheckKind::marked; },
          [](const ir::Martian&) { return CheckKind::martian; },
      },
      check.match);
}

std::vector<CheckLayer> check_layers(const ir::Program& program) {
  Layering layering;
  for (const ir::Check& check : program.checks) {
    const auto* frontend = std::get_if<ir::ToFrontend>(&check.match);
    if (check.foreign || (frontend != nullptr && !frontend->key.address)) continue;  // a frontend has an address
    layering.add(check);
  }
  return layering.take();
}

}  // namespace portcullis::nftables
