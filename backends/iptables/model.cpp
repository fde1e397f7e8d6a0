// Ruleset → netfilter::Model: what each match and target means.

#include <map>
#include <utility>

#include <fmt/format.h>

#include "backends/iptables/iptables.hpp"
#include "backends/iptables/names.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::iptables {

namespace {

using netfilter::Field;
using netfilter::Statement;
using netfilter::Term;
using netfilter::Value;

netfilter::Hook hook_of(std::string_view chain) {
  if (chain == "PREROUTING") return netfilter::Hook::prerouting;
  if (chain == "INPUT") return netfilter::Hook::input;
  if (chain == "FORWARD") return netfilter::Hook::forward;
  if (chain == "OUTPUT") return netfilter::Hook::output;
  return netfilter::Hook::postrouting;
}

// Kernel: NF_IP_PRI_* (include/uapi/linux/netfilter_ipv4.h).
netfilter::BaseHook base_hook(TableName table, const Chain& chain) {
  netfilter::BaseHook base;
  base.hook = hook_of(chain.name);
  base.policy_drop = chain.policy == Policy::drop;
  switch (table) {
    case TableName::raw:
      base.priority = -300;
      break;
    case TableName::mangle:
      base.priority = -150;
      if (base.hook == netfilter::Hook::output) base.type = netfilter::ChainType::route;
      break;
    case TableName::filter:
      base.priority = 0;
      break;
    case TableName::nat: {
      const bool source = base.hook == netfilter::Hook::input || base.hook == netfilter::Hook::postrouting;
      base.type = netfilter::ChainType::nat;
      base.priority = source ? 100 : -100;
      break;
    }
    case TableName::security:
      base.priority = 50;
      break;
  }
  return base;
}

Term field(Field of, Value mask = Value::all_ones()) {
  return {of, mask, {}};
}

Term constant(Value value, std::uint8_t width) {
  return {netfilter::Constant{value, width}, Value::all_ones(), {}};
}

class ModelBuilder {
 public:
  ModelBuilder(const Ruleset& ruleset, const ir::Program* program) : ruleset_(ruleset) {
    if (program == nullptr) return;
    for (const ir::Pool& pool : program->pools) {
      for (const ir::PoolEntry& entry : pool.entries) {
        std::string label = ir::label(pool, entry);
        std::string name = recent_name(label);
        if (!label_of_recent(name)) labels_.emplace(std::move(name), std::move(label));
      }
    }
  }

  netfilter::Model build() {
    for (const Table& table : ruleset_.tables) {
      for (const Chain& chain : table.chains) {
        for (const Rule& rule : chain.rules) note_seconds(rule);
      }
    }
    for (const Table& table : ruleset_.tables) add_table(table);
    return std::move(model_);
  }

 private:
  [[nodiscard]] bool ipv4() const { return ruleset_.family == net::Family::ipv4; }
  [[nodiscard]] std::uint8_t address_width() const { return ipv4() ? 1 : 4; }

  // How long a list counts is said by the rules that ask it.
  void note_seconds(const Rule& rule) {
    for (const Match& m : rule.matches) {
      const auto* recent = std::get_if<RecentMatch>(&m);
      if (recent != nullptr && recent->seconds) seconds_.emplace(recent->name, *recent->seconds);
    }
  }

  void add_table(const Table& table) {
    first_chain_ = static_cast<netfilter::ChainId>(model_.chains.size());
    const std::string name = fmt::format("{} {}", ipv4() ? "ip" : "ip6", to_string(table.name));
    model_.chains.reserve(model_.chains.size() + table.chains.size());
    for (const Chain& c : table.chains) {
      netfilter::Chain chain{name, c.name, ipv4(), !ipv4(), {}, {}};
      if (c.policy) chain.base = base_hook(table.name, c);
      chain.rules.reserve(c.rules.size());
      for (const Rule& r : c.rules) chain.rules.push_back(rule(r));
      model_.chains.push_back(std::move(chain));
    }
  }

  netfilter::Rule rule(const Rule& r) {
    netfilter::Rule out;
    out.span = span_ = r.span;
    statements_ = &out.statements;
    statements_->reserve(r.matches.size() + 3);
    if (r.source) address(ipv4() ? Field::ip4_source : Field::ip6_source, *r.source);
    if (r.destination) address(ipv4() ? Field::ip4_destination : Field::ip6_destination, *r.destination);
    if (r.protocol) {
      equals(field(Field::protocol), Value::number(r.protocol->number), r.protocol->negated);
    }
    for (const Match& m : r.matches) std::visit([this](const auto& match) { add(match); }, m);
    std::visit([this](const auto& target) { add(target); }, r.target);
    return out;
  }

  // ---- matches

  void equals(Term key, Value value, bool negated) {
    statements_->emplace_back(netfilter::Match{{std::move(key)}, netfilter::Equals{value}, negated});
  }

  void address(Field of, const AddressMatch& m) {
    const Value mask = Value::mask(m.prefix.length());
    equals(field(of, mask), Value::address(m.prefix.address()) & mask, m.negated);
  }

  void add(const InterfaceMatch& m) {
    const Field of = m.out ? Field::output_interface : Field::input_interface;
    const Value mask = m.is_prefix ? Value::interface(std::string(m.name.size(), '\xff')) : Value::all_ones();
    equals(field(of, mask), Value::interface(m.name), m.negated);
  }

