#include "verifier/obligations/routes/request_terms.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/base/text.hpp"

namespace portcullis::routes {

namespace {

using ir::l7::Condition;
using smt::Term;

bool is_of_header(Condition::Kind kind) {
  return kind == Condition::Kind::header_is || kind == Condition::Kind::header_matches ||
         kind == Condition::Kind::header_ends;
}

std::vector<std::uint32_t> words_of(const net::Address& address) {
  std::vector<std::uint32_t> words;
  const std::size_t first = address.family() == net::Family::ipv4 ? 12 : 0;
  for (std::size_t i = first; i < 16; i += 4) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 4; ++j) word = word << 8U | address.bytes()[i + j];
    words.push_back(word);
  }
  return words;
}

net::Address address_of(const std::vector<std::uint32_t>& words, bool v6) {
  if (!v6) return net::Address::v4(words.at(0));
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 16; ++i) bytes[i] = static_cast<std::uint8_t>(words.at(i / 4) >> (24 - 8 * (i % 4)));
  return net::Address::v6(bytes);
}

// Whether a client can send it: it is cut at semicolons and, names, at the first `=`, and blanks around it go.
bool is_cookie(std::string_view name, std::string_view value) {
  const auto bare = [](std::string_view text, std::string_view without) {
    const auto odd = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return base::trim(text).size() == text.size() && text.find_first_of(without) == std::string_view::npos &&
           std::ranges::none_of(text, odd);
  };
  return bare(name, "=;") && bare(value, ";");
}

constexpr unsigned choice_width = 16;

}  // namespace

RequestTerms::RequestTerms(smt::Session& session, const Treatments& treatments, const std::set<AtomId>& atoms)
    : session_(session),
      https_(session.boolean("https")),
      v6_(session.boolean("source is IPv6")),
      v4_source_(session.bits("IPv4 source", 32)),
      v6_source_(session.bits("IPv6 source", 128)),
      body_(session.bits("body", 64)),
      authorised_(session.boolean("authorised")),
      over_rate_(session.boolean("over rate")),
      method_(session.bits("method", choice_width)) {
  methods_ = {"GET"};
  for (const AtomId id : atoms) {
    const Atom& atom = treatments.atom(id);
    if (atom.kind == Condition::Kind::method_is && std::ranges::find(methods_, atom.values.at(0)) == methods_.end())
      methods_.push_back(atom.values.at(0));
    if (atom.kind == Condition::Kind::cookie_is && is_cookie(atom.name, atom.values.at(0)))
      cookies_[atom.name].push_back(atom.values.at(0));
  }
  for (const auto& [name, values] : cookies_)
    cookie_terms_.emplace(name, session_.bits(fmt::format("cookie {}", name), choice_width));
  add_headers(treatments, atoms);
  for (const AtomId id : atoms) {
    const Atom& atom = treatments.atom(id);
    if (!is_of_header(atom.kind)) atoms_.emplace(id, made(atom));
  }
}

void RequestTerms::add_headers(const Treatments& treatments, const std::set<AtomId>& atoms) {
  std::map<std::string, std::vector<AtomId>> by_name;
  for (const AtomId id : atoms)
    if (is_of_header(treatments.atom(id).kind)) by_name[treatments.atom(id).name].push_back(id);
  for (const auto& [name, ids] : by_name) {
    if (name == "host") open_ = "a condition looks at the header Host";
    if (name == "cookie" && !cookies_.empty()) open_ = "conditions look at the header Cookie and at cookies";
    std::vector<const Atom*> list;
    for (const AtomId id : ids) list.push_back(&treatments.atom(id));
    const HeaderValues values = header_values(list);
    if (!values.open.empty()) open_ = values.open;
    Header& header = headers_.emplace_back(Header{name, {}});
    for (std::size_t i = 0; i < values.values.size(); ++i)
      header.sent.emplace_back(session_.boolean(fmt::format("header {} has value {}", name, i)), values.values[i].text);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::vector<Term> any;
      for (std::size_t j = 0; j < values.values.size(); ++j)
        if (values.values[j].holds[i]) any.push_back(header.sent[j].first);
      // Not followed: it may say anything.
      atoms_.emplace(ids[i], values.open.empty() ? session_.any(any)
                                                 : session_.boolean(fmt::format("header condition {}", ids[i])));
    }
  }
}

Term RequestTerms::choice(const char* what, const std::vector<std::string>& values, const std::string& value) {
  const auto at = std::ranges::find(values, value);
  if (at == values.end()) throw base::InternalError(fmt::format("no such {}: {}", what, value));
  return session_.number(static_cast<std::uint64_t>(at - values.begin()), choice_width);
}

Term RequestTerms::of_family(const net::Prefix& prefix) const {
  return prefix.family() == net::Family::ipv6 ? v6_ : session_.no(v6_);
}

Term RequestTerms::source_in(const net::PrefixSet& sources) const {
  std::vector<Term> any;
  for (const net::Prefix& prefix : sources.prefixes()) {
    const bool v6 = prefix.family() == net::Family::ipv6;
    const Term address = session_.words(words_of(prefix.address()), v6 ? 128 : 32);
    any.push_back(session_.all({of_family(prefix), session_.same_prefix(v6 ? v6_source_ : v4_source_, address,
                                                                        static_cast<unsigned>(prefix.length()))}));
  }
  return session_.any(any);
}

