// The one file that sees ANTLR: Policy.g4's parser in, plain structs out.
//
// Sentences are parsed one at a time. The first word that does not fit stops its sentence; reading goes on at the next
// line that begins with the first word of a sentence. ANTLR's own recovery (dropping and inventing words) is not used:
// it is made for programs, where the next statement needs the last one.
#include "compiler/policy/parse.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/policy/antlr.hpp"
#include "compiler/policy/syntax_error.hpp"
#include "compiler/policy/values.hpp"

namespace portcullis::policy {

namespace {

// One sentence's contexts to structs. A word that is no value of its kind is reported, and the sentence is lost.
class Builder {
 public:
  Builder(base::FileId file, base::Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics) {}

  [[nodiscard]] bool failed() const { return failed_; }

  SentenceBody sentence(Parser::SentenceContext& c) {
    if (auto* s = c.zoneDefinition()) return zone_definition(*s);
    if (auto* s = c.reachable()) return Reachable{zones(*s->zones()), targets(*s->targets()), surviving(s->survival())};
    if (auto* s = c.unreachable())
      return Unreachable{zones(*s->zones()), targets(*s->targets()), exempted(s->exemption())};
    if (auto* s = c.only()) return Only{zones(*s->zones()), targets(*s->targets()), exempted(s->exemption())};
    if (auto* s = c.preserves()) return PreservesSource{zones(*s->zones()), targets(*s->targets())};
    if (auto* s = c.sameFate()) return same_fate(*s);
    if (auto* s = c.forbid()) return forbid(*s);
    if (auto* s = c.waiver()) return waive(*s);
    return NoConflicts{};
  }

  [[nodiscard]] SourceSpan span(const antlr4::ParserRuleContext& c) const {
    return {file_, static_cast<std::uint32_t>(c.start->getStartIndex()),
            static_cast<std::uint32_t>(c.stop->getStopIndex() + 1)};
  }

 private:
  // ---- words

  base::Diagnostic& bad(const Word& word, std::string_view expected) {
    failed_ = true;
    return report_value(word.value, word.span, expected, diagnostics_);
  }

  // Any rule that is a name, quoted or not.
  Word word(antlr4::ParserRuleContext& c) {
    const std::string written = c.start->getText();
    Word out{written, span(c)};
    auto text = unquote(written);
    if (!text) {
      bad(out, "a text in which only \\\" and \\\\ follow a backslash");
    } else if (text->empty()) {
      bad(out, "a text that is not empty");
    } else {
      out.value = std::move(*text);
    }
    return out;
  }
  static bool in_quotes(const antlr4::ParserRuleContext& c) { return c.start->getText().front() == '"'; }

  Pattern pattern(antlr4::ParserRuleContext& c) {
    Word w = word(c);
    if (w.value.find('/') != std::string::npos) bad(w, "a name without `/`");
    return {std::move(w.value), w.span};
  }

  ObjectPattern object(antlr4::ParserRuleContext& c) {
    const Word w = word(c);
    auto object = parse_object(w.value, w.span);
    if (object) return std::move(*object);
    bad(w, "a name such as shop/web");
    return {};
  }

  // ---- which objects

  Where where(Parser::WhereContext* c) {
    Where out;
    if (c == nullptr) return out;
    out.span = span(*c);
    for (auto* one : c->condition()) out.conditions.push_back(condition(*one));
    return out;
  }

  Condition condition(Parser::ConditionContext& c) {
    Condition out;
    out.span = span(c);
    out.key = word(*c.labelKey());
    if (c.labelValue() != nullptr) out.values.push_back(word(*c.labelValue()));
    if (c.values() != nullptr) {
      for (auto* one : c.values()->labelValue()) out.values.push_back(word(*one));
    }
    const std::string first = c.start->getText();
    const std::string second = c.children[1]->getText();
    using enum Condition::Kind;
    if (out.values.empty()) {
      out.kind = first == "has" ? has : lacks;
    } else {
      out.kind = second == "==" || second == "in" ? in : not_in;
    }
    return out;
  }

  std::optional<Pattern> in_namespace(Parser::InNamespaceContext* c, const std::optional<ObjectPattern>& object) {
    if (c == nullptr) return std::nullopt;
    Pattern ns = pattern(*c->namespaceName());
    if (object && object->ns) {
      bad({ns.text, ns.span}, "no second namespace: the name before it has one")
          .related.push_back({"here", object->span});
    }
    return ns;
  }

