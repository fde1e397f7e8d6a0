// Flavour `haproxy` (HAProxy Technologies' kubernetes-ingress): routing by maps, reference 5.5, 6.2, 7, 8.3, 9.1.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "compiler/ir/l7/build/flavours.hpp"
#include "compiler/ir/l7/build/rules.hpp"

namespace portcullis::ir::l7 {

namespace {

// A line of one of the controller's maps. Of lines with one key the first as text wins.
struct Line {
  PathMatch match;
  bool equal = false;  // of the map of Exact paths, or of the one of equal halves: the first is looked up first
  std::string backend;
  std::uint32_t treatment = 0;
  const Row* row = nullptr;
};

class HaproxyBuilder {
 public:
  HaproxyBuilder(const Controller& controller, Maker& maker) : controller_(controller), maker_(maker) {}

  void build() {
    const std::vector<Row> rows = rows_of(controller_.ingresses);
    for (const Row& row : rows) add(row);
    const std::uint32_t rest = maker_.treatment(default_answer());
    Router& router = maker_.router();
    router.unmatched = router.without_host = rest;
    for (auto& [host, lines] : lines_) {
      HostEntry& entry = hosts_.at(*lines.front().row);
      for (const Line& line : lines) (void)hosts_.at(*line.row);
      entry.routes = routes(lines);
      entry.otherwise = rest;
    }
    router.hosts = hosts_.take();
    certificates_by_name(controller_, maker_);
  }

 private:
  void add(const Row& row) {
    const auto target = maker_.find(row.ingress->ns, *row.backend, PortRule::number_or_name);
    if (!target) return;  // a dead route is not created
    Steps steps;
    redirect_to_https(*row.ingress, steps);
    steps.push_back({{}, to_one(maker_.backend(*target)), row.origin});
    Line line;
    line.treatment = maker_.treatment(std::move(steps));
    line.row = &row;
    line.backend = fmt::format(
        "{}_svc_{}_{}", target->service->ns, target->service->name,
        target->port != nullptr && !target->port->name.empty() ? target->port->name : std::to_string(target->number));
    const std::string path(trimmed(row.path));
    std::vector<Line>& lines = lines_[row.host];
    const auto put = [&](PathMatch::Kind kind, std::string text, bool equal) {
      line.match = {kind, std::move(text), false};
      line.equal = equal;
      lines.push_back(line);
    };
    using enum PathMatch::Kind;
    switch (row.type) {
      case PathType::exact:
        put(exact, row.path, false);
        break;
      case PathType::prefix:
        if (!path.empty()) put(exact, path, true);
        put(prefix, path + "/", false);
        break;
      case PathType::implementation_specific:
        if (!path.empty()) put(exact, path, true);
        put(prefix, path.empty() ? "/" : path, false);
        break;
    }
  }

  void redirect_to_https(const cluster::Ingress& ingress, Steps& steps) {
    const auto& annotations = ingress.body.metadata.annotations;
    const manifest::KeyValue* given = annotations.find("haproxy.org/ssl-redirect");
    const std::optional<bool> asked = given != nullptr ? parse_bool(given->value.value) : std::nullopt;
    if (!asked.value_or(!ingress.body.tls.empty())) return;
    std::string port = std::to_string(controller_.options.ssl_redirect_port);
    if (const manifest::KeyValue* other = annotations.find("haproxy.org/ssl-redirect-port")) port = other->value.value;
    const Redirect redirect{302,
                            {{Piece::Kind::text, "https://"},
                             {Piece::Kind::host, {}},
                             {Piece::Kind::text, ":" + port},
                             {Piece::Kind::target, {}}}};
    const Origin origin = given != nullptr
                              ? origin_of(ingress, "metadata.annotations[haproxy.org/ssl-redirect]", given->value.span)
                              : origin_of(ingress, "spec.tls", ingress.body.tls.front().place);
    steps.push_back({{condition(Condition::Kind::plain_http)}, redirect, origin});
  }

  [[nodiscard]] static std::vector<Route> routes(std::vector<Line>& lines) {
    std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
      const auto rank = [](const Line& line) {
        if (line.match.kind == PathMatch::Kind::exact) return line.equal ? 1 : 0;
        return 2;
      };
      if (rank(a) != rank(b)) return rank(a) < rank(b);
      if (a.match.text.size() != b.match.text.size()) return a.match.text.size() > b.match.text.size();
      if (a.match.text != b.match.text) return a.match.text < b.match.text;
      return a.backend < b.backend;
    });
    std::vector<Route> out;
    for (const Line& line : lines) out.push_back({line.match, line.treatment, line.row->rule, line.row->origin});
    keep_first(out);
    return out;
  }

  // Any object's default backend is the router's; the last one processed holds.
  [[nodiscard]] Steps default_answer() {
    for (auto at = controller_.ingresses.rbegin(); at != controller_.ingresses.rend(); ++at) {
      if (!(*at)->body.default_backend) continue;
      const auto target = maker_.find((*at)->ns, *(*at)->body.default_backend, PortRule::number_or_name);
      if (target) return always(to_one(maker_.backend(*target)), default_backend_origin(**at));
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
  std::map<std::string, std::vector<Line>> lines_;
  HostDrafts hosts_{HostPattern::Kind::one_label};
};

}  // namespace

void build_haproxy(const Controller& controller, Maker& maker) {
  maker.router().host_form = HostForm::haproxy;
  maker.router().path_form = PathForm::as_sent;
  HaproxyBuilder(controller, maker).build();
}

}  // namespace portcullis::ir::l7
