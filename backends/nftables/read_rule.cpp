// Rules: statements from left to right. A statement that is not known turns the rest of the rule into an Unmodelled
// one.
#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/reader.hpp"

namespace portcullis::nftables {

using netfilter::Field;
using netfilter::Statement;
using netfilter::Value;
using netfilter::Verdict;

bool Reader::rule_ends() const {
  const Token& t = lexer_.peek();
  return t.kind == Token::Kind::newline || t.kind == Token::Kind::end || t.is(";") || t.is("}");
}

base::SourceSpan Reader::trimmed(std::uint32_t begin, std::uint32_t end) const {
  while (end > begin && std::string_view(" \t\r\n\\").find(text_[end - 1]) != std::string_view::npos) --end;
  return {file_, begin, end};
}

void Reader::rule(netfilter::ChainId chain, TableState& state) {
  state_ = &state;
  std::vector<Statement> statements;
  statements_ = &statements;
  const std::uint32_t begin = lexer_.peek().begin;
  const std::size_t known = out_.model.opaque.size();
  std::uint32_t end = begin;
  while (!rule_ends()) {
    const Token first = lexer_.peek();
    const std::size_t complete = statements.size();
    try {
      statement();
      end = lexer_.peek().begin;
    } catch (const Unreadable&) {
      statements.resize(complete);
      lexer_.rewind(first);
      if (opaque(first)) {
        end = lexer_.peek().begin;
        continue;
      }
      std::size_t depth = 0;
      while (depth > 0 || !rule_ends()) {
        if (lexer_.peek().kind == Token::Kind::end) fail("a rule does not end");
        const Token t = lexer_.take();
        if (t.is("{")) ++depth;
        if (t.is("}")) --depth;
        end = t.end;
      }
      statements.push_back(netfilter::Unmodelled{std::string(lexer_.text(first.begin, end))});
    }
  }
  if (lexer_.peek().is(";") || lexer_.peek().kind == Token::Kind::newline) lexer_.take();
  const base::SourceSpan span = trimmed(begin, end);
  for (std::size_t i = known; i < out_.model.opaque.size(); ++i) out_.model.opaque[i].span = span;
  out_.model.chains[chain].rules.push_back({std::move(statements), span});
}

void Reader::statement() {
  const Token first = lexer_.peek();
  if (first.kind != Token::Kind::word) fail("a statement is expected");
  if (!plain_statement(first)) relation();
}

// Statements that begin with a word of their own.
bool Reader::plain_statement(const Token& first) {
  if (const auto v = verdict()) {
    statements_->push_back(netfilter::Decide{*v});
  } else if (first.is("counter")) {
    counter();
  } else if (lexer_.take("comment")) {
    if (lexer_.take().kind != Token::Kind::quoted) fail("a comment in quotes is expected");
  } else if (first.is("log")) {
    log();
  } else if (lexer_.take("reject")) {
    reject();
  } else if (lexer_.take("masquerade")) {
    while (lexer_.take("random") || lexer_.take("fully-random") || lexer_.take("persistent") || lexer_.take(",")) {
    }
    if (!rule_ends() && !lexer_.peek().is("comment")) fail("masquerade to ports");
    statements_->push_back(netfilter::Masquerade{});
  } else if (lexer_.take("dnat")) {
    translate();
  } else if (first.is("update") || first.is("add") || first.is("delete")) {
    update(lexer_.take());
  } else if (first.is("meta") || first.is("mark")) {
    // `meta mark set …`; `meta mark …` alone is a comparison.
    lexer_.take("meta");
    const Token field = lexer_.take();
    const bool known = field.is("mark") || field.is("priority");
    if (!lexer_.take("set")) {
      lexer_.rewind(first);
      return false;
    }
    if (!known) fail("meta set");
    assign(field.is("mark") ? Field::mark : Field::priority);
  } else {
    return false;
  }
  return true;
}

std::optional<Verdict> Reader::verdict() {
  using Kind = Verdict::Kind;
  if (lexer_.take("accept")) return Verdict{Kind::accept, 0};
  if (lexer_.take("drop")) return Verdict{Kind::drop, 0};
  if (lexer_.take("return")) return Verdict{Kind::back, 0};
  if (lexer_.take("continue")) return Verdict{Kind::go_on, 0};
  const bool jump = lexer_.peek().is("jump");
  if (!jump && !lexer_.peek().is("goto")) return {};
  lexer_.take();
  return Verdict{jump ? Kind::jump : Kind::go_to, chain_id(*state_, name("a chain"))};
}

// `counter`, `counter packets 0 bytes 0`, `counter name x`: of no meaning for a packet.
void Reader::counter() {
  lexer_.take("counter");
  if (lexer_.take("name")) {
    lexer_.take();
    return;
  }
  for (const char* word : {"packets", "bytes"}) {
    if (lexer_.take(word)) lexer_.take();
  }
}

void Reader::log() {
  lexer_.take("log");
  while (lexer_.peek().is("prefix") || lexer_.peek().is("level") || lexer_.peek().is("group") ||
         lexer_.peek().is("snaplen") || lexer_.peek().is("queue-threshold") || lexer_.peek().is("flags")) {
    const bool flags = lexer_.take().is("flags");
    do {
      lexer_.take();
    } while (flags && (lexer_.take(",") || lexer_.peek().is("options") || lexer_.peek().is("sequence")));
  }
}

// Whatever the sender is told, it is told.
void Reader::reject() {
  if (lexer_.take("with")) {
    while (!rule_ends() && !lexer_.peek().is("comment")) lexer_.take();
  }
  statements_->push_back(netfilter::Reject{});
}

void Reader::assign(Field field) {
  const Type type = field == Field::mark ? Type::mark : Type::classid;
  statements_->push_back(netfilter::Assign{field, value_expression(type)});
}

// `dnat [ip] to 10.0.0.1[:80]`, `dnat ip to KEY map @m`, `… map { 0 : 10.0.0.1 . 80 }`.
void Reader::translate() {
  net::Family family = out_.tables[state_->table].family == TableFamily::ip6 ? net::Family::ipv6 : net::Family::ipv4;
  if (lexer_.take("ip6")) {
    family = net::Family::ipv6;
  } else if (!lexer_.take("ip") && out_.tables[state_->table].family == TableFamily::inet) {
    fail("dnat without a family");
  }
  if (lexer_.take("addr")) (void)(lexer_.take(".") && lexer_.take("port"));  // `dnat ip addr . port to`
  if (!lexer_.take("to")) fail("`to` is expected");
  const Type address = family == net::Family::ipv4 ? Type::ipv4_addr : Type::ipv6_addr;
  netfilter::Translate out;
  out.family = family;
  const auto constant = [&](Type type, std::string_view text) {
    const auto value = parse_value(type, text);
    if (!value) fail("an address is expected");
    out.value.terms.push_back({netfilter::Constant{*value, width(type)}, Value::all_ones(), {}});
  };
  const Token word = lexer_.peek();
  const bool v6_with_port = word.text.starts_with('[') && word.text.find("]:") != std::string_view::npos;
  const std::size_t colon = v6_with_port                  ? word.text.find("]:") + 1
                            : family == net::Family::ipv4 ? word.text.find(':')
                                                          : std::string_view::npos;
  const std::string_view host = v6_with_port ? word.text.substr(1, colon - 2) : word.text.substr(0, colon);
  if (parse_value(address, host)) {
    lexer_.take();
    constant(address, host);
    out.has_port = colon != std::string_view::npos;
    if (out.has_port) constant(Type::inet_service, word.text.substr(colon + 1));
  } else {
    Key k = key();
    if (!lexer_.take("map")) fail("`map` is expected");
    const netfilter::SetId map = set_reference(k, netfilter::Set::Data::values, {address, Type::inet_service});
    out.value = {std::move(k.terms), map};
    out.has_port = out_.model.sets[map].data.size() == 2;
  }
  while (lexer_.take("random") || lexer_.take("fully-random") || lexer_.take("persistent") || lexer_.take(",")) {
  }
  statements_->push_back(std::move(out));
}

// `update @memory { ip saddr . meta priority timeout 10m }`.
void Reader::update(const Token& word) {
  using Operation = netfilter::Update::Operation;
  netfilter::Update out;
  out.operation = word.is("update") ? Operation::refresh : word.is("add") ? Operation::add : Operation::remove;
  if (!lexer_.take("@")) fail("a set is expected");
  out.set = set_id(*state_, name("a set"));
  if (!lexer_.take("{")) fail("`{` is expected");
  out.key = key().terms;
  if (lexer_.take("timeout")) {
    out.timeout_seconds = parse_duration(lexer_.take().text);
    if (!out.timeout_seconds) fail("a duration is expected");
  }
  if (lexer_.peek().is("counter")) counter();
  if (!lexer_.take("}")) fail("`}` is expected");
  statements_->push_back(std::move(out));
}

// ---- comparisons and verdict maps

void Reader::relation() {
  Key k = key();
  if (lexer_.take("vmap")) {
    const netfilter::SetId map = set_reference(k, netfilter::Set::Data::verdicts, {});
    statements_->push_back(netfilter::DecideByMap{std::move(k.terms), map});
    return;
  }
  compare(std::move(k));
}

void Reader::compare(Key key) {
  if (key.terms.size() == 1) bit_operations(key.terms.front(), key.types.front());
  static constexpr std::string_view operators[] = {"==", "!=", "<", ">", "<=", ">=", "!", "in"};
  Token op{};
  if (std::ranges::any_of(operators, [&](std::string_view o) { return lexer_.peek().is(o); })) op = lexer_.take();
  if (lexer_.peek().is("@") || lexer_.peek().is("{")) {
    const bool negated = op.is("!=");
    if (op.kind != Token::Kind::end && !negated && !op.is("==") && !op.is("in")) fail("a set is not compared so");
    const netfilter::SetId set = set_reference(key, netfilter::Set::Data::none, {});
    statements_->push_back(netfilter::Match{std::move(key.terms), netfilter::InSet{set}, negated});
    return;
  }
  if (key.terms.size() != 1) fail("a set is expected");
  const Type type = key.types.front();
  if (type == Type::ct_state || type == Type::ct_status) return compare_bits(std::move(key.terms.front()), type, op);
  compare_value(std::move(key), op);
}

void Reader::compare_bits(netfilter::Term term, Type type, const Token& op) {
  std::uint32_t bits = 0;
  do {
    bits |= value_of(type).words[0];
  } while (lexer_.take(","));
  netfilter::Match match{{std::move(term)}, netfilter::AnyBit{bits}, op.is("!")};
  if (op.is("==") || op.is("!=")) {
    match.test = netfilter::Equals{Value::number(bits)};
    match.negated = op.is("!=");
  } else if (op.kind != Token::Kind::end && !op.is("!")) {
    fail("states are not compared so");
  }
  statements_->push_back(std::move(match));
}

void Reader::compare_value(Key key, const Token& op) {
  netfilter::Term& term = key.terms.front();
  const Type type = key.types.front();
  const Token word = lexer_.take();
  if (word.kind != Token::Kind::word && word.kind != Token::Kind::quoted) throw Unreadable{word, "a value is expected"};
  const auto range = parse_range(type, word.text);
  if (!range || lexer_.peek().is(",")) throw Unreadable{word, "this value cannot be read"};
  netfilter::Match match;
  match.negated = op.is("!=");
  const Value everything = Value::mask(32 * width(type));
  if (op.is("<") || op.is("<=") || op.is(">") || op.is(">=")) {
    if (!range->single() || width(type) != 1) fail("not compared so");
    const std::uint32_t n = range->low.words[0];
    if ((op.is("<") && n == 0) || (op.is(">") && n == ~0U)) fail("a comparison that never holds");
    const bool below = op.is("<") || op.is("<=");
    match.test = netfilter::Between{Value::number(below        ? 0
                                                  : op.is(">") ? n + 1
                                                               : n),
                                    Value::number(!below       ? ~0U
                                                  : op.is("<") ? n - 1
                                                               : n)};
  } else if (op.kind != Token::Kind::end && !op.is("==") && !op.is("!=")) {
    fail("not compared so");
  } else if (range->single()) {
    match.test = netfilter::Equals{range->low};
  } else {
    // A prefix (or `veth*`) is compared under its mask, as nft lists it; anything else is a range.
    const Value differing = range->low ^ range->high;
    Value mask = everything;
    for (std::size_t i = 0; i < 4; ++i) mask.words[i] &= ~differing.words[i];
    const bool prefix = word.text.find('/') != std::string_view::npos || type == Type::ifname;
    if (prefix) {
      term.mask = mask;
      match.test = netfilter::Equals{range->low};
    } else {
      match.test = netfilter::Between{range->low, range->high};
    }
  }
  match.key = std::move(key.terms);
  statements_->push_back(std::move(match));
}

}  // namespace portcullis::nftables
