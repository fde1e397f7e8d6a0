#include "compiler/policy/bind.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "compiler/base/catalogue.hpp"
#include "compiler/policy/destinations.hpp"
#include "compiler/policy/exposures.hpp"
#include "compiler/policy/objects.hpp"
#include "compiler/policy/select.hpp"
#include "compiler/policy/syntax_error.hpp"
#include "compiler/policy/values.hpp"
#include "compiler/policy/zones.hpp"

namespace portcullis::policy {

namespace {

// Kinds that findings are about, as findings write them.
constexpr std::array<std::string_view, 19> waivable_kinds{"Service",
                                                          "EndpointSlice",
                                                          "Endpoints",
                                                          "Pod",
                                                          "Node",
                                                          "Namespace",
                                                          "Deployment",
                                                          "StatefulSet",
                                                          "DaemonSet",
                                                          "ReplicaSet",
                                                          "ReplicationController",
                                                          "Job",
                                                          "CronJob",
                                                          "Ingress",
                                                          "IngressClass",
                                                          "NetworkPolicy",
                                                          "Secret",
                                                          "ServiceCIDR",
                                                          "ClusterProfile"};

// `network-policy`, `NetworkPolicy`, `networkpolicy` are one kind.
std::string folded(std::string_view word) {
  std::string out;
  for (const char c : word) {
    if (c != '-') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

// Input that was not understood cannot be waived away, nor can what is wrong with a policy or with us.
bool can_be_waived(std::string_view code) {
  constexpr std::array<std::string_view, 3> never{"PC1001", "PC1002", "PC6008"};
  return !code.starts_with("PC4") && std::ranges::find(never, code) == never.end();
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

class Binder {
 public:
  Binder(const manifest::Input& input, const cluster::Cluster& cluster, const base::SourceMap& sources,
         std::chrono::year_month_day today, base::Diagnostics& diagnostics)
      : cluster_(cluster),
        sources_(sources),
        today_(today),
        diagnostics_(diagnostics),
        objects_(input, cluster),
        zones_(objects_) {}

  Bound run(std::span<const SyntaxTree> trees) {
    // Zones first: a sentence may use one that is defined below it, or in another file.
    for_each<ZoneDefinition>(trees, [&](const auto& zone, const Sentence& s) { zones_.announce(zone, s); });
    for_each<ZoneDefinition>(trees, [&](const auto& zone, const Sentence& s) { zones_.define(zone, asker(s)); });
    for (const SyntaxTree& tree : trees) {
      for (const Sentence& sentence : tree.sentences) {
        sentence_ = &sentence;
        questions_.clear();
        std::visit([&](const auto& body) { bind(body); }, sentence.body);
        keep();
      }
    }
    return std::move(out_);
  }

 private:
  struct Asked {
    std::string about;
    Question question;
  };

  template <class Body, class Action>
  static void for_each(std::span<const SyntaxTree> trees, const Action& action) {
    for (const SyntaxTree& tree : trees) {
      for (const Sentence& sentence : tree.sentences) {
        if (const auto* body = std::get_if<Body>(&sentence.body)) action(*body, sentence);
      }
    }
  }

  [[nodiscard]] Asker asker(const Sentence& sentence) const { return {sentence, sources_, diagnostics_}; }
  [[nodiscard]] Asker asker() const { return asker(*sentence_); }

  void ask(std::string about, Question question) { questions_.push_back({std::move(about), std::move(question)}); }

  void keep() {
    const auto statement = std::make_shared<const Statement>(
        Statement{fmt::format("{}:{}", sources_.name(sentence_->span.file), sentence_->line), sentence_->text,
                  sentence_->span, questions_.size() > 1});
    for (Asked& asked : questions_)
      out_.obligations.push_back({statement, std::move(asked.about), std::move(asked.question)});
  }

  // ---- sentences about packets

  // Everything that the sentence is about; nothing if a part of it is wrong, and all of the parts have said so.
  struct Packets {
    SharedSources from;
    Resolved to;
  };
  std::optional<Packets> packets(const Zones& from, const Targets& to) {
    SharedSources sources = zones_.sources(from, asker());
    std::optional<Resolved> destinations = resolve(to, false, objects_, asker());
    if (sources == nullptr || !destinations) return std::nullopt;
    return Packets{std::move(sources), std::move(*destinations)};
  }

  // Of a sentence that keeps somebody out. Nothing is wrong if nothing is left.
  std::optional<Packets> packets(const Zones& from, const Targets& to, const Targets& except) {
    Packets out{zones_.sources(from, asker()), {}};
    std::optional<Resolved> destinations = resolve(to, true, objects_, asker());
    const std::optional<Resolved> excepted =
        except.empty() ? std::optional(Resolved{}) : resolve(except, false, objects_, asker());
    if (out.from == nullptr || !destinations || !excepted) return std::nullopt;
    const bool none = destinations->empty();
    out.to = std::move(*destinations);
    out.to.destinations = without(std::move(out.to.destinations), excepted->destinations);
    out.to.requests = without(std::move(out.to.requests), excepted->requests);
    std::erase_if(out.to.undecided, [&](const Undecided& u) {
      return std::ranges::find(excepted->undecided, u.about, &Undecided::about) != excepted->undecided.end();
    });
    if (out.to.empty())
      ask({}, SettledQuestion{none ? "no Service has such a node port" : "all that there is, is excepted"});
    return out;
  }

  // `make` takes destinations of packets and of requests.
  template <class Make>
  void ask_each(Packets packets, const Make& make) {
    const auto each = [&](auto& destinations) {
      for (auto& destination : destinations) {
        std::string about = name_of(destination);
        ask(std::move(about), make(std::move(destination)));
      }
    };
    each(packets.to.destinations);
    each(packets.to.requests);
    for (Undecided& undecided : packets.to.undecided)
      ask(std::move(undecided.about), UnsupportedQuestion{std::move(undecided.reason)});
  }

  void bind(const ZoneDefinition&) {}  // done

  void bind(const Reachable& sentence) {
    const bool survives = check_surviving(sentence.surviving);
    auto bound = packets(sentence.from, sentence.to);
    if (!bound || !survives) return;
    const SharedSources from = bound->from;
    const std::uint32_t surviving = sentence.surviving.value;
    ask_each(std::move(*bound),
             Overloaded{[&](Destination to) { return Question{ReachableQuestion{from, std::move(to), surviving}}; },
                        [&](RequestDestination to) {
                          return Question{RequestReachableQuestion{from, std::move(to), surviving}};
                        }});
  }

  bool check_surviving(const Located<std::uint32_t>& surviving) {
    const std::size_t nodes = cluster_.nodes.size();
    if (surviving.value == 0 || surviving.value < nodes) return true;
    base::Diagnostic& finding = diagnostics_.add(
        "PC4010", fmt::format("{} node{}: none is left after losing {}", nodes, nodes == 1 ? "" : "s", surviving.value),
        surviving.span);
    if (!cluster_.profile.nodes_given) finding.hint = "these nodes are assumed: give the cluster's in a profile";
    return false;
  }

  void bind(const Unreachable& sentence) {
    auto bound = packets(sentence.from, sentence.to, sentence.except);
    if (!bound) return;
    const SharedSources from = bound->from;
    ask_each(std::move(*bound),
             Overloaded{[&](Destination to) { return Question{UnreachableQuestion{from, std::move(to)}}; },
                        [&](RequestDestination to) {
                          return Question{RequestUnreachableQuestion{from, std::move(to), nullptr}};
                        }});
  }

  void bind(const Only& sentence) {
    auto bound = packets(sentence.zones, sentence.to, sentence.except);
    if (!bound) return;
    const SharedSources others = zones_.others(sentence.zones, asker());
    if (others->groups.empty()) {
      report_nothing(asker(), sentence.zones.span, "nobody is left whom the sentence would keep out");
      return;
    }
    const SharedSources allowed = bound->from;
    ask_each(std::move(*bound),
             Overloaded{[&](Destination to) { return Question{OnlyQuestion{allowed, others, std::move(to)}}; },
                        [&](RequestDestination to) {
                          return Question{RequestUnreachableQuestion{others, std::move(to), allowed}};
                        }});
  }

  void bind(const PreservesSource& sentence) {
    auto bound = packets(sentence.from, sentence.to);
    if (!bound) return;
    const SharedSources from = bound->from;
    ask_each(
        std::move(*bound),
        Overloaded{[&](Destination to) { return Question{PreservesSourceQuestion{from, std::move(to)}}; },
                   [](const RequestDestination&) {
                     return Question{UnsupportedQuestion{
                         "a router asks in the place of its clients: whether it says who they are is not decided"}};
                   }});
  }

  // ---- sentences about frontends

  void bind(const SameFate& sentence) {
    const auto ports = match_ports(sentence.service.value, objects_, asker());
    if (!ports) return;
    for (const MatchedPort& port : *ports) same_fate(sentence, port, ports->size() == 1);
    if (questions_.empty() && ports->size() > 1)
      report_nothing(asker(), sentence_->span, "no Service port has all of these frontends");
  }

  void same_fate(const SameFate& sentence, const MatchedPort& port, bool only_one) {
    const std::string name = service_port_name(*port.service, *port.port);
    std::vector<std::vector<Frontend>> of_kind;
    for (const Located<FrontendKind>& kind : sentence.frontends) {
      std::vector<Frontend> frontends = frontends_of(*port.service, *port.port);
      std::erase_if(frontends, [&](const Frontend& f) { return f.kind != kind.value; });
      if (frontends.empty()) {
        if (only_one) report_unknown(asker(), fmt::format("{} of", to_string(kind.value)), name, kind.span, {});
        return;
      }
      of_kind.push_back(std::move(frontends));
    }
    for (std::size_t i = 1; i < of_kind.size(); ++i) {
      const bool pair = of_kind.size() == 2;
      ask(pair ? name : fmt::format("{} on {}", name, to_string(sentence.frontends[i].value)),
          SameFateQuestion{of_kind.front(), std::move(of_kind[i]), sentence.with_source});
    }
  }

  // ---- sentences about the cluster

  void bind(const Forbid& sentence) {
    bool whole = true;
    for (const Pattern& ns : sentence.except_namespaces) whole = check_namespace(objects_, ns, asker()) && whole;
    if (!whole) return;
    for (const Located<Exposure>& exposure : sentence.exposures) {
      ForbiddenQuestion question{exposure.value, offenders(objects_, exposure.value)};
      std::erase_if(question.offenders, [&](const ForbiddenQuestion::Offender& offender) {
        return std::ranges::any_of(sentence.except_namespaces,
                                   [&](const Pattern& ns) { return ns.matches(offender.object.ns); });
      });
      ask(std::string(to_string(exposure.value)), std::move(question));
    }
  }

  void bind(const NoConflicts&) {
    NoConflictsQuestion question;
    for (const cluster::Claim& claim : cluster_.claims) {
      if (claim.conflict) question.conflicts.push_back(&claim);
    }
    ask({}, std::move(question));
  }

  // ---- waivers

  void bind(const Waive& sentence) {
    Waiver waiver;
    const bool known_code = bind_code(sentence, waiver);
    const bool known_kind = bind_kind(sentence, waiver);
    if (!known_code || !known_kind || !check_object(sentence, waiver)) return;
    waiver.object = sentence.object;
    waiver.until = sentence.until.value;
    waiver.reason = sentence.reason.value;
    waiver.span = sentence_->span;
    waiver.expired = std::chrono::sys_days(waiver.until) < std::chrono::sys_days(today_);
    if (waiver.expired) {
      diagnostics_
          .add("PC4005",
               fmt::format("the waiver of {} for {} ended on {}", waiver.code, sources_.text(sentence.object.span),
                           date_text(waiver.until)),
               sentence.until.span)
          .hint = "mend what it waives, or decide anew";
    }
    out_.waivers.push_back(std::move(waiver));
  }

  bool bind_code(const Waive& sentence, Waiver& waiver) {
    const base::Rule* rule = base::find_rule(sentence.code.value);
    if (rule == nullptr) {
      std::vector<std::string_view> known;
      for (const base::Rule& r : base::catalogue()) known.insert(known.end(), {r.code, r.name});
      // Every code is near to others.
      if (sentence.code.value.starts_with("PC")) known.clear();
      report_unknown(asker(), "finding", sentence.code.value, sentence.code.span, known).hint =
          "`portcullis explain` lists them";
      return false;
    }
    if (!can_be_waived(rule->code)) {
      report_value(sentence.code.value, sentence.code.span, "a finding that can be waived", diagnostics_).hint =
          "input that cannot be read, and what is wrong with a policy, has to be mended";
      return false;
    }
    waiver.code = rule->code;
    return true;
  }

  bool bind_kind(const Waive& sentence, Waiver& waiver) {
    const auto found = std::ranges::find(waivable_kinds, folded(sentence.kind.value), folded);
    if (found != waivable_kinds.end()) {
      waiver.kind = *found;
      return true;
    }
    report_unknown(asker(), "kind of object", sentence.kind.value, sentence.kind.span,
                   {waivable_kinds.begin(), waivable_kinds.end()});
    return false;
  }

  // A name that nothing has is a misspelt one. Findings about objects that could not be read can be waived.
  bool check_object(const Waive& sentence, const Waiver& waiver) {
    const ObjectPattern& object = sentence.object;
    if (object.ns && !check_namespace(objects_, *object.ns, asker())) return false;
    if (!object.name.is_name()) return true;
    std::vector<std::string> names;
    bool found = false;
    const auto see = [&](const base::ObjectRef& known) {
      if (known.kind != waiver.kind) return;
      names.push_back(known.ns.empty() || !object.ns ? known.name : fmt::format("{}/{}", known.ns, known.name));
      found = found || ((!object.ns || object.ns->matches(known.ns)) && object.name.matches(known.name));
    };
    for (const manifest::Object& known : objects_.input().objects) see(manifest::reference(known));
    for (const base::ObjectRef& known : objects_.input().lost) see(known);
    for (const cluster::Node& known : cluster_.nodes) see({"Node", {}, known.name});
    if (found) return true;
    report_unknown(asker(), waiver.kind, sources_.text(object.span), object.span, {names.begin(), names.end()});
    return false;
  }

  const cluster::Cluster& cluster_;
  const base::SourceMap& sources_;
  std::chrono::year_month_day today_;
  base::Diagnostics& diagnostics_;
  Objects objects_;
  ZoneTable zones_;
  const Sentence* sentence_ = nullptr;
  std::vector<Asked> questions_;
  Bound out_;
};

}  // namespace

Bound bind(std::span<const SyntaxTree> trees, const manifest::Input& input, const cluster::Cluster& cluster,
           const base::SourceMap& sources, std::chrono::year_month_day today, base::Diagnostics& diagnostics) {
  return Binder(input, cluster, sources, today, diagnostics).run(trees);
}

}  // namespace portcullis::policy
