#include "backends/iptables/read_rule.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "backends/iptables/options.hpp"
#include "backends/iptables/probability.hpp"
#include "backends/iptables/words.hpp"

namespace portcullis::iptables {

namespace {

class RuleReader {
 public:
  RuleReader(std::span<const Token> words, const RuleContext& context, Rule& rule)
      : words_(words), context_(context), rule_(rule) {}

  std::optional<RuleError> read() {
    while (at_ < words_.size() && !error_) {
      const Token& word = words_[at_++];
      if (word.text == "!") {
        if (negated_) fail("`!` twice", word);
        negated_ = true;
        continue;
      }
      const auto option = find_option(word.text);
      if (!option && narrows(word)) {
        unknown_option(word);
        continue;
      }
      if (!option) {
        fail(fmt::format("unknown option `{}`", word.text), word);
        break;
      }
      option_ = &word;
      read(*option);
      if (negated_ && !error_) fail(fmt::format("`!` before `{}`, which has no negation", word.text), word);
    }
    if (!error_ && negated_) fail("`!` without a match behind it", words_.back());
    if (!error_) complete();
    return std::move(error_);
  }

 private:
  void fail(std::string message, const Token& token) {
    if (!error_) error_ = RuleError{std::move(message), token};
  }

  const Token* value() {
    if (at_ < words_.size()) return &words_[at_++];
    fail(fmt::format("`{}` without a value", option_->text), *option_);
    return nullptr;
  }

  bool take_negation() { return std::exchange(negated_, false); }

  void read(Option option) {
    switch (option) {
      case Option::source:
        return address(rule_.source);
      case Option::destination:
        return address(rule_.destination);
      case Option::in_interface:
        return interface(false);
      case Option::out_interface:
        return interface(true);
      case Option::protocol:
        return protocol();
      case Option::match:
        return match();
      case Option::jump:
        return target(false);
      case Option::go_to:
        return target(true);
      case Option::source_port:
      case Option::destination_port:
        return port(option);
      case Option::ctstate:
      case Option::state:
        return state();
      case Option::comment:
        return comment();
      case Option::mark:
        return mark();
      case Option::source_type:
      case Option::destination_type:
        return address_type(option);
      case Option::mode:
      case Option::probability:
        return statistic(option);
      case Option::set:
      case Option::rcheck:
      case Option::update:
      case Option::remove:
        return recent_action(option);
      case Option::name:
      case Option::seconds:
      case Option::reap:
      case Option::mask:
      case Option::rsource:
        return recent_option(option);
      case Option::nfacct_name:
        return accounting();
      case Option::reject_with:
        return reject_with();
      case Option::to_destination:
        return to_destination();
      case Option::random_fully:
        return random_fully();
      case Option::set_xmark:
      case Option::set_mark:
      case Option::and_mark:
      case Option::or_mark:
      case Option::xor_mark:
        return set_mark(option);
    }
  }

  // ---- in front of the matches

  bool see_family(net::Family family, const Token& token) {
    if (!context_.family) context_.family = family;
    if (*context_.family == family) return true;
    fail(fmt::format("`{}` is of {}, but these are {} rules", token.text, to_string(family),
                     to_string(*context_.family)),
         token);
    return false;
  }

  void address(std::optional<AddressMatch>& field) {
    const bool negated = take_negation();
    const Token* text = value();
    if (text == nullptr) return;
    const auto prefix = parse_prefix(text->text);
    if (!prefix) return fail(fmt::format("`{}` is no address or prefix", text->text), *text);
    if (!see_family(prefix->family(), *text)) return;
    if (field) return fail(fmt::format("`{}` twice in one rule", option_->text), *option_);
    if (prefix->length() > 0 || negated) field = AddressMatch{*prefix, negated};
  }

