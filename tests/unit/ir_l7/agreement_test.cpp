// `serve` finds hosts and routes by its indexes; here the patterns and routes are tried one by one, as router.hpp says.
#include <random>

#include <catch2/catch.hpp>

#include "compiler/ir/l7/answers.hpp"
#include "compiler/ir/l7/conditions.hpp"
#include "compiler/ir/l7/forms.hpp"
#include "compiler/ir/l7/letters.hpp"
#include "compiler/ir/l7/serve.hpp"
#include "compiler/ir/l7/text.hpp"
#include "routers.hpp"

namespace portcullis::ir::l7 {

namespace {

Decision of_kind(Decision::Kind kind, int status, std::string why = {}) {
  Decision decision;
  decision.kind = kind;
  decision.status = status;
  decision.why = std::move(why);
  return decision;
}
Decision outside(const std::string& pattern, const Regex& regex) {
  return of_kind(Decision::Kind::unknown, 0, unsupported(pattern, regex));
}

struct Naive {
  const Router& router;
  const Request& request;
  RegexTable regexes{};

  std::optional<Decision> steps(const Steps& steps, const std::string& name, const std::string& path) {
    const View view{router, regexes, request, name, path};
    for (const Step& step : steps) {
      for (const Condition& c : step.when) {
        if (c.kind == Condition::Kind::header_matches) regexes.add(c.values.front(), false, false);
      }
      if (const auto* f = std::get_if<Forward>(&step.answer); f != nullptr && f->rewrite) {
        regexes.add(f->rewrite->pattern, true, false);
      }
      const Truth truth = all_hold(step.when, view);
      if (truth.value == Truth::Value::no) continue;
      if (truth.value == Truth::Value::unknown) return of_kind(Decision::Kind::unknown, 0, truth.why);
      return decide(step.answer, view);
    }
    return {};
  }

  template <class Element>
  const Element* by_server_name(const std::vector<Element>& elements) const {
    if (!request.https || !request.sni) return nullptr;
    std::string sni = folded(*request.sni);
    if (router.host_form == HostForm::nginx && sni.ends_with('.')) sni.pop_back();
    for (const auto kind : {HostPattern::Kind::exact, HostPattern::Kind::one_label}) {
      for (const Element& element : elements) {
        if (element.name.kind == kind && matches(element.name, sni, HostForm::plain)) return &element;
      }
    }
    return nullptr;
  }

  // The entry, or a pattern that cannot be tried; neither: no entry.
  struct Host {
    const HostEntry* entry = nullptr;
    const HostPattern* unsupported = nullptr;
  };
  [[nodiscard]] Host host(const std::string& name) const {
    using enum HostPattern::Kind;
    const HostPattern* longest = nullptr;
    Host found;
    const auto each = [&](auto use) {
      for (const HostEntry& entry : router.hosts) {
        for (const HostPattern& pattern : entry.names) use(entry, pattern);
      }
    };
    const auto done = [&] { return found.entry != nullptr || found.unsupported != nullptr; };
    each([&](const HostEntry& entry, const HostPattern& p) {
      if (!done() && p.kind == exact && matches(p, name, router.host_form)) found.entry = &entry;
    });
    if (done()) return found;
    each([&](const HostEntry& entry, const HostPattern& p) {
      if (p.kind != many_labels || !matches(p, name, router.host_form)) return;
      if (longest != nullptr && longest->text.size() >= p.text.size()) return;
      longest = &p;
      found.entry = &entry;
    });
    if (done()) return found;
    each([&](const HostEntry& entry, const HostPattern& p) {
      if (done() || name.empty() || (p.kind != one_label && p.kind != regex)) return;
      if (p.kind == regex && !Regex(p.text, true, false).valid()) {
        found.unsupported = &p;
      } else if (matches(p, name, router.host_form)) {
        found.entry = &entry;
      }
    });
    if (done()) return found;
    each([&](const HostEntry& entry, const HostPattern& p) {
      if (p.kind == any) found.entry = &entry;
    });
    return found;
  }

