#include "backends/haproxy/frontend.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "backends/haproxy/rules.hpp"
#include "backends/haproxy/words.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::HostForm;
using ir::l7::PathForm;

constexpr std::string_view head = R"(
global
  master-worker
  default-path config
  expose-experimental-directives
  crt-base "${PORTCULLIS_CERTIFICATES-/etc/portcullis/certificates}"
  stats socket "${PORTCULLIS_RUN-/run/portcullis}/haproxy.sock" mode 600 level admin expose-fd listeners
  log /dev/log local0

defaults
  mode http
  log global
  option httplog
  option dontlog-normal
  option redispatch
  retries 3
  balance roundrobin
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout http-request 30s
  timeout queue 30s
  timeout tunnel 1h
  default-server inter 5s fall 3 rise 2

resolvers system
  parse-resolv-conf
)";

// A text with one thing to say in front of its lines.
class Text {
 public:
  void comment(std::string_view text) { out_ += fmt::format("\n  # {}\n", text); }
  void line(std::string_view text) { out_ += fmt::format("  {}\n", text); }
  void request(std::string_view text) { out_ += fmt::format("  http-request {}\n", text); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void listen(Text& out, const Configuration& c) {
  if (c.http != 0) {
    out.line(fmt::format("bind :{}", c.http));
    out.line(fmt::format("bind :::{} v6only", c.http));
  }
  if (c.https == 0) return;
  const std::string tls =
      fmt::format("ssl crt-list {}{} alpn h2,http/1.1", crt_list, c.strict_sni ? " strict-sni" : "");
  out.line(fmt::format("bind :{} {}", c.https, tls));
  out.line(fmt::format("bind :::{} v6only {}", c.https, tls));
}

// ---- names

void plain_name(Text& out) {
  out.request("set-var(txn.host) req.fhdr(host,1),regsub(:[^]:]*$,),lower");
  out.request(
      R"(set-var(txn.host) url,regsub(^[^/]*//,),regsub(/.*$,),regsub(^.*@,),regsub(:[^]:]*$,),lower if !{ req.fhdr(host,1) -m found } { url -m reg ^[A-Za-z][A-Za-z0-9.+-]*:// })");
}

void nginx_name(Text& out) {
  out.request("deny deny_status 400 if !{ req.fhdr(host,1) -m found } !{ req.ver 1.0 }");
  out.request(R"(deny deny_status 400 if { req.fhdr(host,1) -m reg -- '^(\.?(:.*)?$)|/|\.\.|[\x00-\x20\x7f]' })");
  out.request(
      R"(set-var(txn.host) 'req.fhdr(host,1),regsub("^([^[].*)?[.](:[^.]*)?$","\\1\\2"),regsub("^([^[:][^:]*):.*$","\\1"),regsub("^(\\[[^]]*\\]).*$","\\1"),lower')");
}

void haproxy_name(Text& out) {
  out.request("set-var(txn.host) req.fhdr(host,1),regsub(:.*$,),lower");
}

void traefik_name(Text& out) {
  out.request("deny deny_status 400 if !{ req.fhdr(host,1) -m found } !{ req.ver 1.0 }");
  out.request(R"(deny deny_status 400 if { req.fhdr(host,1) -m reg -- '[^A-Za-z0-9!$%&\x27()*+,.:;=[\]_~-]' })");
  out.request(
      R"(set-var(txn.host) 'req.fhdr(host,1),regsub("^([^][:]*):[^][:]*$","\\1"),regsub("^\\[([^][]*)\\](:[^:]*)?$","\\1"),regsub("[.]$",""),lower')");
}

void names(Text& out, const Configuration& c) {
  out.comment("The name: Host in lower case, without its port.");
  switch (c.host_form) {
    case HostForm::plain:
      plain_name(out);
      break;
    case HostForm::nginx:
      nginx_name(out);
      break;
    case HostForm::haproxy:
      haproxy_name(out);
      break;
    case HostForm::traefik:
      traefik_name(out);
      break;
  }
}

void hosts(Text& out, const Configuration& c) {
  constexpr std::string_view open = "!{ var(txn.h) -m found }";
  out.comment("The host entry.");
  out.request(fmt::format("set-var(txn.h) var(txn.host),map_str({})", hosts_map));
  for (const std::size_t count : label_counts(c)) {
    out.request(
        fmt::format("set-var(txn.h) var(txn.host),field(-1,.,{0}),map_str({1}) if {2} {{ var(txn.host) -m reg "
                    "'^.+([.][^.]*){{{0}}}$' }}",
                    count, many_labels_map, open));
  }
  if (!c.one_label.empty()) {
    out.request(
        fmt::format("set-var(txn.h) 'var(txn.host),regsub(^[^.]*[.],),map_str({})' if {} {{ var(txn.host) -m "
                    "reg {} }}",
                    one_label_map, open, word(label_regex(c.host_form))));
  }
  if (!c.host_regexes.empty()) {
    out.request(fmt::format("set-var(txn.h) var(txn.host),map_reg({}) if {}", host_regex_map, open));
  }
  if (c.any) out.request(fmt::format("set-var(txn.h) str({}) if {}", *c.any, open));
  if (c.without_host) out.request("unset-var(txn.h) if !{ req.fhdr(host,1) -m found }");
  if (c.tls_names.empty()) return;
  out.request(fmt::format("set-var(txn.tls) var(txn.host),map_str({})", tls_names_map));
  out.request(fmt::format(
      "set-var(txn.tls) 'var(txn.host),regsub(^[^.]*,*),map_str({})' if {{ var(txn.host) -m sub . }}", tls_names_map));
}

// ---- paths

void normalise(Text& out) {
  out.request("normalize-uri path-merge-slashes");
  out.request("normalize-uri path-strip-dot");
}

void nginx_path(Text& out) {
  out.request("deny deny_status 400 if !{ url -m reg ^(/|[A-Za-z][A-Za-z0-9.+-]*://) }");
  out.request(R"(deny deny_status 400 if { path -m reg '%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|[0-9A-Fa-f]?$)|%00' })");
  out.request("set-var(txn.key) str(/)");
  out.request("set-var(txn.key) path,url_dec,url_enc,regsub(%2F,/,g) if { path -m beg / }");
  out.request("set-var(txn.sent) url");
  out.request("set-uri %[var(txn.key)]");
  normalise(out);
  out.request("normalize-uri path-strip-dotdot");
  out.request("deny deny_status 400 if { path -m reg '^/[.][.](/|$)' }");
  out.request("set-var(txn.key) path");
  out.request("set-uri %[var(txn.sent)]");
  out.request("set-var(txn.path) var(txn.key),url_dec");
}

// Reserved characters stay as they are written, in upper case.
std::string keep_reserved() {
  std::string out;
  for (const std::string_view code : {"25", "3A", "2F", "3F", "23", "5B", "5D", "40", "21", "24", "26", "27", "28",
                                      "29", "2A", "2B", "2C", "3B", "3D"})
    out += fmt::format(",regsub(%{0},%25{0},gi)", code);
  return out;
}

void traefik_path(Text& out) {
  out.request("deny deny_status 400 if !{ url -m reg '^(/|[A-Za-z][A-Za-z0-9.+-]*://|[*]$)' }");
  out.request(R"(deny deny_status 400 if { path -m reg '%([^0-9A-Fa-f]|[0-9A-Fa-f][^0-9A-Fa-f]|[0-9A-Fa-f]?$)|%00' })");
  out.request("set-var(txn.key) str()");
  out.request("set-var(txn.key) str(/) if { url -m reg ^[A-Za-z][A-Za-z0-9.+-]*:// }");
  out.request(
      fmt::format("set-var(txn.key) path{},url_dec,url_enc,regsub(%2F,/,g) if {{ path -m beg / }}", keep_reserved()));
  out.request("set-var(txn.sent) url");
  out.request("set-uri %[var(txn.key)] if { path -m beg / }");
  normalise(out);
  out.request("normalize-uri path-strip-dotdot full");
  out.request("set-var(txn.new) var(txn.key)");
  out.request("set-var(txn.key) path if { path -m beg / }");
  out.request("set-var(txn.key) var(txn.key),regsub(/$,) if !{ var(txn.new) -m end / } !{ var(txn.key) -m str / }");
  out.request("unset-var(txn.new)");
  out.request("set-uri %[var(txn.sent)] if { path -m beg / }");
  out.request("set-var(txn.path) var(txn.key),url_dec");
}

void paths(Text& out, const Configuration& c) {
  out.comment("The path, and the same with every byte but letters, digits and -._~/ as %XX, which is what maps hold.");
  out.request("set-var(txn.path) str()");
  switch (c.path_form) {
    case PathForm::as_sent:
      out.request("set-var(txn.path) path");
      out.request("set-var(txn.key) str()");
      out.request("set-var(txn.key) path,url_enc,regsub(%2F,/,g)");
      break;
    case PathForm::nginx:
      nginx_path(out);
      break;
    case PathForm::traefik:
      traefik_path(out);
      break;
  }
  out.request("set-var(txn.key) var(txn.h),concat(:,txn.key)");
}

// ---- routes

void smallest(Text& out, std::string_view expression, std::string_view condition = "") {
  out.request(fmt::format("set-var(txn.x) {}{}", expression, condition));
  out.request("set-var(txn.s) var(txn.x) if { var(txn.x),sub(txn.s) lt 0 }");
}

void routes(Text& out, const Configuration& c) {
  constexpr std::string_view open = "!{ var(txn.t) -m found }";
  out.comment("The route's treatment.");
  if (c.ranked) {
    out.request("set-var(txn.s) int(1000000000)");
    smallest(out, fmt::format("var(txn.key),map_str_int({})", exact_map));
    smallest(out, fmt::format("var(txn.key),map_beg_int({})", prefix_map));
    smallest(out, fmt::format("var(txn.key),lower,map_str_int({})", fold_exact_map));
    smallest(out, fmt::format("var(txn.key),lower,map_beg_int({})", fold_prefix_map));
    for (const RegexList& list : c.regexes) {
      smallest(out, fmt::format("var(txn.path),map_reg_int({})", regex_map(list.entry)),
               fmt::format(" if {{ var(txn.h) -m str {} }}", list.entry));
    }
    out.request(fmt::format("set-var(txn.t) var(txn.s),map_str({})", slots_map));
  } else {
    out.request(fmt::format("set-var(txn.t) var(txn.key),map_str({})", exact_map));
    out.request(fmt::format("set-var(txn.t) var(txn.key),map_beg({}) if {}", prefix_map, open));
  }
  out.request(fmt::format("set-var(txn.t) var(txn.h),map_str({}) if {}", otherwise_map, open));
  if (c.without_host) {
    out.request(fmt::format("set-var(txn.t) str(t{}) if {} !{{ req.fhdr(host,1) -m found }}", *c.without_host, open));
  }
  out.request(fmt::format("set-var(txn.t) str(t{}) if {}", c.unmatched, open));
}

void parts(Text& out, const Configuration& c) {
  const std::vector<Selector> all = selectors(c);
  if (!all.empty()) {
    out.comment("Treatments that ask more of a request before they choose a backend.");
    out.request(fmt::format("set-var(txn.p) var(txn.t),map_str({})", parts_map));
  }
  for (std::size_t s = 0; s < all.size(); ++s) {
    const std::string mine = fmt::format("{{ var(txn.p) -m str p{} }}", s);
    for (std::size_t p = 0; p <= all[s].size(); ++p) {
      out.request(fmt::format("set-var(txn.n) str({}){}{}{}", p, p == all[s].size() ? " if" : conditions(all[s][p]),
                              p == 0 ? " " : " !{ var(txn.n) -m found } ", mine));
    }
  }
  if (!all.empty()) out.request("set-var(txn.t) var(txn.t),concat(-,txn.n) if { var(txn.n) -m found }");
}

void shares(Text& out, const Configuration& c) {
  const std::size_t most = most_choices(c);
  if (most > 1) {
    out.comment(
        "Shares: a number is drawn below the sum of the weights; the first choice that it is below takes the request.");
    out.request(fmt::format("set-var(txn.w) var(txn.t),map_str_int({})", weights_map));
    out.request("set-var(txn.r) rand,mod(txn.w) if { var(txn.w) -m found }");
    for (std::size_t i = 0; i < most; ++i) {
      out.request(
          fmt::format("set-var(txn.c) str({0}) if {{ var(txn.w) -m found }} !{{ var(txn.c) -m found }} {{ "
                      "var(txn.t),concat(.{0}),map_str_int({1}),sub(txn.r) gt 0 }}",
                      i, shares_map));
    }
    out.request("set-var(txn.t) var(txn.t),concat(.,txn.c) if { var(txn.c) -m found }");
  }
}

}  // namespace

std::string print_head(const Configuration& c) {
  return fmt::format("{}{}\n{}{}, paths as {}\n{}", name_line, c.name, forms_line, ir::l7::to_string(c.host_form),
                     ir::l7::to_string(c.path_form), head);
}

std::string print_frontend(const Configuration& c) {
  Text out;
  listen(out, c);
  names(out, c);
  hosts(out, c);
  paths(out, c);
  routes(out, c);
  parts(out, c);
  shares(out, c);
  out.comment("An absolute target is sent on without its host.");
  out.request("set-uri /%[pathq] if { url -m reg ^[A-Za-z][A-Za-z0-9.+-]*:// } !{ path -m beg / }");
  out.request("set-uri %[pathq] if { url -m reg ^[A-Za-z][A-Za-z0-9.+-]*:// }");
  out.line("use_backend %[var(txn.t)]");
  return "\nfrontend portcullis\n" + out.take();
}

}  // namespace portcullis::haproxy
