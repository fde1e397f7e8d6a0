// One line at a time: the first word says what the line is, a handler reads the rest of it. What later lines refer to
// (ranges, certificates, backends, treatments) comes first. A router that is read keeps the invariants of router.hpp.

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "compiler/ir/form/values.hpp"
#include "compiler/ir/l7/text.hpp"
#include "compiler/ir/l7/text_steps.hpp"
#include "compiler/ir/l7/text_words.hpp"

namespace portcullis::ir::l7 {

namespace {

using form::Cursor;
using Kind = form::Token::Kind;

class Reader {
 public:
  Reader(base::FileId file, std::string_view text, base::Diagnostics& diagnostics)
      : file_(file), text_(text), diagnostics_(diagnostics) {}

  std::optional<std::vector<Router>> run() {
    std::size_t at = 0;
    while (at < text_.size() && problems_ < most_problems) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      line(text_.substr(at, end - at), static_cast<std::uint32_t>(at));
      at = end + 1;
    }
    if (problems_ == 0 && !seen_router_) report({"expected `router` before the end of the file", 0, 0});
    if (problems_ == 0) finish();
    if (problems_ != 0) return {};
    return std::move(routers_);
  }

 private:
  // A file of something else has as many problems as lines; the first ones say it.
  static constexpr int most_problems = 20;

  void report(const form::Problem& problem) {
    diagnostics_.add("PC5010", "cannot read this as IR text: " + problem.reason, {file_, problem.begin, problem.end});
    ++problems_;
  }

  void line(std::string_view text, std::uint32_t offset) {
    line_ = {file_, offset, offset + static_cast<std::uint32_t>(text.size())};
    Cursor cursor(text, offset);
    if (cursor.ok() && cursor.at(Kind::end)) return;  // blank, or a comment
    handle(cursor);
    cursor.expect(Kind::end, "the end of the line");
    if (cursor.problem()) report(*cursor.problem());
  }

  void handle(Cursor& c) {
    if (c.take("router")) return router(c);
    if (!seen_router_) return c.fail_next("`router` in the first line");
    if (c.take("rejected")) return void(r_.rejected = c.name("why"));
    if (c.take("strict-sni")) return void(r_.strict_sni = true);
    if (c.take("entry")) return entry(c);
    if (c.take("ranges")) return ranges(c);
    if (c.take("tls-names")) return tls_names(c);
    if (c.take("certificate")) return certificate(c);
    if (c.take("tls")) return tls(c);
    if (c.take("backend")) return backend(c);
    if (c.take("passthrough")) return passthrough(c);
    if (c.take("treatment")) return treatment(c);
    if (c.take("unmatched")) return void(r_.unmatched = treatment_id(c));
    if (c.take("without-host")) return void(r_.without_host = treatment_id(c));
    if (c.take("host")) return host(c);
    if (c.take("step")) return step(c);
    if (c.take("route")) return route(c);
    c.fail_next(
        "rejected, strict-sni, entry, ranges, tls-names, certificate, tls, backend, passthrough, treatment, unmatched, "
        "without-host, host, step or route");
  }

  // ---- the router

  void router(Cursor& c) {
    if (seen_router_) finish();
    r_ = {};
    declared_ = {};
    treatment_lines_.clear();
    seen_any_ = false;
    seen_router_ = true;
    router_line_ = line_;
    r_.name = c.name("a router");
    c.expect("flavour");
    r_.flavour = form::one_of(c, words::flavours, "api, nginx, haproxy, haproxy-ingress, traefik or gce");
    c.expect("host-form");
    r_.host_form = form::one_of(c, words::host_forms, "plain, nginx, haproxy or traefik");
    c.expect("path-form");
    r_.path_form = form::one_of(c, words::path_forms, "as-sent, nginx or traefik");
  }

