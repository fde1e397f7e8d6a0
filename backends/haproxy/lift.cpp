// The router that a configuration is.
#include <algorithm>
#include <map>
#include <tuple>

#include "backends/haproxy/haproxy.hpp"

namespace portcullis::haproxy {

namespace {

using ir::l7::HostPattern;
using ir::l7::PathMatch;

ir::l7::Backend backend_of(const Target& target) {
  ir::l7::Backend out;
  out.service = target.service;
  out.via = target.via;
  out.targets = target.servers;
  out.external = target.external;
  out.external_port = target.external_port;
  out.status = target.status;
  out.affinity = !target.cookie.empty();
  out.affinity_cookie = target.cookie;
  return out;
}
auto key(const ir::l7::Backend& b) {
  return std::tuple(b.service, b.via, b.targets, b.external, b.external_port, b.status, b.affinity_cookie);
}
using Key = decltype(key(ir::l7::Backend{}));

class Lifting {
 public:
  explicit Lifting(const Configuration& configuration) : c_(configuration) {}

  ir::l7::Router run() {
    out_.name = c_.name;
    out_.host_form = c_.host_form;
    out_.path_form = c_.path_form;
    out_.unmatched = c_.unmatched;
    out_.without_host = c_.without_host.value_or(0);
    out_.ranges = c_.ranges;
    out_.tls_names = c_.tls_names;
    out_.strict_sni = c_.strict_sni;
    backends();
    for (const Treatment& treatment : c_.treatments) out_.treatments.push_back(steps(treatment));
    hosts();
    routes();
    tls();
    ir::l7::Entry entry;
    entry.http = c_.http;
    entry.https = c_.https;
    out_.entries.push_back(entry);
    return std::move(out_);
  }

 private:
  // ---- backends: what targets have in common with others of the same Service

  void backends() {
    std::map<Key, ir::l7::Backend> all;
    for (const Treatment& treatment : c_.treatments)
      for (const Part& part : treatment.parts)
        for (const Choice& choice : part.choices)
          if (choice.section.target) {
            const ir::l7::Backend backend = backend_of(*choice.section.target);
            all.try_emplace(key(backend), backend);
          }
    for (auto& [key, backend] : all) {
      ids_[key] = static_cast<std::uint32_t>(out_.backends.size());
      out_.backends.push_back(std::move(backend));
    }
  }

  // ---- treatments

  [[nodiscard]] ir::l7::Forward forward(const Part& part) const {
    ir::l7::Forward out;
    std::map<std::uint32_t, std::size_t> place;
    for (const Choice& choice : part.choices) {
      const Target& target = *choice.section.target;
      const std::uint32_t id = ids_.at(key(backend_of(target)));
      const auto [at, fresh] = place.try_emplace(id, out.choices.size());
      if (fresh) {
        out.choices.push_back({id, choice.weight});
      } else {
        out.choices[at->second].weight += choice.weight;
      }
      out.rewrite = target.rewrite;
      out.host = target.host;
      if (!target.dead()) out.protocol = target.protocol;
    }
    return out;
  }

  [[nodiscard]] ir::l7::Steps steps(const Treatment& treatment) const {
    ir::l7::Steps out;
    std::size_t told = 0;  // rules of the parts before
    for (const Part& part : treatment.parts) {
      const Section& section = part.choices.front().section;
      for (; told < section.rules.size(); ++told) {
        const Rule& rule = section.rules[told];
        out.push_back({rule.when, std::visit([](const auto& a) { return ir::l7::Answer(a); }, rule.answer), {}});
      }
      if (section.target) out.push_back({part.when, forward(part), {}});
    }
    return out;
  }

  // ---- hosts and routes

  void name(std::uint32_t entry, HostPattern::Kind kind, const std::string& text) {
    out_.hosts.at(entry).names.push_back({kind, text});
  }

  void hosts() {
    out_.hosts.resize(c_.otherwise.size());
    for (std::size_t i = 0; i < c_.otherwise.size(); ++i) out_.hosts[i].otherwise = c_.otherwise[i];
    for (const HostLine& line : c_.hosts) name(line.entry, HostPattern::Kind::exact, line.text);
    for (const HostLine& line : c_.many_labels) name(line.entry, HostPattern::Kind::many_labels, line.text);
    for (const HostLine& line : c_.one_label) name(line.entry, HostPattern::Kind::one_label, line.text);
    for (const HostRegex& line : c_.host_regexes) name(line.entry, line.pattern.kind, line.pattern.text);
    if (c_.any) name(*c_.any, HostPattern::Kind::any, {});
  }

  void route(std::uint32_t entry, PathMatch match, std::uint32_t treatment) {
    ir::l7::Route out;
    out.match = std::move(match);
    out.treatment = treatment;
    out_.hosts.at(entry).routes.push_back(std::move(out));
  }

  void routes() { c_.ranked ? ranked_routes() : plain_routes(); }

  void plain_routes() {
    for (const PathLine& line : c_.exact) route(line.entry, {PathMatch::Kind::exact, line.text, false}, line.value);
    std::vector<PathLine> longest_first = c_.prefix;
    std::ranges::stable_sort(longest_first, std::greater<>{}, [](const PathLine& line) { return line.text.size(); });
    for (const PathLine& line : longest_first)
      route(line.entry, {PathMatch::Kind::prefix, line.text, false}, line.value);
  }

  // The smallest slot first: among the lines of one table that match, the one that is taken must have it (a longest
  // prefix, the first regular expression), or it could not stand for the table.
  void ranked_routes() {
    std::map<std::uint32_t, std::pair<std::uint32_t, PathMatch>> by_slot;
    const auto add = [&](const std::vector<PathLine>& lines, PathMatch::Kind kind, bool fold) {
      for (const PathLine& line : lines) by_slot[line.value] = {line.entry, {kind, line.text, fold}};
    };
    add(c_.exact, PathMatch::Kind::exact, false);
    add(c_.prefix, PathMatch::Kind::prefix, false);
    add(c_.fold_exact, PathMatch::Kind::exact, true);
    add(c_.fold_prefix, PathMatch::Kind::prefix, true);
    for (const RegexList& list : c_.regexes)
      for (const RegexLine& line : list.lines)
        by_slot[line.slot] = {list.entry, {PathMatch::Kind::regex, line.text, line.fold}};
    for (auto& [slot, found] : by_slot) route(found.first, std::move(found.second), c_.slots.at(slot));
  }

  void tls() {
    for (const std::string& secret : c_.certificates) out_.certificates.push_back({secret, {}});
    for (const TlsLine& line : c_.tls) {
      out_.tls.push_back({line.name, line.certificate, {}});
      std::string name = line.name.print();
      out_.certificates.at(line.certificate).names.push_back(std::move(name));
    }
  }

  const Configuration& c_;
  std::map<Key, std::uint32_t> ids_;
  ir::l7::Router out_;
};

}  // namespace

ir::l7::Router lift(const Configuration& configuration) {
  return Lifting(configuration).run();
}

}  // namespace portcullis::haproxy
