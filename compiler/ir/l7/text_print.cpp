#include <iterator>

#include <fmt/format.h>

#include "compiler/base/error.hpp"
#include "compiler/ir/l7/text.hpp"
#include "compiler/ir/l7/text_words.hpp"

namespace portcullis::ir::l7 {

namespace {

using words::word_of;

// Answers and matches begin at fixed places, so that one line more changes one line.
constexpr std::size_t match_column = 48;
constexpr int most_status = 999;

class Printer {
 public:
  Printer(const Router& router, const PlaceText& place) : r_(router), place_(place) {}

  std::string run() {
    header();
    for (const Entry& e : r_.entries) entry(e);
    for (const Ranges& r : r_.ranges) ranges(r);
    if (!r_.tls_names.empty()) {
      out_ += "tls-names";
      names(r_.tls_names);
      out_ += '\n';
    }
    for (std::size_t i = 0; i < r_.certificates.size(); ++i) certificate(i);
    for (const TlsName& t : r_.tls) tls(t);
    for (const Backend& b : r_.backends) backend(b);
    for (const Passthrough& p : r_.passthrough) passthrough(p);
    for (std::size_t i = 0; i < r_.treatments.size(); ++i) {
      for (const Step& s : r_.treatments[i]) step(fmt::format("treatment {}", i), s);
    }
    if (!r_.treatments.empty() || r_.rejected.empty()) {
      line("unmatched {}", treatment(r_.unmatched));
      line("without-host {}", treatment(r_.without_host));
    }
    for (const HostEntry& h : r_.hosts) host(h);
    return std::move(out_);
  }

 private:
  void header() {
    out_ += "router ";
    name(r_.name);
    line(" flavour {} host-form {} path-form {}", to_string(r_.flavour), to_string(r_.host_form),
         to_string(r_.path_form));
    if (!r_.rejected.empty()) {
      out_ += "rejected ";
      name(r_.rejected);
      out_ += '\n';
    }
    if (r_.strict_sni) out_ += "strict-sni\n";
  }

  void entry(const Entry& e) {
    put("entry {} http {} https {}", word_of(words::entries, e.kind), e.http, e.https);
    if (!e.service.empty()) option("of", e.service);
    end(e.origin);
  }

  void ranges(const Ranges& r) {
    out_ += "ranges ";
    name(r.name);
    out_ += " {";
    for (const net::Prefix& prefix : r.sources.prefixes()) put(" {}", prefix.text());
    out_ += " }\n";
  }

  void certificate(std::size_t i) {
    const Certificate& c = r_.certificates[i];
    put("certificate {} ", i);
    name(c.secret);
    names(c.names);
    out_ += '\n';
  }

  void tls(const TlsName& t) {
    if (t.certificate >= r_.certificates.size()) throw base::InternalError("a TLS name has no certificate");
    out_ += "tls ";
    pattern(t.name);
    put(" certificate {}", t.certificate);
    end(t.origin);
  }

  void backend(const Backend& b) {
    out_ += "backend ";
    name(b.service);
    put(" {} {{", word_of(words::vias, b.via));
    for (const auto& [address, port] : b.targets) put(" {}", net::endpoint_text(address, port));
    out_ += " }";
    if (!b.external.empty() || b.external_port != 0) {
      option("name", b.external);
      put(" port {}", b.external_port);
    }
    put(" status {}", status(b.status));
    if (b.affinity) out_ += " affinity";
    if (!b.affinity_cookie.empty()) option("cookie", b.affinity_cookie);
    if (!b.balance.empty()) option("balance", b.balance);
    end(b.origin);
  }

  void passthrough(const Passthrough& p) {
    out_ += "passthrough ";
    pattern(p.name);
    out_ += " to ";
    backend_name(p.backend);
    end(p.origin);
  }

  void host(const HostEntry& h) {
    out_ += "host {";
    for (const HostPattern& one : h.names) {
      out_ += ' ';
      pattern(one);
    }
    put(" }} otherwise {} owners", treatment(h.otherwise));
    names(h.owners);
    end(h.origin);
    for (const Step& s : h.steps) step("  step", s);
    for (const Route& r : h.routes) route(r);
  }

  void route(const Route& r) {
    line_start_ = out_.size();
    put("  route {} ", word_of(words::matches, r.match.kind));
    name(r.match.text);
    if (r.match.fold) out_ += " fold";
    pad();
    put("-> treatment {}", treatment(r.treatment));
    if (!r.rule.empty()) option("rule", r.rule);
    end(r.origin);
  }

  // ---- steps

  void step(std::string_view what, const Step& s) {
    out_ += what;
    bool first = true;
    for (const Condition& c : s.when) {
      out_ += first ? " if " : " and ";
      first = false;
      if (c.negated) out_ += "not ";
      condition(c);
    }
    out_ += " -> ";
    std::visit([this](const auto& answer) { this->answer(answer); }, s.answer);
    end(s.origin);
  }

  void condition(const Condition& c) {
    using enum Condition::Kind;
    switch (c.kind) {
      case plain_http:
      case tls_name:
      case authorised:
        out_ += word_of(words::bare_conditions, c.kind);
        return;
      case path_is:
        return word_and_name("path", value(c));
      case method_is:
        return word_and_name("method", value(c));
      case source_in:
        if (c.number >= r_.ranges.size()) throw base::InternalError("a step names no ranges of its router");
        return word_and_name("source", r_.ranges[c.number].name);
      case header_is:
        word_and_name("header", c.name);
        return option("is", value(c));
      case header_matches:
        word_and_name("header", c.name);
        return option("matches", value(c));
      case header_ends:
        word_and_name("header", c.name);
        out_ += " ends";
        return names(c.values);
      case cookie_is:
        word_and_name("cookie", c.name);
        return option("is", value(c));
      case body_over:
        return put("body-over {}", c.number);
      case over_rate:
        put("over-rate {} ", c.number);
        return name(value(c));
    }
  }

