#include "backends/nftables/maker.hpp"

#include "compiler/base/error.hpp"

namespace portcullis::nftables {

using netfilter::Set;

// ---- elements

void Elements::reserve(std::size_t elements) {
  set().lows.reserve(elements * set().key_width());
  if (set().interval) set().highs.reserve(elements * set().key_width());
  set().values.reserve(elements * set().data_width());
  if (set().holds == Set::Data::verdicts) set().verdicts.reserve(elements);
  text().name_of.reserve(elements);
}

Elements& Elements::key(std::uint32_t number) {
  return key(number, number);
}

Elements& Elements::key(std::uint32_t low, std::uint32_t high) {
  set().lows.push_back(low);
  if (set().interval) set().highs.push_back(high);
  return *this;
}

Elements& Elements::key(const net::Address& address) {
  const std::uint8_t width = address.family() == net::Family::ipv4 ? 1 : 4;
  netfilter::append(set().lows, Value::address(address), width);
  if (set().interval) netfilter::append(set().highs, Value::address(address), width);
  return *this;
}

Elements& Elements::key(const net::Prefix& prefix) {
  const std::uint8_t width = prefix.family() == net::Family::ipv4 ? 1 : 4;
  netfilter::append(set().lows, Value::address(prefix.address()), width);
  netfilter::append(set().highs, Value::address(prefix.last()), width);
  return *this;
}

Elements& Elements::value(std::uint32_t number) {
  set().values.push_back(number);
  return *this;
}

Elements& Elements::value(const net::Address& address) {
  netfilter::append(set().values, Value::address(address), address.family() == net::Family::ipv4 ? 1 : 4);
  return *this;
}

void Elements::comment(std::string_view raw) {
  if (last_raw_ != raw) {
    last_raw_ = raw;
    last_comment_ = comment_text(raw);
  }
  text().name_element(set().size() - 1, last_comment_);
}

// ---- declarations

Maker::Maker(Ruleset& ruleset, net::Family family)
    : ruleset_(&ruleset), family_(family), table_(ruleset.tables.size()) {
  Table table;
  table.family = v4() ? TableFamily::ip : TableFamily::ip6;
  table.name = table_name;
  table.comment = layout_comment;
  ruleset.tables.push_back(std::move(table));
}

SetId Maker::set(std::string name, std::vector<Declared> key, SetOptions options) {
  Table& table = ruleset_->tables[table_];
  const auto id = static_cast<SetId>(model().sets.size());
  Set set;
  set.table = table.id();
  set.name = std::move(name);
  for (const Declared& d : key) set.key.push_back(width(d.type));
  set.holds = options.holds;
  set.interval = options.interval;
  if (!set.name.empty()) table.sets.push_back(id);
  model().sets.push_back(std::move(set));
  SetText text;
  text.key = std::move(key);
  ruleset_->sets.push_back(std::move(text));
  return id;
}

SetId Maker::map(std::string name, std::vector<Declared> key, std::vector<Declared> data) {
  const SetId id = set(std::move(name), std::move(key), {Set::Data::values, false});
  for (const Declared& d : data) model().sets[id].data.push_back(width(d.type));
  ruleset_->sets[id].data = std::move(data);
  return id;
}

SetId Maker::anonymous(std::vector<Declared> key) {
  return set({}, std::move(key), {});
}

SetId Maker::memory(std::string name, std::vector<Declared> key, std::uint32_t capacity,
                    std::uint32_t timeout_seconds) {
  const SetId id = set(std::move(name), std::move(key), {});
  model().sets[id].dynamic = true;
  model().sets[id].timeout_seconds = timeout_seconds;
  ruleset_->sets[id].capacity = capacity;
  return id;
}

ChainId Maker::chain(std::string name) {
  Table& table = ruleset_->tables[table_];
  const auto id = static_cast<ChainId>(model().chains.size());
  netfilter::Chain chain;
  chain.table = table.id();
  chain.name = std::move(name);
  chain.ipv4 = v4();
  chain.ipv6 = !v4();
  model().chains.push_back(std::move(chain));
  table.chains.push_back(id);
  return id;
}

ChainId Maker::base(std::string name, netfilter::ChainType type, netfilter::Hook hook, std::int32_t priority) {
  const ChainId id = chain(std::move(name));
  model().chains[id].base = netfilter::BaseHook{type, hook, priority, false};
  return id;
}

void Maker::rule(ChainId chain, Statements statements) {
  model().chains[chain].rules.push_back({std::move(statements), {}});
}

Declared Maker::address_type(std::string_view direction) const {
  return {v4() ? Type::ipv4_addr : Type::ipv6_addr, (v4() ? "ip " : "ip6 ") + std::string(direction)};
}

// ---- terms and statements

std::vector<Term> Maker::frontend_key() const {
  return {destination(), field(Field::protocol), field(Field::destination_port)};
}

std::vector<Term> Maker::port_key() {
  return {field(Field::protocol), field(Field::destination_port)};
}

Statement Maker::state(std::uint32_t bits) {
  return netfilter::Match{{field(Field::ct_state)}, netfilter::AnyBit{bits}, false};
}

Statement Maker::in(std::vector<Term> key, SetId set, bool negated) {
  return netfilter::Match{std::move(key), netfilter::InSet{set}, negated};
}

Statement Maker::equals(Term term, std::uint32_t value, bool negated) {
  return netfilter::Match{{std::move(term)}, netfilter::Equals{Value::number(value)}, negated};
}

namespace {

Statement within(Term term, const net::Prefix& prefix, bool negated) {
  term.mask = Value::mask(prefix.length());
  return netfilter::Match{{std::move(term)}, netfilter::Equals{Value::address(prefix.address())}, negated};
}

}  // namespace

Statement Maker::from(const net::Prefix& prefix, bool negated) const {
  return within(source(), prefix, negated);
}
Statement Maker::to(const net::Prefix& prefix, bool negated) const {
  return within(destination(), prefix, negated);
}

Statement Maker::interface(std::string_view name, bool is_prefix, bool negated) {
  Term term = field(Field::input_interface);
  if (is_prefix) term.mask = Value::mask(static_cast<int>(8 * name.size()));
  return netfilter::Match{{std::move(term)}, netfilter::Equals{Value::interface(name)}, negated};
}

Statement Maker::marked(std::uint32_t bit) {
  Term term = field(Field::mark);
  term.mask = Value::number(bit);
  return equals(std::move(term), 0, true);
}

Statement Maker::set_mark_bit(std::uint32_t bit) {
  Term term = field(Field::mark);
  term.mask = Value::number(~bit);
  term.flip = Value::number(bit);
  return netfilter::Assign{Field::mark, {{std::move(term)}, {}}};
}

Statement Maker::flip_mark_bit(std::uint32_t bit) {
  Term term = field(Field::mark);
  term.flip = Value::number(bit);
  return netfilter::Assign{Field::mark, {{std::move(term)}, {}}};
}

Statement Maker::assign_scratch(Value mask, Value flip) {
  Term term = field(Field::priority);
  term.mask = mask;
  term.flip = flip;
  return netfilter::Assign{Field::priority, {{std::move(term)}, {}}};
}

Statement Maker::scratch_and(std::uint32_t mask) {
  return assign_scratch(Value::number(mask), {});
}
Statement Maker::scratch_or(std::uint32_t bits) {
  return assign_scratch(Value::number(~bits), Value::number(bits));
}

Statement Maker::scratch(std::uint32_t value) {
  Term term;
  term.source = netfilter::Constant{Value::number(value), 1};
  return netfilter::Assign{Field::priority, {{std::move(term)}, {}}};
}

Statement Maker::scratch(std::vector<Term> key, SetId map) {
  return netfilter::Assign{Field::priority, {std::move(key), map}};
}

Statement Maker::decide(Verdict::Kind kind, ChainId chain) {
  return netfilter::Decide{{kind, chain}};
}

Statement Maker::translate(std::vector<Term> key, SetId map) const {
  return netfilter::Translate{{std::move(key), map}, family_, true};
}

Statement Maker::of_protocols() {
  const SetId id = anonymous({protocol_type()});
  for (const net::Protocol p : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp})
    elements(id).key(number(p));
  return in({field(Field::protocol)}, id);
}

}  // namespace portcullis::nftables
