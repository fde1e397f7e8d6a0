#include <algorithm>

#include <fmt/format.h>

#include "backends/nftables/check_model.hpp"
#include "backends/nftables/json_text.hpp"
#include "backends/nftables/nftables.hpp"
#include "backends/nftables/read_json.hpp"
#include "backends/nftables/reader.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::nftables {

namespace {

using netfilter::ChainId;
using netfilter::SetId;

// `counter`, `ct helper`, `flowtable`, … as objects of a table: what rules do with them is read with the rule.
bool is_object(std::string_view word) {
  static constexpr std::string_view words[] = {"counter",   "quota",   "limit",    "ct",
                                               "flowtable", "secmark", "synproxy", "tunnel"};
  return std::ranges::find(words, word) != std::end(words);
}

std::optional<TableFamily> parse_family(std::string_view word) {
  if (word == "ip") return TableFamily::ip;
  if (word == "ip6") return TableFamily::ip6;
  if (word == "inet") return TableFamily::inet;
  if (word == "arp" || word == "bridge" || word == "netdev") return TableFamily::other;
  return {};
}

std::optional<netfilter::Hook> parse_hook(std::string_view word) {
  using netfilter::Hook;
  for (const Hook hook : {Hook::prerouting, Hook::input, Hook::forward, Hook::output, Hook::postrouting}) {
    if (word == to_string(hook)) return hook;
  }
  return {};
}

std::optional<netfilter::ChainType> parse_chain_type(std::string_view word) {
  using netfilter::ChainType;
  for (const ChainType type : {ChainType::filter, ChainType::nat, ChainType::route}) {
    if (word == to_string(type)) return type;
  }
  return {};
}

}  // namespace

std::optional<Ruleset> read(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  return is_json(text) ? read_json(file, text, diagnostics) : Reader(file, text, diagnostics).read();
}

Reader::Reader(base::FileId file, std::string_view text, base::Diagnostics& diagnostics)
    : file_(file), text_(text), diagnostics_(diagnostics), lexer_(text) {}

std::optional<Ruleset> Reader::read() {
  try {
    if (text_.size() > UINT32_MAX / 2) fail("a file of more than 2 GB");
    read_head(text_);
    lexer_.skip_newlines();
    while (lexer_.peek().kind != Token::Kind::end) {
      command();
      lexer_.skip_newlines();
    }
    finish();
  } catch (const Unreadable& e) {
    const std::string_view word = e.at.text.substr(0, 60);
    const std::string at = e.at.kind == Token::Kind::end       ? "the end"
                           : e.at.kind == Token::Kind::newline ? "the end of the line"
                                                               : fmt::format("`{}`", base::printable(word));
    diagnostics_.add("PC5014", fmt::format("cannot read this at {}: {}", at, e.why), {file_, e.at.begin, e.at.end});
    return {};
  }
  return std::move(out_);
}