  Selection selection(Parser::ObjectContext* name, Parser::ScopeContext* scope, SourceSpan whole) {
    Selection out;
    out.span = whole;
    if (name != nullptr) out.object = object(*name);
    if (scope != nullptr) {
      out.ns = in_namespace(scope->inNamespace(), out.object);
      out.where = where(scope->where());
    }
    return out;
  }

  // ---- who sends

  Located<ZoneTerm> zone(Parser::ZoneContext& c) {
    const SourceSpan whole = span(c);
    const std::string first = c.start->getText();
    if (c.zoneOrRange() != nullptr) return {zone_or_range(*c.zoneOrRange()), whole};
    if (first == "anywhere") return {Anywhere{}, whole};
    if (first == "cluster") return {ClusterRange{}, whole};
    if (first == "node" || first == "nodes") {
      Nodes nodes;
      if (c.node() != nullptr) nodes.name = pattern(*c.node());
      nodes.where = where(c.where());
      return {std::move(nodes), whole};
    }
    Pods pods{selection(c.object(), c.scope(), whole)};
    pods.every = !pods.selection.object && !pods.selection.ns && pods.selection.where.conditions.empty();
    return {std::move(pods), whole};
  }

  ZoneTerm zone_or_range(Parser::ZoneOrRangeContext& c) {
    Word w = word(c);
    if (in_quotes(c) || !is_range_like(w.value)) return ZoneName{std::move(w.value)};
    if (const auto range = parse_range(w.value)) return Range{*range};
    base::Diagnostic& finding = bad(w, "an address range such as 203.0.113.0/24 or 2001:db8::/32");
    if (const auto sloppy = net::Prefix::parse_sloppy(w.value))
      finding.hint = fmt::format("the network of this address is {}", sloppy->text());
    return ZoneName{};
  }

  Zones zones(Parser::ZonesContext& c) {
    Zones out;
    out.span = span(c);
    bool except = false;
    for (antlr4::tree::ParseTree* child : c.children) {
      if (auto* one = dynamic_cast<Parser::ZoneContext*>(child)) {
        (except ? out.except : out.terms).push_back(zone(*one));
      } else if (child->getText() == "except") {
        except = true;
      }
    }
    return out;
  }

  // ---- who is reached

  static std::optional<net::Protocol> protocol(Parser::ProtocolContext* c) {
    if (c == nullptr) return std::nullopt;
    const std::string text = c->getText();
    return text == "tcp" ? net::Protocol::tcp : text == "udp" ? net::Protocol::udp : net::Protocol::sctp;
  }

  std::optional<Port> port(Parser::PortContext* c, bool named) {
    if (c == nullptr) return std::nullopt;
    const Word w = word(*c->portName());
    auto value = parse_port(w.value);
    if (!value || (!named && std::holds_alternative<std::string>(*value))) {
      base::Diagnostic& finding =
          bad(w, named ? "a port number (1–65535), a range such as 8000-8100, or a port name" : port_number);
      if (const auto slash = w.value.find('/'); slash != std::string::npos)
        finding.hint = fmt::format("the protocol is a word of its own: port {} udp", w.value.substr(0, slash));
      return std::nullopt;
    }
    return Port{std::move(*value), protocol(c->protocol()), span(*c)};
  }

  ServiceTarget service(Parser::ServiceContext& c) {
    ServiceTarget out{selection(c.object(), c.scope(), span(c)), port(c.port(), true)};
    return out;
  }

  Located<Target> target(Parser::TargetContext& c) {
    const SourceSpan whole = span(c);
    if (auto* s = c.service()) return {service(*s), whole};
    if (auto* p = c.pod()) return {PodTarget{selection(p->object(), p->scope(), whole), port(p->port(), true)}, whole};
    if (auto* host = c.host()) {
      IngressTarget out{word(*host), std::nullopt};
      if (c.path() != nullptr) out.path = path(*c.path());
      return {std::move(out), whole};
    }
    if (c.address() != nullptr) return {address(*c.address(), c.port()), whole};
    NodePortTarget out{std::nullopt, protocol(c.protocol())};
    if (auto* n = c.number()) {
      const Word w = word(*n);
      out.numbers = parse_port_numbers(w.value);
      if (!out.numbers) bad(w, port_number);
    }
    return {out, whole};
  }

  Word path(Parser::PathContext& c) {
    Word w = word(c);
    if (!w.value.starts_with('/')) bad(w, "a path that begins with `/`");
    return w;
  }

  AddressTarget address(Parser::AddressContext& c, Parser::PortContext* port_context) {
    const Word w = word(c);
    const auto address = net::Address::parse(w.value);
    if (!address) bad(w, "an address such as 203.0.113.5 or 2001:db8::5");
    return {address.value_or(net::Address{}), port(port_context, false)};
  }