  // After a problem a router may lack what could not be read.
  void finish() {
    if (problems_ != 0) return;
    if (r_.treatments.empty() && r_.rejected.empty()) {
      return report({"this router has no treatment", router_line_.begin, router_line_.end});
    }
    for (std::size_t i = 0; i < r_.treatments.size(); ++i) {
      if (r_.treatments[i].back().when.empty()) continue;
      return report(
          {"the last step of a treatment has no condition", treatment_lines_[i].begin, treatment_lines_[i].end});
    }
    routers_.push_back(std::move(r_));
  }

  void entry(Cursor& c) {
    Entry entry;
    entry.kind = form::one_of(c, words::entries, "node, service, host-port, host-network or node-ports");
    c.expect("http");
    entry.http = port(c);
    c.expect("https");
    entry.https = port(c);
    if (c.take("of")) entry.service = c.name("a Service or workload");
    entry.origin = read_origin(c, file_);
    r_.entries.push_back(std::move(entry));
  }

  void ranges(Cursor& c) {
    const std::string name(c.name("a name"));
    if (c.ok() && !r_.ranges.empty() && r_.ranges.back().name >= name) {
      return c.fail_last("ranges stand in the order of their names, each once");
    }
    c.expect(Kind::open, "`{`");
    std::vector<net::Prefix> prefixes;
    while (c.ok() && !c.take(Kind::close)) prefixes.push_back(form::prefix(c));
    if (!c.ok()) return;
    declared_.ranges.emplace(name, static_cast<RangesId>(r_.ranges.size()));
    r_.ranges.push_back({name, net::PrefixSet(std::move(prefixes))});
  }

  // ---- TLS

  void tls_names(Cursor& c) {
    r_.tls_names = read_names(c);
    std::ranges::sort(r_.tls_names);
  }

  void certificate(Cursor& c) {
    const std::uint32_t number = c.number("a number", UINT32_MAX);
    if (c.ok() && number != r_.certificates.size()) return c.fail_last("certificates are numbered from 0 on");
    Certificate certificate;
    certificate.secret = c.name("a Secret");
    certificate.names = read_names(c);
    r_.certificates.push_back(std::move(certificate));
  }

  // What TLS asks a client hello for.
  HostPattern server_name(Cursor& c) {
    HostPattern name = read_pattern(c);
    if (c.ok() && name.kind != HostPattern::Kind::exact && name.kind != HostPattern::Kind::one_label) {
      c.fail_last("a server name is exact or has one label for a `*`");
    }
    return name;
  }

  void tls(Cursor& c) {
    TlsName tls;
    tls.name = server_name(c);
    if (c.ok() && !r_.tls.empty() && tls.name.kind < r_.tls.back().name.kind) {
      return c.fail_last("exact names stand before those with a `*`");
    }
    c.expect("certificate");
    tls.certificate = c.number("a number", UINT32_MAX);
    if (c.ok() && tls.certificate >= r_.certificates.size()) return c.fail_last("no such certificate stands above");
    tls.origin = read_origin(c, file_);
    r_.tls.push_back(std::move(tls));
  }

  void passthrough(Cursor& c) {
    Passthrough passthrough;
    passthrough.name = server_name(c);
    c.expect("to");
    passthrough.backend = read_backend_name(c, declared_);
    passthrough.origin = read_origin(c, file_);
    r_.passthrough.push_back(std::move(passthrough));
  }

  // ---- backends

  void backend(Cursor& c) {
    Backend backend;
    backend.service = c.name("a Service port");
    backend.via = form::one_of(c, words::vias, "endpoints, cluster-ip or external");
    if (c.ok() && !r_.backends.empty() && !(key(r_.backends.back()) < key(backend))) {
      return c.fail_last("backends stand in the order of their names, each once");
    }
    c.expect(Kind::open, "`{`");
    while (c.ok() && !c.take(Kind::close)) {
      const form::Endpoint at = form::exact_endpoint(c);
      if (c.ok()) backend.targets.emplace_back(*at.address, at.port);
    }
    std::ranges::sort(backend.targets, {}, [](const auto& t) { return net::endpoint_text(t.first, t.second); });
    if (c.take("name")) {
      backend.external = c.name("a name");
      c.expect("port");
      backend.external_port = port(c);
    }
    c.expect("status");
    backend.status = read_status(c);
    backend.affinity = c.take("affinity");
    if (c.take("cookie")) backend.affinity_cookie = c.name("a cookie");
    if (c.take("balance")) backend.balance = c.name("a way to choose");
    backend.origin = read_origin(c, file_);
    if (!c.ok()) return;
    declared_.backends.emplace(key(backend), static_cast<BackendId>(r_.backends.size()));
    r_.backends.push_back(std::move(backend));
  }