  void interface(bool out) {
    InterfaceMatch m{out, {}, false, take_negation()};
    const Token* text = value();
    if (text == nullptr) return;
    std::string_view name = text->text;
    if (name.empty() || name.size() > 15) return fail(fmt::format("`{}` is no interface name", name), *text);
    m.is_prefix = name.ends_with('+');
    if (m.is_prefix) name.remove_suffix(1);
    m.name = name;
    rule_.matches.emplace_back(std::move(m));
  }

  void protocol() {
    const bool negated = take_negation();
    const Token* text = value();
    if (text == nullptr) return;
    const auto number = parse_protocol_word(text->text);
    if (!number) return fail(fmt::format("unknown protocol `{}`", text->text), *text);
    if (*number != 0 || negated) rule_.protocol = ProtocolMatch{*number, negated};
  }

  // ---- matches

  template <class M>
  M* current() {
    if (rule_.matches.empty()) return nullptr;
    return std::get_if<M>(&rule_.matches.back());
  }
  template <class M>
  M* expect(std::string_view match_name) {
    M* m = current<M>();
    if (m == nullptr) fail(fmt::format("`{}` without `-m {}` before it", option_->text, match_name), *option_);
    return m;
  }

  void match() {
    const Token* name = value();
    if (name == nullptr) return;
    const std::string_view n = name->text;
    match_ = name;
    if (n == "comment") return;
    if (n == "tcp") return open(PortMatch{net::Protocol::tcp, {}, {}});
    if (n == "udp") return open(PortMatch{net::Protocol::udp, {}, {}});
    if (n == "sctp") return open(PortMatch{net::Protocol::sctp, {}, {}});
    if (n == "conntrack" || n == "state") return open(StateMatch{});
    if (n == "mark") return open(MarkMatch{});
    if (n == "addrtype") return open(AddressTypeMatch{});
    if (n == "statistic") return open(StatisticMatch{0, 0});
    if (n == "recent") return open(RecentMatch{});
    if (n == "nfacct") return open(AccountingMatch{});
    unknown_match();
  }

  // `-m name` and all that belongs to it.
  void unknown_match() {
    if (open_ != nullptr) return fail(fmt::format("`-m {}` has nothing to match", open_->text), *open_);
    OpaqueMatch m;
    add_word(m.text, words_[at_ - 2]);
    add_word(m.text, words_[at_ - 1]);
    while (at_ < words_.size() && !begins_another(at_)) add_word(m.text, words_[at_++]);
    rule_.matches.emplace_back(std::move(m));
  }

  // Whether more options of the match at hand only say less of the packets that it takes.
  [[nodiscard]] bool narrows(const Token& word) const {
    if (match_ == nullptr || !word.text.starts_with("--")) return false;
    constexpr auto names = std::to_array<std::string_view>({"addrtype", "conntrack", "sctp", "state", "tcp", "udp"});
    return std::ranges::find(names, match_->text) != names.end();
  }

  // An option of a match that is known, with its values.
  void unknown_option(const Token& option) {
    OpaqueMatch m{fmt::format("-m {}{} {}", match_->text, take_negation() ? " !" : "", option.text)};
    while (at_ < words_.size() && (is_quoted(words_[at_]) || !words_[at_].text.starts_with('-')) &&
           words_[at_].text != "!")
      add_word(m.text, words_[at_++]);
    if (open_ != nullptr) rule_.matches.pop_back();
    open_ = nullptr;
    rule_.matches.emplace_back(std::move(m));
  }

  static bool is_quoted(const Token& word) { return word.end - word.begin != word.text.size(); }
  static void add_word(std::string& text, const Token& word) {
    if (!text.empty()) text += ' ';
    // Without its quotes it would be an option.
    if (is_quoted(word) && (word.text.starts_with('-') || word.text == "!")) {
      append_between_quotes(text, word.text);
    } else {
      append_name(text, word.text);
    }
  }