  void answer(const Forward& f) {
    out_ += "forward";
    const bool one = f.choices.size() == 1 && f.choices.front().weight == 1;
    if (!one) out_ += " {";
    for (const Choice& choice : f.choices) {
      out_ += ' ';
      backend_name(choice.backend);
      if (!one) put(" weight {}", choice.weight);
    }
    if (!one) out_ += " }";
    if (f.rewrite) {
      option("rewrite", f.rewrite->pattern);
      option("to", f.rewrite->target);
    }
    if (!f.host.empty()) option("host", f.host);
    if (f.protocol != Protocol::http) put(" protocol {}", to_string(f.protocol));
    if (!f.intercepted.empty()) {
      out_ += " intercepted {";
      for (const int code : f.intercepted) put(" {}", status(code));
      out_ += " }";
    }
    if (f.pages) {
      out_ += " pages ";
      backend_name(*f.pages);
    }
  }
  void answer(const Redirect& r) {
    put("redirect {} {{", status(r.status));
    for (const Piece& piece : r.location) {
      out_ += ' ';
      if (piece.kind == Piece::Kind::text) {
        form::append_quoted(out_, piece.text);
      } else {
        out_ += word_of(words::pieces, piece.kind);
      }
    }
    out_ += " }";
  }
  void answer(const Reply& r) { put("reply {}", status(r.status)); }
  void answer(const Refuse& r) { put("refuse {}", status(r.status)); }
  void answer(const Unknown& u) { word_and_name("unknown", u.why); }

  // ---- pieces of a line

  static const std::string& value(const Condition& c) {
    if (c.values.size() != 1) throw base::InternalError("a condition of a router needs one value");
    return c.values.front();
  }
  static int status(int value) {
    if (value < 0 || value > most_status) throw base::InternalError("a status of a router is no status of HTTP");
    return value;
  }
  [[nodiscard]] std::uint32_t treatment(std::uint32_t id) const {
    if (id >= r_.treatments.size()) throw base::InternalError("no such treatment in the router");
    return id;
  }

  // An exact name that looks like another pattern says that it is one.
  void pattern(const HostPattern& p) {
    const bool looks_else = p.text.starts_with("*.") || p.text.starts_with("**.") || p.text.starts_with('~') ||
                            p.text == "_" || p.text == "exact";
    if (p.kind == HostPattern::Kind::exact && looks_else) out_ += "exact ";
    name(p.print());
  }
  // With `via` where several backends are of one Service port.
  void backend_name(BackendId id) {
    if (id >= r_.backends.size()) throw base::InternalError("a router has no such backend");
    const Backend& b = r_.backends[id];
    name(b.service);
    const bool first = id == 0 || r_.backends[id - 1].service != b.service;
    const bool last = id + 1 == r_.backends.size() || r_.backends[id + 1].service != b.service;
    if (!first || !last) put(" via {}", word_of(words::vias, b.via));
  }

  void end(const Origin& origin) {
    const std::string place = place_ && origin.span.known() ? place_(origin.span) : std::string{};
    if (!origin.object.empty() || !origin.field.empty() || !place.empty()) {
      out_ += " | by ";
      name(origin.object);
      if (!origin.field.empty() || !place.empty()) {
        out_ += ' ';
        name(origin.field);
      }
      if (!place.empty()) option("at", place);
    }
    out_ += '\n';
  }
  void pad() {
    const std::size_t length = out_.size() - line_start_;
    out_.append(length < match_column ? match_column - length : 1, ' ');
  }
  void names(const std::vector<std::string>& all) {
    out_ += " {";
    for (const std::string& one : all) {
      out_ += ' ';
      name(one);
    }
    out_ += " }";
  }
  void option(std::string_view word, std::string_view value) {
    out_ += ' ';
    word_and_name(word, value);
  }
  void word_and_name(std::string_view word, std::string_view value) {
    out_ += word;
    out_ += ' ';
    name(value);
  }
  void name(std::string_view name) { form::append_name(out_, name); }

  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    put(format, std::forward<Args>(args)...);
    out_ += '\n';
  }

  const Router& r_;
  const PlaceText& place_;
  std::string out_;
  std::size_t line_start_ = 0;
};

}  // namespace

PlaceText lines_of(const base::SourceMap& sources) {
  return [&sources](const base::SourceSpan& span) {
    return fmt::format("{}:{}", sources.name(span.file), sources.begin(span).line);
  };
}

PlaceText places_in(const base::SourceMap& sources) {
  return [&sources](const base::SourceSpan& span) {
    form::Cursor cursor(sources.text(span), 0);
    return std::string(cursor.name("a place"));
  };
}

std::string print(const Router& router, const PlaceText& place) {
  return Printer(router, place).run();
}

std::string print(const std::vector<Router>& routers, const PlaceText& place) {
  std::string out;
  for (const Router& router : routers) {
    if (!out.empty()) out += '\n';
    out += print(router, place);
  }
  return out;
}

}  // namespace portcullis::ir::l7
