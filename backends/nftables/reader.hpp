// Recursive descent over nft text: files, `nft list ruleset`, other people's tables. Structure that cannot be read is a
// finding; a match that is not known becomes an Opaque statement, and a statement that is not known becomes an
// Unmodelled one (from its first word to the end of the rule), so that nothing is ever left out in silence.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backends/nftables/lexer.hpp"
#include "backends/nftables/ruleset.hpp"
#include "backends/nftables/values.hpp"
#include "compiler/base/diagnostic.hpp"

namespace portcullis::nftables {

class Reader {
 public:
  Reader(base::FileId file, std::string_view text, base::Diagnostics& diagnostics);
  std::optional<Ruleset> read();

 private:
  // Thrown at a token that cannot be read; caught around a rule and around the whole.
  struct Unreadable {
    Token at;
    std::string why;
  };
  struct TableState {
    std::size_t table = 0;  // index into Ruleset::tables
    std::unordered_map<std::string_view, netfilter::ChainId> chains;
    std::unordered_map<std::string_view, netfilter::SetId> sets;
    bool dormant = false;
  };
  // A concatenation as it was read.
  struct Key {
    std::vector<netfilter::Term> terms;
    std::vector<Type> types;
  };
  struct Primary {
    netfilter::Term term;
    Type type{};
  };

  // ---- structure (read.cpp)
  void read_head(std::string_view text);
  void command();
  void add_or_delete(bool add);
  void flush();
  void table();
  void table_item(TableState& state);
  void chain(TableState& state);
  void chain_header(netfilter::ChainId id, const TableState& state);
  void skip_block();
  void end_of_statement();
  std::string_view name(const char* what);
  TableState& table_state(const std::string& family, const std::string& name);
  netfilter::ChainId chain_id(TableState& state, std::string_view name);
  netfilter::SetId set_id(TableState& state, std::string_view name);
  void finish();

  // ---- sets (read_set.cpp)
  void set(TableState& state, bool is_map);
  void set_property(netfilter::SetId id, bool is_map);
  void set_type(netfilter::SetId id, bool is_map, bool by_expression);
  std::vector<Declared> declared_fields(bool by_expression, bool& known);
  void set_flags(netfilter::SetId id);
  // Behind `{`, up to and with `}`. `data`: types a map's values may have.
  void elements(netfilter::SetId id, const std::vector<Type>& data);
  void element(netfilter::SetId id, const std::vector<Type>& data);
  void element_key(netfilter::Set& set, const SetText& text);
  std::string_view element_attributes();
  void element_data(netfilter::SetId id, const std::vector<Type>& data);

  // ---- rules (read_rule.cpp, read_expression.cpp)
  void rule(netfilter::ChainId chain, TableState& state);
  bool rule_ends() const;
  // Without blanks at the end.
  base::SourceSpan trimmed(std::uint32_t begin, std::uint32_t end) const;
  // Matches of nft that are not known here (read_opaque.cpp): false if `first` does not begin one.
  bool opaque(const Token& first);
  void statement();
  bool plain_statement(const Token& first);
  void relation();
  void compare(Key key);
  void compare_value(Key key, const Token& op);
  void compare_bits(netfilter::Term term, Type type, const Token& op);
  void assign(netfilter::Field field);
  void translate();
  void update(const Token& word);
  void reject();
  void counter();
  void log();
  std::optional<netfilter::Verdict> verdict();
  Key key();
  Primary primary();
  Primary field(netfilter::Field field, Type type);
  Primary transport(const Token& protocol);
  Primary meta(const Token& word);
  Primary conntrack();
  Primary network(bool v4);
  Primary fib();
  Primary numgen();
  void require(netfilter::Field wanted, std::uint32_t value);
  void bit_operations(netfilter::Term& term, Type type);
  netfilter::Expression value_expression(Type type);
  // `@name` or an anonymous set of this key.
  netfilter::SetId set_reference(const Key& key, netfilter::Set::Data holds, const std::vector<Type>& data);
  netfilter::Value value_of(Type type);
  [[noreturn]] void fail(std::string why) { throw Unreadable{lexer_.peek(), std::move(why)}; }

  base::FileId file_;
  std::string_view text_;
  base::Diagnostics& diagnostics_;
  Lexer lexer_;
  Ruleset out_;
  std::map<std::string, TableState> states_;
  std::map<netfilter::SetId, std::string> unmodelled_sets_;
  std::vector<bool> set_declared_, chain_declared_;
  // of the rule being read
  TableState* state_ = nullptr;
  std::vector<netfilter::Statement>* statements_ = nullptr;
};

}  // namespace portcullis::nftables