  // The options of every rule; those of a match stand behind its `-m`.
  [[nodiscard]] bool begins_another(std::size_t at) const {
    if (words_[at].text == "!" && at + 1 < words_.size()) ++at;
    if (is_quoted(words_[at])) return false;
    const auto option = find_option(words_[at].text);
    return option == Option::match || option == Option::jump || option == Option::go_to || option == Option::source ||
           option == Option::destination || option == Option::in_interface || option == Option::out_interface ||
           option == Option::protocol;
  }

  void open(Match m) {
    if (open_ != nullptr) return fail(fmt::format("`-m {}` has nothing to match", open_->text), *open_);
    // `-m tcp` alone is complete.
    open_ = std::holds_alternative<PortMatch>(m) ? nullptr : &words_[at_ - 1];
    // The ports may have come before their `-m tcp`.
    if (const auto* ports = std::get_if<PortMatch>(&m); ports != nullptr) {
      if (const PortMatch* before = find_ports(); before != nullptr && before->protocol == ports->protocol) return;
    }
    rule_.matches.push_back(std::move(m));
  }

  PortMatch* find_ports() {
    for (Match& m : rule_.matches) {
      if (auto* ports = std::get_if<PortMatch>(&m)) return ports;
    }
    return nullptr;
  }

  // `--dport` belongs to the last `-m tcp`, or to what `-p tcp` implies.
  void port(Option option) {
    const bool negated = take_negation();
    PortMatch* ports = find_ports();
    if (ports == nullptr) {
      const auto implied = protocol_with_ports();
      if (!implied) return fail(fmt::format("`{}` without a protocol that has ports", option_->text), *option_);
      rule_.matches.emplace_back(PortMatch{*implied, {}, {}});
      ports = find_ports();
    }
    const Token* text = value();
    if (text == nullptr) return;
    const auto range = parse_ports(text->text);
    if (!range) return fail(fmt::format("`{}` is no port or range", text->text), *text);
    auto& field = option == Option::source_port ? ports->source : ports->destination;
    if (field) return fail(fmt::format("`{}` twice in one rule", option_->text), *option_);
    field = range;
    field->negated = negated;
  }

  std::optional<net::Protocol> protocol_with_ports() const {
    if (!rule_.protocol || rule_.protocol->negated) return {};
    for (const net::Protocol p : {net::Protocol::tcp, net::Protocol::udp, net::Protocol::sctp}) {
      if (net::number(p, net::Family::ipv4) == rule_.protocol->number) return p;
    }
    return {};
  }

  void state() {
    auto* m = expect<StateMatch>("conntrack");
    const Token* text = value();
    if (m == nullptr || text == nullptr) return;
    m->negated = take_negation();
    std::string_view rest = text->text;
    while (true) {
      const std::size_t comma = rest.find(',');
      const std::string_view word = rest.substr(0, comma);
      const auto found = std::ranges::find(state_words(), word, &StateWord::word);
      if (found == state_words().end()) return fail(fmt::format("unknown state `{}`", word), *text);
      m->states |= found->bit;
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
    open_ = nullptr;
  }

  void comment() {
    const Token* text = value();
    if (text == nullptr) return;
    if (rule_.comment.empty()) {
      rule_.comment = text->text;
    } else {
      rule_.comment.append("; ").append(text->text);
    }
  }

  // `v` or `v/m`; without a mask, all bits.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> value_and_mask() {
    const Token* text = value();
    if (text == nullptr) return {};
    const std::size_t slash = text->text.find('/');
    const auto v = parse_mark(text->text.substr(0, slash));
    const auto m = slash == std::string_view::npos ? ~0U : parse_mark(text->text.substr(slash + 1));
    if (!v || !m) {
      fail(fmt::format("`{}` is no mark", text->text), *text);
      return {};
    }
    return std::pair(*v, *m);
  }

  void mark() {
    auto* m = expect<MarkMatch>("mark");
    if (m == nullptr) return;
    m->negated = take_negation();
    const auto v = value_and_mask();
    if (!v) return;
    m->value = v->first;
    m->mask = v->second;
    open_ = nullptr;
  }