  Targets targets(Parser::TargetsContext& c) {
    Targets out;
    for (auto* one : c.target()) out.push_back(target(*one));
    return out;
  }
  Targets exempted(Parser::ExemptionContext* c) { return c == nullptr ? Targets{} : targets(*c->targets()); }

  // ---- sentences

  ZoneDefinition zone_definition(Parser::ZoneDefinitionContext& c) {
    ZoneDefinition out{word(*c.newZone()), zones(*c.zones())};
    if (!in_quotes(*c.newZone()) && (is_range_like(out.name.value) || out.name.value.find('*') != std::string::npos))
      bad(out.name, "a name for the zone: letters, digits and `-`, a letter first");
    return out;
  }

  Located<std::uint32_t> surviving(Parser::SurvivalContext* c) {
    if (c == nullptr) return {};
    const Word w = word(*c->count());
    const auto count = parse_number(w.value, 1, most_nodes);
    if (!count) bad(w, "a number of nodes, 1 or more");
    return {count.value_or(1), w.span};
  }

  SameFate same_fate(Parser::SameFateContext& c) {
    SameFate out{{service(*c.service()), span(*c.service())}, {}, c.stop->getText() == "source"};
    for (auto* one : c.frontend()) {
      const Located<FrontendKind> frontend{word_of<FrontendKind>(*one, all_frontends), span(*one)};
      if (std::ranges::find(out.frontends, frontend.value, &Located<FrontendKind>::value) != out.frontends.end())
        bad({one->getText(), frontend.span}, "another frontend: this one is listed already");
      out.frontends.push_back(frontend);
    }
    return out;
  }

  Forbid forbid(Parser::ForbidContext& c) {
    Forbid out;
    for (auto* one : c.forbidden()) out.exposures.push_back({word_of<Exposure>(*one, all_exposures), span(*one)});
    for (auto* one : c.namespaceName()) out.except_namespaces.push_back(pattern(*one));
    return out;
  }

  Waive waive(Parser::WaiverContext& c) {
    Waive out;
    out.code = word(*c.code());
    out.kind = word(*c.kind());
    out.object = object(*c.object());
    if (auto ns = in_namespace(c.inNamespace(), out.object)) out.object.ns = std::move(ns);
    const Word date = word(*c.date());
    const auto day = parse_date(date.value);
    if (!day) bad(date, "a day that exists, such as 2027-03-01");
    out.until = {day.value_or(std::chrono::year_month_day{}), date.span};
    out.reason = word(*c.reason());
    if (base::trim(out.reason.value).empty()) bad(out.reason, "a reason");
    return out;
  }

  // The value whose text the word is; the grammar admits no other.
  template <class Value>
  static Value word_of(antlr4::ParserRuleContext& c, std::span<const Value> all) {
    const std::string text = c.getText();
    return *std::ranges::find(all, text, [](Value v) { return to_string(v); });
  }

  static constexpr std::string_view port_number = "a port number (1–65535) or a range such as 8000-8100";
  static constexpr std::uint32_t most_nodes = 100'000;
  static constexpr std::array all_frontends{FrontendKind::cluster_ip, FrontendKind::external_ip,
                                            FrontendKind::load_balancer, FrontendKind::node_port};
  static constexpr std::array all_exposures{Exposure::host_port, Exposure::host_network, Exposure::node_port,
                                            Exposure::external_ip, Exposure::load_balancer};

  base::FileId file_;
  base::Diagnostics& diagnostics_;
  bool failed_ = false;
};

// The loop over sentences.
class Reader {
 public:
  Reader(base::FileId file, std::string_view text, const base::SourceMap& sources, base::Diagnostics& diagnostics)
      : file_(file), sources_(sources), diagnostics_(diagnostics), bytes_(text), lexer_(&bytes_), tokens_(&lexer_) {
    lexer_.removeErrorListeners();
    if (text.starts_with("\xEF\xBB\xBF")) bytes_.seek(3);  // byte order mark
  }

  SyntaxTree read() {
    SyntaxTree tree;
    tree.file = file_;
    while (tokens_.LT(1)->getType() != Token::EOF) {
      if (errors_ == most_errors) {
        diagnostics_.add("PC4001", fmt::format("{} errors: the rest of the file was not read", errors_),
                         span(*tokens_.LT(1)));
        break;
      }
      sentence(tree);
    }
    return tree;
  }