  Decision serve() {
    if (!router.rejected.empty()) return of_kind(Decision::Kind::unknown, 0, router.rejected);
    if (const Passthrough* p = by_server_name(router.passthrough)) {
      return pass_through(p->backend, {router, regexes, request, {}, {}});
    }
    if (request.https && router.strict_sni && by_server_name(router.tls) == nullptr) {
      return of_kind(Decision::Kind::refuse, 0);
    }
    const auto name = host_name(request, router.host_form);
    if (const int* status = std::get_if<int>(&name)) return of_kind(Decision::Kind::refuse, *status);
    const auto path_or_status = matched_path(request.target, router.path_form);
    if (const int* status = std::get_if<int>(&path_or_status)) return of_kind(Decision::Kind::refuse, *status);
    const std::string& path = std::get<std::string>(path_or_status);
    const std::string& text = std::get<Name>(name).text;
    const auto treat = [&](std::uint32_t id) { return steps(router.treatments[id], text, path).value(); };
    if (!std::get<Name>(name).present) return treat(router.without_host);
    const Host found = host(text);
    if (found.unsupported != nullptr) {
      return outside(found.unsupported->text, Regex(found.unsupported->text, true, false));
    }
    if (found.entry == nullptr) return treat(router.unmatched);
    if (auto early = steps(found.entry->steps, text, path)) return *early;
    for (const Route& route : found.entry->routes) {
      const PathMatch& match = route.match;
      const std::string wanted = match.fold ? folded(match.text) : match.text;
      const std::string seen = match.fold ? folded(path) : path;
      if (match.kind == PathMatch::Kind::regex) {
        const Regex regex(match.text, match.fold, true);
        if (!regex.valid()) return outside(match.text, regex);
        if (regex.search(path)) return treat(route.treatment);
      } else if (match.kind == PathMatch::Kind::exact ? seen == wanted : seen.starts_with(wanted)) {
        return treat(route.treatment);
      }
    }
    return treat(found.entry->otherwise);
  }
};

}  // namespace

TEST_CASE("indexes find what trying one after the other finds") {
  std::size_t kinds[5] = {};
  for (std::uint32_t seed = 1; seed <= 1500; ++seed) {
    std::mt19937 random(seed);
    const Router router = test::random_router(random, test::Words::sensible);
    const Server server(router);
    for (int i = 0; i < 40; ++i) {
      const Request request = test::random_request(random);
      const Decision decision = server.serve(request);
      ++kinds[static_cast<std::size_t>(decision.kind)];
      if (decision == Naive{router, request}.serve()) continue;
      CAPTURE(seed, i, request.target, request.https, print(router));
      CHECK(text(decision) == text(Naive{router, request}.serve()));
      REQUIRE(decision == Naive{router, request}.serve());
    }
  }
  for (const std::size_t count : kinds) CHECK(count > 1000);
}

TEST_CASE("the entry of a name is the one that serve takes") {
  std::size_t found = 0;
  for (std::uint32_t seed = 1; seed <= 500; ++seed) {
    std::mt19937 random(seed);
    const Router router = test::random_router(random, test::Words::sensible);
    const Server server(router);
    for (int i = 0; i < 20; ++i) {
      Trail trail;
      const Decision decision = server.serve(test::random_request(random), &trail);
      if (trail.name.empty() || (decision.kind == Decision::Kind::unknown && trail.host == nullptr)) continue;
      const HostPattern* pattern = nullptr;
      const HostEntry* entry = find_host(router, trail.name, &pattern);
      CAPTURE(seed, i, trail.name, print(router));
      REQUIRE(entry == trail.host);
      REQUIRE(pattern == trail.pattern);
      found += entry != nullptr ? 1 : 0;
    }
  }
  CHECK(found > 1000);
}

}  // namespace portcullis::ir::l7