void Reader::read_head(std::string_view text) {
  while (text.starts_with('#')) {
    const std::size_t end = text.find('\n');
    out_.head.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

void Reader::command() {
  if (lexer_.peek().is("table")) return table();
  if (lexer_.take("flush")) return flush();
  if (lexer_.take("add"))
    return lexer_.peek().is("table") ? add_or_delete(true) : fail("only `add table` is read here");
  if (lexer_.take("delete"))
    return lexer_.peek().is("table") ? add_or_delete(false) : fail("only `delete table` is read here");
  fail("a table is expected");
}

// What a file of ours does with an older load. Deleting somebody else's table is no ruleset.
void Reader::add_or_delete(bool add) {
  lexer_.take("table");
  const std::optional<TableFamily> family = parse_family(lexer_.peek().text);
  if (!family) fail("a family is expected");
  if (*family == TableFamily::other) fail("only our own table is added or deleted");
  lexer_.take();
  if (name("a table") != table_name) fail("only our own table is added or deleted");
  if (!add && std::ranges::find(out_.removed, *family) == out_.removed.end()) out_.removed.push_back(*family);
  end_of_statement();
}

// In front of what is filled in anew: no meaning of its own.
void Reader::flush() {
  if (!lexer_.take("table") && !lexer_.take("set") && !lexer_.take("map") && !lexer_.take("ruleset"))
    fail("cannot flush this");
  while (lexer_.peek().kind == Token::Kind::word) lexer_.take();
  end_of_statement();
}

void Reader::end_of_statement() {
  if (lexer_.take(";")) return;
  const Token& t = lexer_.peek();
  if (t.kind != Token::Kind::newline && t.kind != Token::Kind::end && !t.is("}"))
    fail("the end of the line is expected");
  if (t.kind == Token::Kind::newline) lexer_.take();
}

std::string_view Reader::name(const char* what) {
  // nft takes no quotes here, and a backslash could join the next line to this one.
  const Token& t = lexer_.peek();
  if (t.kind != Token::Kind::word || t.text.find('\\') != std::string_view::npos)
    fail(fmt::format("the name of {} is expected", what));
  return lexer_.take().text;
}

void Reader::skip_block() {
  while (lexer_.peek().kind != Token::Kind::end && !lexer_.peek().is("{")) lexer_.take();
  std::size_t depth = 0;
  do {
    if (lexer_.peek().kind == Token::Kind::end) fail("a block does not end");
    const Token t = lexer_.take();
    if (t.is("{")) ++depth;
    if (t.is("}")) --depth;
  } while (depth > 0);
}

// ---- tables

Reader::TableState& Reader::table_state(const std::string& family, const std::string& name) {
  const auto [at, fresh] = states_.try_emplace(family + " " + name);
  if (fresh) {
    at->second.table = out_.tables.size();
    Table table;
    table.family = *parse_family(family);
    table.name = name;
    out_.tables.push_back(std::move(table));
  }
  return at->second;
}

void Reader::table() {
  const Token begin = lexer_.take();
  std::string family = "ip";  // nft's default
  if (parse_family(lexer_.peek().text)) family = lexer_.take().text;
  const std::string_view table_word = name("a table");
  if (*parse_family(family) == TableFamily::other) {
    out_.beyond.push_back(fmt::format("{} {}", family, table_word));
    lexer_.rewind(begin);
    return skip_block();
  }
  TableState& state = table_state(family, std::string(table_word));
  if (!lexer_.take("{")) fail("`{` is expected");
  lexer_.skip_newlines();
  while (!lexer_.take("}")) {
    table_item(state);
    lexer_.skip_newlines();
  }
}

void Reader::table_item(TableState& state) {
  if (lexer_.take(";")) return;
  const Token& t = lexer_.peek();
  if (t.is("set")) return set(state, false);
  if (t.is("map")) return set(state, true);
  if (t.is("chain")) return chain(state);
  if (lexer_.take("comment")) {
    if (lexer_.peek().kind != Token::Kind::quoted) fail("a comment in quotes is expected");
    out_.tables[state.table].comment = lexer_.take().text;
    return end_of_statement();
  }
  if (lexer_.take("flags")) {
    while (lexer_.peek().kind == Token::Kind::word || lexer_.peek().is(",")) {
      if (lexer_.take().is("dormant")) state.dormant = true;
    }
    return end_of_statement();
  }
  if (t.kind == Token::Kind::word && is_object(t.text)) return skip_block();
  fail("a set, map or chain is expected");
}

netfilter::SetId Reader::set_id(TableState& state, std::string_view name) {
  const auto [at, fresh] = state.sets.try_emplace(name, static_cast<SetId>(out_.model.sets.size()));
  if (fresh) {
    netfilter::Set set;
    set.table = out_.tables[state.table].id();
    set.name = name;
    out_.model.sets.push_back(std::move(set));
    out_.sets.emplace_back();
    set_declared_.push_back(false);
  }
  return at->second;
}

// ---- chains

netfilter::ChainId Reader::chain_id(TableState& state, std::string_view name) {
  const auto [at, fresh] = state.chains.try_emplace(name, static_cast<ChainId>(out_.model.chains.size()));
  if (fresh) {
    const Table& table = out_.tables[state.table];
    netfilter::Chain chain;
    chain.table = table.id();
    chain.name = name;
    chain.ipv4 = table.family != TableFamily::ip6;
    chain.ipv6 = table.family != TableFamily::ip;
    out_.model.chains.push_back(std::move(chain));
    chain_declared_.push_back(false);
  }
  return at->second;
}

void Reader::chain(TableState& state) {
  lexer_.take("chain");
  const ChainId id = chain_id(state, name("a chain"));
  if (!chain_declared_[id]) out_.tables[state.table].chains.push_back(id);
  chain_declared_[id] = true;
  if (!lexer_.take("{")) fail("`{` is expected");
  lexer_.skip_newlines();
  while (!lexer_.take("}")) {
    const Token& t = lexer_.peek();
    if (t.kind == Token::Kind::end) fail("a chain does not end");
    if (t.is("type") || t.is("policy")) {
      chain_header(id, state);
    } else if (lexer_.take("comment")) {
      lexer_.take();
      end_of_statement();
    } else if (!lexer_.take(";")) {
      rule(id, state);
    }
    lexer_.skip_newlines();
  }
}

void Reader::chain_header(netfilter::ChainId id, const TableState& state) {
  netfilter::Chain& chain = out_.model.chains[id];
  if (lexer_.take("policy")) {
    if (!chain.base) fail("a policy belongs to a base chain");
    chain.base->policy_drop = lexer_.peek().is("drop");
    if (!lexer_.take("drop") && !lexer_.take("accept")) fail("`accept` or `drop` is expected");
    return end_of_statement();
  }
  lexer_.take("type");
  netfilter::BaseHook base;
  const auto type = parse_chain_type(lexer_.take().text);
  if (!type || !lexer_.take("hook")) fail("a chain type and its hook are expected");
  base.type = *type;
  const Token hook = lexer_.take();
  if (hook.is("ingress") || hook.is("egress")) {
    out_.beyond.push_back(fmt::format("{} chain {}", out_.tables[state.table].id(), chain.name));
    while (lexer_.peek().kind != Token::Kind::newline && lexer_.peek().kind != Token::Kind::end &&
           !lexer_.peek().is("}"))
      lexer_.take();
    return;
  }
  const auto at = parse_hook(hook.text);
  if (!at || !lexer_.take("priority")) fail("a hook and its priority are expected");
  base.hook = *at;
  const auto from = parse_priority(lexer_.take().text);
  if (!from) fail("a priority is expected");
  std::int64_t priority = *from;
  for (const int sign : {1, -1}) {
    if (!lexer_.take(sign > 0 ? "+" : "-")) continue;
    const auto offset = parse_priority(lexer_.take().text);
    if (!offset || *offset > 100'000 || *offset < 0) fail("a number is expected");
    priority += std::int64_t{sign} * *offset;
  }
  base.priority = static_cast<std::int32_t>(priority);
  if (base.priority != priority) fail("a priority of 32 bits is expected");
  chain.base = base;
  end_of_statement();
}

// ---- the end

void Reader::finish() {
  for (const auto& [id, state] : states_) {
    for (const auto& [word, chain] : state.chains) {
      if (!chain_declared_[chain]) throw Unreadable{lexer_.peek(), fmt::format("table {} has no chain `{}`", id, word)};
    }
    for (const auto& [word, set] : state.sets) {
      if (!set_declared_[set]) throw Unreadable{lexer_.peek(), fmt::format("table {} has no set `{}`", id, word)};
    }
    if (!state.dormant) continue;
    for (const ChainId chain : out_.tables[state.table].chains) out_.model.chains[chain].base.reset();
  }
  if (const std::string why = complete(out_, unmodelled_sets_); !why.empty()) throw Unreadable{lexer_.peek(), why};
}

}  // namespace portcullis::nftables