 private:
  void sentence(SyntaxTree& tree) {
    Parser parser(&tokens_);
    parser.removeErrorListeners();
    auto strategy = std::make_shared<Strategy>();
    parser.setErrorHandler(strategy);
    const std::size_t first = tokens_.index();
    Parser::SentenceContext* context = nullptr;
    try {
      context = parser.sentence();
    } catch (const Stop&) {
      refuse(parser, *strategy);
      recover();
      return;
    }
    const Token& next = *tokens_.LT(1);
    const bool ended = next.getType() == Token::EOF || begins_sentence(next);
    if (ended || begins_line(next)) keep(*context, first, tree);
    if (ended) return;
    refuse(parser, *strategy);  // a word too many, or a misspelt one
    recover();
  }

  void keep(Parser::SentenceContext& context, std::size_t first, SyntaxTree& tree) {
    Builder builder(file_, diagnostics_);
    SentenceBody body = builder.sentence(context);
    if (builder.failed()) {
      ++errors_;
      return;
    }
    const SourceSpan whole = builder.span(context);
    tree.sentences.push_back({std::move(body), whole, text(first, tokens_.index()), sources_.begin(whole).line});
  }

  // As one line.
  std::string text(std::size_t begin, std::size_t end) {
    std::string out;
    for (std::size_t i = begin; i < end; ++i) {
      const std::string word = tokens_.get(i)->getText();
      const bool close = word == "," || word == ")" || out.ends_with('(');
      if (!out.empty() && !close) out += ' ';
      out += word;
    }
    return out;
  }

  void refuse(const Parser& parser, const Strategy& strategy) {
    Token& token = *tokens_.LT(1);
    SyntaxError error;
    Following following(parser, error);
    if (strategy.last == nullptr) {
      following.start();
    } else {
      following.behind(strategy.state, strategy.context);
      error.before = strategy.last->getText();
    }
    const bool ends =
        strategy.last != nullptr && (token.getType() == Token::EOF || (begins_line(token) && begins_sentence(token)));
    error.span = span(ends ? *strategy.last : token);
    if (!ends) error.found = token.getText();
    error.is_unclosed = token.getType() == Parser::UNCLOSED;
    error.is_keyword = !parser_literal(parser, token).empty();
    // The word may be the misspelt first one of a sentence.
    if (error.could_end && begins_line(token)) {
      following.start();
      error.could_end = false;
    }
    report(error, diagnostics_);
    ++errors_;
  }

  static std::string parser_literal(const Parser& parser, const Token& token) {
    const std::string literal = const_cast<Parser&>(parser).getVocabulary().getLiteralName(token.getType());
    return literal.size() > 2 && literal[1] >= 'a' && literal[1] <= 'z' ? literal : std::string{};
  }

  void recover() {
    bool moved = false;  // a word that stopped two sentences in a row would stop every one
    for (;; moved = true) {
      Token& token = *tokens_.LT(1);
      if (token.getType() == Token::EOF) return;
      const bool stands = begins_line(token) && begins_sentence(token);
      if (stands && (moved || tokens_.index() != stuck_)) break;
      tokens_.consume();
    }
    stuck_ = tokens_.index();
  }

  bool begins_line(const Token& token) {
    const std::size_t index = token.getTokenIndex();
    return index == 0 || tokens_.get(index - 1)->getLine() != token.getLine();
  }
  static bool begins_sentence(const Token& token) {
    constexpr std::array<std::string_view, 9> first_words{"zone", "reachable", "unreachable", "only", "preserves",
                                                          "same", "forbid",    "no",          "waive"};
    return std::ranges::find(first_words, token.getText()) != first_words.end();
  }

  [[nodiscard]] SourceSpan span(const Token& token) const {
    const auto begin = static_cast<std::uint32_t>(token.getStartIndex());
    if (token.getType() == Token::EOF) return {file_, begin, begin};
    return {file_, begin, static_cast<std::uint32_t>(token.getStopIndex() + 1)};
  }

  base::FileId file_;
  const base::SourceMap& sources_;
  base::Diagnostics& diagnostics_;
  Bytes bytes_;
  generated::PolicyLexer lexer_;
  antlr4::CommonTokenStream tokens_;
  std::size_t errors_ = 0;
  std::size_t stuck_ = std::string::npos;
};

}  // namespace

SyntaxTree parse(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  if (text.size() > most_bytes) {
    diagnostics.add("PC4001", fmt::format("a policy of {} bytes: at most {} are read", text.size(), most_bytes),
                    {file, 0, 0});
    return {file, {}};
  }
  return Reader(file, text, sources, diagnostics).read();
}

}  // namespace portcullis::policy
