// Flavour `haproxy-ingress` (jcmoraisjr/haproxy-ingress): path types by annotation, the older object wins, host entries
// fall through to wider ones unless `strictHost` is on.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

// The order in which the controller's maps are looked up.
enum class Map : std::uint8_t { exact, prefix, begin, regex };

struct Line {
  Map map = Map::exact;
  Route route;
};

Map map_of(const Row& row) {
  if (row.type == PathType::exact) return Map::exact;
  if (row.type == PathType::prefix) return Map::prefix;
  const std::string_view type = row.ingress->body.metadata.annotations.get("haproxy-ingress.github.io/path-type");
  if (type == "exact") return Map::exact;
  if (type == "prefix") return Map::prefix;
  return type == "regex" ? Map::regex : Map::begin;
}

class HaproxyIngressBuilder {
 public:
  HaproxyIngressBuilder(const Controller& controller, Maker& maker) : controller_(controller), maker_(maker) {}

  void build() {
    find_tls_hosts();
    const std::vector<Row> rows = rows_of(controller_.ingresses);
    for (const Row& row : rows) add(row);
    const std::uint32_t rest = maker_.treatment(default_answer());
    Router& router = maker_.router();
    router.unmatched = router.without_host = rest;
    for (auto& [host, entry] : hosts_.entries()) {
      entry.routes = routes(host);
      entry.otherwise = rest;
    }
    if (!controller_.options.strict_host) fall_through();
    router.hosts = hosts_.take();
    certificates_by_name(controller_, maker_);
  }

 private:
  void find_tls_hosts() {
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      for (const manifest::IngressTls& tls : ingress->body.tls) {
        for (const manifest::Text& host : tls.hosts) tls_hosts_.insert(host.value);
      }
    }
  }

  void add(const Row& row) {
    const auto target = maker_.find(row.ingress->ns, *row.backend, PortRule::number_or_name);
    if (!target) return;
    (void)hosts_.at(row);
    Steps steps;
    const auto asked = parse_bool(row.ingress->body.metadata.annotations.get("haproxy-ingress.github.io/ssl-redirect"));
    if (tls_hosts_.contains(row.host) && asked.value_or(true)) {
      const Redirect redirect{
          302, {{Piece::Kind::text, "https://"}, {Piece::Kind::host_port, {}}, {Piece::Kind::target, {}}}};
      steps.push_back({{condition(Condition::Kind::plain_http)}, redirect, row.origin});
    }
    steps.push_back({{}, to_one(maker_.backend(*target)), row.origin});
    const std::uint32_t treatment = maker_.treatment(std::move(steps));
    const Map map = map_of(row);
    const std::string path(trimmed(row.path));
    const auto put = [&](PathMatch match) {
      lines_[row.host].push_back({map, {std::move(match), treatment, row.rule, row.origin}});
    };
    switch (map) {
      case Map::exact:
        put({PathMatch::Kind::exact, row.path, false});
        break;
      case Map::prefix:
        if (!path.empty()) put({PathMatch::Kind::exact, path, false});
        put({PathMatch::Kind::prefix, path + "/", false});
        break;
      case Map::begin:
        put({PathMatch::Kind::prefix, row.path.empty() ? "/" : row.path, true});
        break;
      case Map::regex:
        put({PathMatch::Kind::regex, row.path, false});
        break;
    }
  }

  // Lines stand in the order of age: of equal ones the first stays.
  [[nodiscard]] std::vector<Route> routes(const std::string& host) {
    std::vector<Line>& lines = lines_[host];
    std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
      if (a.map != b.map) return a.map < b.map;
      return a.route.match.text.size() > b.route.match.text.size();
    });
    std::vector<Route> out;
    for (Line& line : lines) out.push_back(std::move(line.route));
    keep_first(out);
    return out;
  }

  void fall_through() {
    std::map<std::string, std::vector<Route>> more;
    for (const auto& [host, entry] : hosts_.entries()) {
      for (const HostEntry* wider : hosts_.wider(host)) {
        more[host].insert(more[host].end(), wider->routes.begin(), wider->routes.end());
      }
    }
    for (auto& [host, routes] : more) {
      HostEntry& entry = hosts_.entries().at(host);
      entry.routes.insert(entry.routes.end(), routes.begin(), routes.end());
    }
  }

  [[nodiscard]] Steps default_answer() {
    for (const cluster::Ingress* ingress : controller_.ingresses) {
      if (!ingress->body.default_backend) continue;
      const auto target = maker_.find(ingress->ns, *ingress->body.default_backend, PortRule::number_or_name);
      if (target) return always(to_one(maker_.backend(*target)), default_backend_origin(*ingress));
    }
    const Origin origin{"controller " + controller_.name, "default backend", controller_.span};
    if (controller_.options.default_backend) {
      if (const auto target = maker_.first_port(*controller_.options.default_backend)) {
        return always(to_one(maker_.backend(*target)), origin);
      }
    }
    return always(Reply{404}, origin);
  }

  const Controller& controller_;
  Maker& maker_;
  std::set<std::string> tls_hosts_;
  std::map<std::string, std::vector<Line>> lines_;
  HostDrafts hosts_{HostPattern::Kind::one_label};
};

}  // namespace

void build_haproxy_ingress(const Controller& controller, Maker& maker) {
  maker.router().host_form = HostForm::haproxy;
  maker.router().path_form = PathForm::as_sent;
  HaproxyIngressBuilder(controller, maker).build();
}

}  // namespace portcullis::ir::l7
