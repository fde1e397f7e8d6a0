#include "backends/netfilter/evaluate.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "backends/netfilter/chance.hpp"
#include "backends/netfilter/walk.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::netfilter {

namespace {

// More branches than any pool has entries; a `numgen random mod 1000000000` of somebody else's is not enumerated.
constexpr std::size_t max_branches = 1U << 20U;

ir::Then then(const Branch& branch) {
  switch (branch.end) {
    case Branch::End::dropped:
      return ir::Then::drop;
    case Branch::End::rejected:
      return ir::Then::reject;
    case Branch::End::passed:
      return branch.local ? ir::Then::local : ir::Then::forward;
  }
  return ir::Then::forward;
}

ir::Fate refused(Branch::End end) {
  ir::Fate fate;
  fate.kind = end == Branch::End::dropped ? ir::Fate::Kind::drop : ir::Fate::Kind::reject;
  fate.then = end == Branch::End::dropped ? ir::Then::drop : ir::Then::reject;
  return fate;
}

// Branches gathered by what they do, with their probabilities.
class Gathered {
 public:
  void add(const Branch& b, const Rational& probability) {
    const bool first = total_ == 0;
    ++total_;
    all_refused_ = (first || (all_refused_ && b.end == first_.end)) && b.end != Branch::End::passed;
    if (!b.translated && untranslated_ > 0 && !same_untouched(b)) torn_ = true;
    if (first) first_ = b;
    if (stray_.empty()) stray_ = b.stray_memory;
    cost_.rules = std::max(cost_.rules, b.cost.rules);
    cost_.lookups = std::max(cost_.lookups, b.cost.lookups);
    if (!b.translated) {
      if (untranslated_++ == 0) untouched_ = b;
      return;
    }
    if (targets_.empty()) seconds_ = b.seconds;
    if (seconds_ != b.seconds) torn_ = true;
    ir::Target target{b.address, b.port, 1, b.masquerade, then(b), b.label};
    auto key = std::tuple(net::endpoint_text(b.address, b.port), target.masquerade, target.then, target.label);
    const auto [at, fresh] = targets_.try_emplace(std::move(key), target, probability, b.because.value_or(Because{}));
    if (fresh) return;
    Rational& total = std::get<Rational>(at->second);
    const std::optional<Rational> sum = Rational::sum(total, probability);
    if (!sum) inexact_ = true;
    total = sum.value_or(Rational{});
  }

  Evaluation finish() const {
    Evaluation out;
    out.cost = cost_;
    if (first_.because) out.because = {*first_.because};
    if (!stray_.empty()) {
      out.torn = true;
      out.not_modelled = stray_;
    } else if (all_refused_) {
      out.fate = refused(first_.end);
    } else if (torn_ || (untranslated_ > 0 && !targets_.empty())) {
      out.torn = true;
      out.not_modelled = "whether the packet is translated, or for how long it is remembered, is left to chance";
    } else if (untranslated_ > 0) {
      untouched(out.fate);
      if (untouched_.because) out.because = {*untouched_.because};
    } else {
      translated(out);
    }
    return out;
  }

 private:
  bool same_untouched(const Branch& b) const {
    return b.end == untouched_.end && b.accepted == untouched_.accepted && b.masquerade == untouched_.masquerade;
  }

  void untouched(ir::Fate& fate) const {
    fate.kind = untouched_.accepted ? ir::Fate::Kind::accept : ir::Fate::Kind::none;
    fate.masquerade = untouched_.masquerade;
    fate.then = then(untouched_);
    if (untouched_.end != Branch::End::passed) fate = refused(untouched_.end);
  }

  void translated(Evaluation& out) const {
    out.fate.kind = ir::Fate::Kind::dnat;
    out.fate.affinity_seconds = seconds_;
    std::vector<Rational> probabilities;
    out.because.clear();
    for (const auto& [key, found] : targets_) {
      const auto& [target, probability, because] = found;
      out.fate.targets.push_back(target);
      probabilities.push_back(probability);
      out.because.push_back(because);
    }
    const auto weights = integer_weights(probabilities);
    if (!weights || inexact_) {
      out.not_modelled = "probabilities without an exact form";
      return;
    }
    for (std::size_t i = 0; i < weights->size(); ++i) out.fate.targets[i].weight = (*weights)[i];
  }

  using Key = std::tuple<std::string, bool, ir::Then, std::string>;  // begins with what targets are sorted by
  std::map<Key, std::tuple<ir::Target, Rational, Because>> targets_;
  std::size_t total_ = 0, untranslated_ = 0;
  Branch first_, untouched_;
  std::string stray_;
  std::optional<std::uint32_t> seconds_;
  bool all_refused_ = false, torn_ = false, inexact_ = false;
  Cost cost_;
};

Evaluation unknown(std::string why) {
  Evaluation out;
  out.not_modelled = std::move(why);
  return out;
}

}  // namespace

bool NodeFacts::is_local(const net::Address& address) const {
  return address.is_loopback() || std::ranges::binary_search(local_addresses, address);
}

NodeFacts facts(const ir::Program& program) {
  NodeFacts out;
  out.local_addresses = program.local_addresses;
  if (const auto* interface = std::get_if<ir::InterfaceDetector>(&program.detector))
    out.pod_interface = interface->name;
  return out;
}

struct Evaluator::State {
  Indexed indexed;
};

Evaluator::Evaluator(const Model& model) : state_(std::make_unique<State>(State{index(model)})) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

Evaluation Evaluator::evaluate(const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory,
                               const Answers* answers) const {
  Gathered gathered;
  Script script;
  std::size_t branches = 0;
  try {
    do {
      const Branch branch = walk(state_->indexed, node, packet, memory, answers, script);
      const std::optional<Rational> probability = script.probability();
      if (!probability) return unknown("probabilities without an exact form");
      if (++branches > max_branches) return unknown("too many random choices");
      gathered.add(branch, *probability);
    } while (script.advance());
  } catch (const NotModelled& e) {
    return unknown(e.why);
  }
  return gathered.finish();
}

ir::Fate Evaluator::fate(const NodeFacts& node, const net::Packet& packet, const ir::Memory& memory) const {
  Evaluation result = evaluate(node, packet, memory);
  if (!result.not_modelled.empty())
    throw base::InternalError("evaluation of " + packet.text() + ": " + result.not_modelled);
  return std::move(result.fate);
}

}  // namespace portcullis::netfilter