  static std::pair<std::string, Backend::Via> key(const Backend& backend) { return {backend.service, backend.via}; }
  static std::uint16_t port(Cursor& c) { return static_cast<std::uint16_t>(c.number("a port", UINT16_MAX)); }

  // ---- treatments, hosts, routes

  void treatment(Cursor& c) {
    const std::uint32_t number = c.number("a number", UINT32_MAX);
    const std::size_t count = r_.treatments.size();
    if (c.ok() && number != count && number + 1 != count) {
      return c.fail_last("treatments are numbered from 0 on, and the steps of one stand together");
    }
    Step step = read_step(c, declared_, file_);
    if (!c.ok()) return;
    if (number == count) {
      r_.treatments.emplace_back();
      treatment_lines_.emplace_back();
    }
    r_.treatments[number].push_back(std::move(step));
    treatment_lines_[number] = line_;
  }

  // After a problem the treatment may be one that could not be read.
  std::uint32_t treatment_id(Cursor& c) const {
    const std::uint32_t number = c.number("a treatment", UINT32_MAX);
    if (c.ok() && problems_ == 0 && number >= r_.treatments.size()) c.fail_last("no such treatment stands above");
    return number;
  }

  void host(Cursor& c) {
    HostEntry host;
    c.expect(Kind::open, "`{`");
    do {
      host.names.push_back(read_pattern(c));
      if (!c.ok() || host.names.back().kind != HostPattern::Kind::any) continue;
      if (seen_any_) c.fail_last("a second host for every name");
      seen_any_ = true;
    } while (c.ok() && !c.take(Kind::close));
    c.expect("otherwise");
    host.otherwise = treatment_id(c);
    c.expect("owners");
    host.owners = read_names(c);
    host.origin = read_origin(c, file_);
    r_.hosts.push_back(std::move(host));  // even a broken one: what follows belongs to it
  }

  void step(Cursor& c) {
    if (r_.hosts.empty()) return c.fail_last("no host stands above");
    r_.hosts.back().steps.push_back(read_step(c, declared_, file_));
  }

  void route(Cursor& c) {
    if (r_.hosts.empty()) return c.fail_last("no host stands above");
    Route route;
    route.match.kind = form::one_of(c, words::matches, "exact, prefix or regex");
    route.match.text = c.name("a path");
    route.match.fold = c.take("fold");
    c.expect(Kind::arrow, "`->`");
    c.expect("treatment");
    route.treatment = treatment_id(c);
    if (c.take("rule")) route.rule = c.name("a rule");
    route.origin = read_origin(c, file_);
    r_.hosts.back().routes.push_back(std::move(route));
  }

  base::FileId file_;
  std::string_view text_;
  base::Diagnostics& diagnostics_;
  std::vector<Router> routers_;
  int problems_ = 0;
  base::SourceSpan line_, router_line_;
  std::vector<base::SourceSpan> treatment_lines_;
  // The router that is being read.
  Router r_;
  Declared declared_;
  bool seen_router_ = false, seen_any_ = false;
};

}  // namespace

std::optional<std::vector<Router>> read(base::FileId file, const base::SourceMap& sources,
                                        base::Diagnostics& diagnostics) {
  return Reader(file, sources.text(file), diagnostics).run();
}

}  // namespace portcullis::ir::l7
