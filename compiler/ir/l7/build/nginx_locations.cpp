#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/ir/l7/build/nginx_model.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

// `Ingress default/shop` taken apart.
base::ObjectRef owner_of(const Origin& origin) {
  const std::string& text = origin.object;
  const std::size_t blank = text.find(' '), slash = text.find('/');
  if (blank == std::string::npos || slash == std::string::npos) return {};
  return {text.substr(0, blank), text.substr(blank + 1, slash - blank - 1), text.substr(slash + 1)};
}

class LocationMaker {
 public:
  LocationMaker(const NginxServer& server, const NginxModel& model, const Controller& controller, Maker& maker,
                base::Diagnostics& diagnostics)
      : server_(server), model_(model), controller_(controller), maker_(maker), diagnostics_(diagnostics) {
    for (const NginxLocation& location : server.locations) {
      if (location.exact) exact_.insert(location.path);
    }
  }

  std::vector<Route> plain() {
    for (const NginxLocation& location : server_.locations) add_plain(location);
    if (server_.host == "_") add_reserved();
    refuse_duplicates();
    add_slash_redirects();
    std::vector<Route> out;
    for (Made& made : made_) out.push_back(std::move(made.route));
    sort_routes(out);
    return out;
  }

  // Reference 5.4: every location is a regular expression; the longer text first, then reverse byte order.
  std::vector<Route> regex() {
    std::vector<const NginxLocation*> sorted;
    for (const NginxLocation& location : server_.locations) sorted.push_back(&location);
    std::ranges::stable_sort(sorted, [](const NginxLocation* a, const NginxLocation* b) {
      if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
      return a->path > b->path;
    });
    for (const NginxLocation* location : sorted) {
      const std::uint32_t treatment = treat(*location);
      const bool single = location->path == "/" || location->exact || wants_regex(*location);
      if (!single) {
        if (!location->path.ends_with('/')) put(*location, PathMatch::Kind::regex, location->path + "/", treatment);
        if (has_exact(location->path)) continue;
      }
      put(*location, PathMatch::Kind::regex, location->path, treatment);
    }
    std::vector<Route> out;
    for (Made& made : made_) out.push_back(std::move(made.route));
    return out;
  }

 private:
  struct Made {
    Route route;
    const NginxLocation* location = nullptr;
  };

  std::uint32_t treat(const NginxLocation& location) {
    return maker_.treatment(nginx_steps(location, model_, controller_, maker_));
  }
  [[nodiscard]] bool has_exact(const std::string& path) const { return exact_.contains(path); }
  void put(const NginxLocation& location, PathMatch::Kind kind, std::string text, std::uint32_t treatment) {
    const bool fold = kind == PathMatch::Kind::regex;
    made_.push_back({{{kind, std::move(text), fold}, treatment, location.rule, location.origin}, &location});
  }

  void add_plain(const NginxLocation& location) {
    using enum PathMatch::Kind;
    const std::uint32_t treatment = treat(location);
    if (location.exact) return put(location, exact, location.path, treatment);
    if (location.path == "/") return put(location, prefix, "/", treatment);
    const std::string under = location.path.ends_with('/') ? location.path : location.path + "/";
    if (!has_exact(location.path)) put(location, exact, location.path, treatment);
    put(location, prefix, under, treatment);
  }

  // Reference B9: what the catch-all answers itself.
  void add_reserved() {
    const Origin origin{"controller " + controller_.name, "reserved path", controller_.span};
    const auto reserve = [&](std::string path, Steps steps) {
      const PathMatch match{PathMatch::Kind::prefix, std::move(path), false};
      made_.push_back({{match, maker_.treatment(std::move(steps)), "controller", origin}, nullptr});
    };
    reserve("/healthz", always(Reply{200}, origin));
    net::PrefixSet loopback;
    loopback.add(*net::Prefix::parse("127.0.0.1/32"));
    loopback.add(*net::Prefix::parse("::1/128"));
    Condition inside = not_condition(Condition::Kind::source_in);
    inside.number = maker_.ranges("controller/loopback", loopback);
    Steps status;
    status.push_back({{inside}, Refuse{403}, origin});
    status.push_back({{}, Reply{200}, origin});
    reserve("/nginx_status", std::move(status));
  }

  // Reference X7, G7: nginx refuses a configuration with two equal locations.
  void refuse_duplicates() {
    std::map<std::pair<PathMatch::Kind, std::string>, const NginxLocation*> seen;
    for (const Made& made : made_) {
      const PathMatch& match = made.route.match;
      const auto [first, fresh] = seen.try_emplace({match.kind, match.text}, made.location);
      if (fresh) continue;
      std::string why =
          fmt::format("two locations `{}{}` on host `{}`: nginx refuses the configuration and keeps what it had",
                      match.kind == PathMatch::Kind::exact ? "= " : "", match.text, server_.host);
      report(why, first->second, *made.location);
      if (maker_.router().rejected.empty()) maker_.router().rejected = std::move(why);
    }
  }

  void report(const std::string& why, const NginxLocation* first, const NginxLocation& second) {
    base::Diagnostic& finding =
        diagnostics_.add("PC3203", fmt::format("controller `{}`: {}", controller_.name, why), second.origin.span);
    finding.object = owner_of(second.origin);
    finding.field = second.origin.field + ".path";
    finding.hint = "write one of the two paths in another way";
    if (first != nullptr && first->origin.span.known())
      finding.related.push_back({fmt::format("the other is of {}", first->origin.object), first->origin.span});
  }

  // Reference X5: a path that is a location but for the slash at its end is redirected there.
  void add_slash_redirects() {
    std::set<std::string> equal;
    for (const Made& made : made_) {
      if (made.route.match.kind == PathMatch::Kind::exact) equal.insert(made.route.match.text);
    }
    std::vector<Made> more;
    for (const Made& made : made_) {
      const std::string& text = made.route.match.text;
      const bool denied = made.location == nullptr ||
                          (made.location->annotations != nullptr && !made.location->annotations->denied.empty());
      if (denied || text.size() < 2 || !text.ends_with('/')) continue;
      const std::string without = text.substr(0, text.size() - 1);
      if (!equal.insert(without).second) continue;
      const auto piece = [](Piece::Kind kind, std::string word = {}) { return Piece{kind, std::move(word)}; };
      Redirect redirect{301,
                        {piece(Piece::Kind::scheme), piece(Piece::Kind::text, "://"), piece(Piece::Kind::host),
                         piece(Piece::Kind::text, text), piece(Piece::Kind::query)}};
      more.push_back({{{PathMatch::Kind::exact, without, false},
                       maker_.treatment(std::move(redirect), made.route.origin),
                       "slash redirect",
                       made.route.origin},
                      made.location});
    }
    for (Made& made : more) made_.push_back(std::move(made));
  }

  const NginxServer& server_;
  const NginxModel& model_;
  const Controller& controller_;
  Maker& maker_;
  base::Diagnostics& diagnostics_;
  std::set<std::string> exact_;  // paths of Exact locations
  std::vector<Made> made_;
};

}  // namespace

std::vector<Route> nginx_routes(const NginxServer& server, const NginxModel& model, const Controller& controller,
                                Maker& maker, base::Diagnostics& diagnostics) {
  LocationMaker locations(server, model, controller, maker, diagnostics);
  return server.regex ? locations.regex() : locations.plain();
}

}  // namespace portcullis::ir::l7