  void add(const PortMatch& m) {
    if (m.source) ports(Field::source_port, *m.source);
    if (m.destination) ports(Field::destination_port, *m.destination);
  }
  void ports(Field of, const PortRange& range) {
    if (range.first == range.last) return equals(field(of), Value::number(range.first), range.negated);
    statements_->emplace_back(netfilter::Match{
        {field(of)}, netfilter::Between{Value::number(range.first), Value::number(range.last)}, range.negated});
  }

  void add(const StateMatch& m) {
    statements_->emplace_back(
        netfilter::Match{{field(Field::ct_state_or_nat)}, netfilter::AnyBit{m.states}, m.negated});
  }

  void add(const MarkMatch& m) { equals(field(Field::mark, Value::number(m.mask)), Value::number(m.value), m.negated); }

  void add(const AddressTypeMatch& m) {
    const bool source = m.which == AddressTypeMatch::Which::source;
    equals(field(source ? Field::fib_source_type : Field::fib_destination_type), Value::number(netfilter::fib::local),
           m.negated);
  }

  void add(const StatisticMatch& m) {
    if (m.numerator != m.denominator) statements_->emplace_back(netfilter::Chance{m.numerator, m.denominator});
  }

  void add(const RecentMatch& m) {
    const netfilter::SetId set = memory(m.name);
    const std::vector<Term> key{field(ipv4() ? Field::ip4_source : Field::ip6_source)};
    const bool asks = m.action != RecentMatch::Action::set;
    if (m.negated && m.action != RecentMatch::Action::rcheck) {
      statements_->emplace_back(netfilter::Unmodelled{"! before an action of -m recent that changes its list"});
      return;
    }
    if (asks) statements_->emplace_back(netfilter::Match{key, netfilter::InSet{set}, m.negated});
    if (m.action == RecentMatch::Action::rcheck) return;
    const auto operation = m.action == RecentMatch::Action::remove ? netfilter::Update::Operation::remove
                                                                   : netfilter::Update::Operation::refresh;
    statements_->emplace_back(netfilter::Update{operation, set, key, {}});
  }

  netfilter::SetId memory(const std::string& name) {
    const auto [known, fresh] = memories_.emplace(name, static_cast<netfilter::SetId>(model_.sets.size()));
    if (!fresh) return known->second;
    netfilter::Set set;
    set.table = "xt_recent";
    set.name = name;
    set.key = {address_width()};
    set.dynamic = true;
    if (const auto seconds = seconds_.find(name); seconds != seconds_.end()) set.timeout_seconds = seconds->second;
    if (const auto label = labels_.find(name); label != labels_.end()) {
      set.labels.emplace(std::vector<std::uint32_t>{}, label->second);
    } else if (const auto decoded = label_of_recent(name)) {
      set.labels.emplace(std::vector<std::uint32_t>{}, *decoded);
    }
    model_.sets.push_back(std::move(set));
    return known->second;
  }

  void add(const AccountingMatch&) {}

  void add(const OpaqueMatch& m) {
    statements_->emplace_back(netfilter::Opaque{static_cast<netfilter::OpaqueId>(model_.opaque.size())});
    model_.opaque.push_back({m.text, span_});
  }

  // ---- targets

  void verdict(netfilter::Verdict::Kind kind, netfilter::ChainId chain = 0) {
    statements_->emplace_back(netfilter::Decide{{kind, chain}});
  }

  void add(const Continue&) {}
  void add(const Accept&) { verdict(netfilter::Verdict::Kind::accept); }
  void add(const Drop&) { verdict(netfilter::Verdict::Kind::drop); }
  void add(const Return&) { verdict(netfilter::Verdict::Kind::back); }
  void add(const Jump& t) {
    verdict(t.go_to ? netfilter::Verdict::Kind::go_to : netfilter::Verdict::Kind::jump, first_chain_ + t.chain);
  }
  void add(const Reject&) { statements_->emplace_back(netfilter::Reject{}); }
  void add(const Dnat& t) {
    netfilter::Expression value{{constant(Value::address(t.address), address_width())}, {}};
    if (t.port) value.terms.push_back(constant(Value::number(*t.port), 1));
    statements_->emplace_back(netfilter::Translate{std::move(value), ruleset_.family, t.port.has_value()});
  }
  void add(const Masquerade&) { statements_->emplace_back(netfilter::Masquerade{}); }
  void add(const SetMark& t) {
    statements_->emplace_back(
        netfilter::Assign{Field::mark, {{Term{Field::mark, Value::number(~t.mask), Value::number(t.value)}}, {}}});
  }

  const Ruleset& ruleset_;
  netfilter::Model model_;
  netfilter::ChainId first_chain_ = 0;
  std::vector<Statement>* statements_ = nullptr;
  base::SourceSpan span_;  // of the rule at hand
  std::map<std::string, netfilter::SetId> memories_;
  std::map<std::string, std::uint32_t> seconds_;
  std::map<std::string, std::string> labels_;  // of lists whose name is a hash
};

}  // namespace

netfilter::Model model(const Ruleset& ruleset, const ir::Program* program) {
  return ModelBuilder(ruleset, program).build();
}

}  // namespace portcullis::iptables