  void address_type(Option option) {
    auto* m = expect<AddressTypeMatch>("addrtype");
    const Token* text = value();
    if (m == nullptr || text == nullptr) return;
    if (text->text != "LOCAL") {
      --at_;
      return unknown_option(*option_);
    }
    if (open_ == nullptr) {  // both types under one -m
      rule_.matches.emplace_back(AddressTypeMatch{});
      m = current<AddressTypeMatch>();
    }
    m->negated = take_negation();
    m->which = option == Option::source_type ? AddressTypeMatch::Which::source : AddressTypeMatch::Which::destination;
    open_ = nullptr;
  }

  void statistic(Option option) {
    auto* m = expect<StatisticMatch>("statistic");
    const bool negated = take_negation();
    const Token* text = value();
    if (m == nullptr || text == nullptr) return;
    if (negated) return fail("a negated probability is not read", *option_);
    if (option == Option::mode) {
      if (text->text != "random") fail(fmt::format("unknown statistic mode `{}`", text->text), *text);
      return;
    }
    const auto fraction = parse_probability(text->text);
    if (!fraction) return fail(fmt::format("`{}` is no probability above 0 and up to 1", text->text), *text);
    *m = {fraction->first, fraction->second};
    open_ = nullptr;
  }

  void recent_action(Option option) {
    auto* m = expect<RecentMatch>("recent");
    if (m == nullptr) return;
    if (open_ == nullptr) return fail("two actions of one `-m recent`", *option_);
    m->negated = take_negation();
    m->action = option == Option::set      ? RecentMatch::Action::set
                : option == Option::rcheck ? RecentMatch::Action::rcheck
                : option == Option::update ? RecentMatch::Action::update
                                           : RecentMatch::Action::remove;
    open_ = nullptr;
  }

  void recent_option(Option option) {
    auto* m = expect<RecentMatch>("recent");
    if (m == nullptr) return;
    if (option == Option::rsource) return;
    if (option == Option::reap) {
      m->reap = true;
      return;
    }
    const Token* text = value();
    if (text == nullptr) return;
    if (option == Option::name) {
      if (text->text.empty() || text->text.size() > longest_recent_name || text->text.find('/') != std::string::npos)
        return fail(fmt::format("`{}` is no name of an address list", text->text), *text);
      m->name = text->text;
    } else if (option == Option::seconds) {
      m->seconds = parse_number<std::uint32_t>(text->text);
      if (!m->seconds) fail(fmt::format("`{}` is no number of seconds", text->text), *text);
    } else if (text->text != full_mask(net::Family::ipv4) && text->text != full_mask(net::Family::ipv6)) {
      fail(fmt::format("only whole addresses are remembered here, not under the mask `{}`", text->text), *text);
    }
  }

  void accounting() {
    auto* m = expect<AccountingMatch>("nfacct");
    const Token* text = value();
    if (m == nullptr || text == nullptr) return;
    m->name = text->text;
    open_ = nullptr;
  }

  // ---- targets

  void target(bool go_to) {
    const Token* name = value();
    if (name == nullptr) return;
    if (has_target_) return fail("two targets in one rule", *name);
    has_target_ = true;
    const std::string_view n = name->text;
    if (const auto chain = context_.chains.find(n); chain != context_.chains.end()) {
      rule_.target = Jump{chain->second, go_to};
      return;
    }
    if (go_to) return fail(fmt::format("there is no chain `{}`", n), *name);
    if (n == "ACCEPT") {
      rule_.target = Accept{};
    } else if (n == "DROP") {
      rule_.target = Drop{};
    } else if (n == "RETURN") {
      rule_.target = Return{};
    } else if (n == "REJECT") {
      rule_.target = Reject{};
    } else if (n == "MASQUERADE") {
      rule_.target = Masquerade{};
    } else if (n == "DNAT") {
      rule_.target = Dnat{};
      unfinished_ = name;
    } else if (n == "MARK") {
      rule_.target = SetMark{};
      unfinished_ = name;
    } else {
      fail(fmt::format("`{}` is no chain of this table and no known target", n), *name);
    }
  }