Term RequestTerms::made(const Atom& atom) {
  switch (atom.kind) {
    case Condition::Kind::method_is:
      return session_.equal(method_, choice("method", methods_, atom.values.at(0)));
    case Condition::Kind::plain_http:
      return session_.no(https_);
    case Condition::Kind::source_in:
      return source_in(atom.sources);
    case Condition::Kind::cookie_is:
      if (!is_cookie(atom.name, atom.values.at(0))) return session_.truth(false);
      return session_.equal(cookie_terms_.at(atom.name), choice("cookie", cookies_.at(atom.name), atom.values.at(0)));
    case Condition::Kind::body_over:
      return session_.no(session_.at_most(body_, session_.number(atom.number, 64)));
    case Condition::Kind::authorised:
      return authorised_;
    case Condition::Kind::over_rate:
      return over_rate_;
    case Condition::Kind::path_is:
    case Condition::Kind::tls_name:
    case Condition::Kind::header_is:
    case Condition::Kind::header_matches:
    case Condition::Kind::header_ends:
      break;
  }
  throw base::InternalError("a condition that the region has decided");
}

Term RequestTerms::assumed() const {
  // An IPv4 client on a socket of both families is an IPv4 client.
  const Term mapped = session_.equal(session_.extract(v6_source_, 127, 32), session_.number(0xffff, 96));
  return session_.no(session_.all({v6_, mapped}));
}

std::vector<Term> RequestTerms::wishes() const {
  const Term documentation = session_.equal(v4_source_, session_.number(0xCB007107, 32));  // 203.0.113.7
  // No address of a network as such.
  const Term some_host = session_.no(session_.equal(session_.extract(v4_source_, 7, 0), session_.number(0, 8)));
  std::vector<Term> calm{session_.equal(method_, session_.number(0, choice_width)), session_.no(over_rate_),
                         session_.equal(body_, session_.number(0, 64))};
  for (const Header& header : headers_)
    for (const auto& [sent, value] : header.sent) calm.push_back(session_.no(sent));
  return {session_.all({session_.no(v6_), documentation}), session_.all({session_.no(v6_), some_host}),
          session_.all(calm), session_.no(authorised_)};
}

void RequestTerms::fill(const smt::Model& model, ir::l7::Request& request) const {
  request.https = model.truth(https_);
  request.port = request.https ? 443 : 80;
  const bool v6 = model.truth(v6_);
  request.source = address_of(model.words(v6 ? v6_source_ : v4_source_), v6);
  request.body = model.number(body_);
  request.authorised = model.truth(authorised_);
  request.over_rate = model.truth(over_rate_);
  const std::uint64_t method = model.number(method_);
  request.method = method < methods_.size() ? methods_[method] : "X-OTHER";
  for (const Header& header : headers_)
    for (const auto& [sent, value] : header.sent)
      if (model.truth(sent)) request.headers.push_back({header.name, value});
  std::string cookie;
  for (const auto& [name, values] : cookies_) {
    const std::uint64_t number = model.number(cookie_terms_.at(name));
    if (number >= values.size()) continue;
    if (!cookie.empty()) cookie += "; ";
    cookie += name + "=" + values[number];
  }
  if (!cookie.empty()) request.headers.push_back({"Cookie", cookie});
}

namespace {

// From the last case to the first.
template <class Of>
Term folded_cases(smt::Session& session, const RequestTerms& terms, const Treatment& treatment, const Of& of) {
  Term answer = of(treatment.cases.back());
  for (std::size_t i = treatment.cases.size() - 1; i-- > 0;) {
    const Case& one = treatment.cases[i];
    std::vector<Term> all;
    for (const Test& test : one.when) {
      const Term holds = terms.holds(test.atom);
      all.push_back(test.negated ? session.no(holds) : holds);
    }
    answer = session.choose(session.all(all), of(one), answer);
  }
  return answer;
}

}  // namespace

Term leaf_term(smt::Session& session, const RequestTerms& terms, const Treatment& treatment) {
  return folded_cases(session, terms, treatment, [&](const Case& one) {
    const Term plain = session.number(one.plain, 32);
    if (one.plain == one.encrypted) return plain;
    return session.choose(terms.https(), session.number(one.encrypted, 32), plain);
  });
}

Term leaf_among(smt::Session& session, const RequestTerms& terms, const Treatment& treatment,
                const std::set<LeafId>& leaves) {
  return folded_cases(session, terms, treatment, [&](const Case& one) {
    const Term plain = session.truth(leaves.contains(one.plain));
    if (leaves.contains(one.plain) == leaves.contains(one.encrypted)) return plain;
    return session.choose(terms.https(), session.truth(leaves.contains(one.encrypted)), plain);
  });
}

void add_atoms(const Treatment& treatment, std::set<AtomId>& atoms) {
  for (const Case& one : treatment.cases)
    for (const Test& test : one.when) atoms.insert(test.atom);
}

}  // namespace portcullis::routes