  template <class T>
  T* of_target(std::string_view target_name) {
    auto* t = std::get_if<T>(&rule_.target);
    if (t == nullptr) fail(fmt::format("`{}` without `-j {}` before it", option_->text, target_name), *option_);
    return t;
  }

  void reject_with() {
    auto* t = of_target<Reject>("REJECT");
    const Token* text = value();
    if (t == nullptr || text == nullptr) return;
    for (const net::Family family : net::all_families) {
      const auto& types = reject_types(family);
      const auto found = std::ranges::find(types, text->text);
      if (found == types.end()) continue;
      if (*found != "tcp-reset" && !see_family(family, *text)) return;
      t->with = *found;
      return;
    }
    fail(fmt::format("unknown kind of REJECT `{}`", text->text), *text);
  }

  void to_destination() {
    auto* t = of_target<Dnat>("DNAT");
    const Token* text = value();
    if (t == nullptr || text == nullptr) return;
    const auto destination = parse_destination(text->text);
    if (!destination) return fail(fmt::format("`{}` is no single destination", text->text), *text);
    if (!see_family(destination->address.family(), *text)) return;
    if (unfinished_ == nullptr) return fail("two destinations of one DNAT", *text);
    *t = *destination;
    unfinished_ = nullptr;
  }

  void random_fully() {
    if (auto* t = of_target<Masquerade>("MASQUERADE")) t->random_fully = true;
  }

  // libxt_MARK.c: every spelling is a pair for (mark & ~mask) ^ value.
  void set_mark(Option option) {
    auto* t = of_target<SetMark>("MARK");
    if (t == nullptr) return;
    const auto v = value_and_mask();
    if (!v) return;
    const auto [bits, mask] = *v;
    if (option == Option::set_xmark) *t = {bits, mask};
    if (option == Option::set_mark) *t = {bits, bits | mask};
    if (option == Option::and_mark) *t = {0, ~bits};
    if (option == Option::or_mark) *t = {bits, bits};
    if (option == Option::xor_mark) *t = {bits, 0};
    unfinished_ = nullptr;
  }

  void complete() {
    if (open_ != nullptr) return fail(fmt::format("`-m {}` has nothing to match", open_->text), *open_);
    if (unfinished_ != nullptr)
      return fail(fmt::format("`-j {}` does not say to what", unfinished_->text), *unfinished_);
    for (Match& m : rule_.matches) {
      if (auto* recent = std::get_if<RecentMatch>(&m); recent != nullptr && recent->name.empty())
        recent->name = "DEFAULT";
      const auto* ports = std::get_if<PortMatch>(&m);
      if (ports != nullptr && protocol_with_ports() != ports->protocol) {
        return fail(fmt::format("`-m {0}` needs `-p {0}`", lower_name(ports->protocol)), words_.front());
      }
    }
    // libxt_DNAT.c: ports need a protocol that has some.
    const auto* dnat = std::get_if<Dnat>(&rule_.target);
    if (dnat != nullptr && dnat->port && !protocol_with_ports())
      fail("DNAT to a port without a protocol that has ports", words_.front());
  }

  std::span<const Token> words_;
  const RuleContext& context_;
  Rule& rule_;
  std::size_t at_ = 0;
  const Token* option_ = nullptr;
  const Token* match_ = nullptr;       // the name behind the last `-m`
  const Token* open_ = nullptr;        // a match that has said nothing yet
  const Token* unfinished_ = nullptr;  // a target that lacks its argument
  bool negated_ = false;
  bool has_target_ = false;
  std::optional<RuleError> error_;
};

}  // namespace

std::optional<RuleError> read_rule(std::span<const Token> words, const RuleContext& context, Rule& rule) {
  return RuleReader(words, context, rule).read();
}

}  // namespace portcullis::iptables
