#include "compiler/policy/select.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/base/text.hpp"

namespace portcullis::policy {

namespace {

constexpr std::size_t most_values = 8;  // of a label, in a hint

// What the three kinds of object have in common, for messages and for matching.
struct View {
  std::string_view ns, name;
  const cluster::Labels* labels = nullptr;
  const std::map<std::string, std::string>* node_labels = nullptr;

  [[nodiscard]] const std::string* find(std::string_view key) const {
    if (labels != nullptr) return labels->find(key);
    const auto found = node_labels->find(std::string(key));
    return found == node_labels->end() ? nullptr : &found->second;
  }
};

View view(const KnownService& s) {
  return {s.service->ns, s.service->name, &s.labels, nullptr};
}
View view(const KnownPod& p) {
  return {p.pod->ns, p.pod->name, &p.labels, nullptr};
}
View view(const cluster::Node& n) {
  return {{}, n.name, nullptr, &n.labels};
}

// The key has a value that `find` answers; otherwise what is near to it.
std::string hint_about(const Condition& condition, const std::vector<View>& named) {
  std::set<std::string_view> keys, values;
  for (const View& v : named) {
    if (const std::string* value = v.find(condition.key.value)) values.insert(*value);
    if (v.node_labels != nullptr) {
      for (const auto& [key, value] : *v.node_labels) keys.insert(key);
    } else if (v.labels->written != nullptr) {
      for (const manifest::KeyValue& entry : v.labels->written->entries) keys.insert(entry.key.value);
    }
  }
  if (values.empty()) {
    const std::vector<std::string_view> candidates(keys.begin(), keys.end());
    const std::string_view near = base::nearest(condition.key.value, candidates);
    const std::string text = fmt::format("none of them has a label `{}`", condition.key.value);
    return near.empty() ? text : fmt::format("{}; nearest: `{}`", text, near);
  }
  std::vector<std::string> shown;
  for (const std::string_view value : values) {
    if (shown.size() == most_values) {
      shown.emplace_back("more");
      break;
    }
    shown.push_back(fmt::format("`{}`", value));
  }
  return fmt::format("label `{}` has the value{} {}", condition.key.value, values.size() == 1 ? "" : "s",
                     base::list_text(shown));
}

// Why nothing is left of objects that have the name and the namespace.
std::string hint_about(const Where& where, const std::vector<View>& named) {
  for (const Condition& condition : where.conditions) {
    Where one;
    one.conditions.push_back(condition);
    const auto fits = [&](const View& v) { return holds(one, [&](std::string_view key) { return v.find(key); }); };
    if (std::ranges::none_of(named, fits)) return hint_about(condition, named);
  }
  return "each condition holds somewhere, and nowhere do all of them";
}

bool in_namespace(const Selection& selection, std::string_view ns) {
  const std::optional<Pattern>& own = selection.object && selection.object->ns ? selection.object->ns : selection.ns;
  return !own || own->matches(ns);
}

template <class Known>
class Matcher {
 public:
  Matcher(const Objects& objects, const std::vector<Known>& all, std::string_view kind, const Asker& asker)
      : objects_(objects), all_(all), kind_(kind), asker_(asker) {}

  std::optional<std::vector<const Known*>> select(const Selection& selection) {
    if (selection.object && selection.object->ns && !check_namespace(objects_, *selection.object->ns, asker_))
      return {};
    if (selection.ns && !check_namespace(objects_, *selection.ns, asker_)) return {};
    std::vector<const Known*> out;
    std::vector<View> named;
    for (const Known& known : all_) {
      const View v = view(known);
      if (!in_namespace(selection, v.ns) || (selection.object && !selection.object->name.matches(v.name))) continue;
      named.push_back(v);
      if (holds(selection.where, [&](std::string_view key) { return v.find(key); })) out.push_back(&known);
    }
    if (!out.empty()) return out;
    if (named.empty() && selection.names_object()) {
      unknown(selection);
    } else {
      report_nothing(asker_, selection.span,
                     named.empty() ? none_named(selection) : hint_about(selection.where, named));
    }
    return {};
  }

 private:
  void unknown(const Selection& selection) {
    const ObjectPattern& object = *selection.object;
    std::vector<std::string> names;
    for (const Known& known : all_) {
      const View v = view(known);
      if (!object.ns) {
        if (in_namespace(selection, v.ns)) names.emplace_back(v.name);
      } else if (object.ns->is_name()) {
        names.push_back(fmt::format("{}/{}", v.ns, v.name));
      }
    }
    const std::string name =
        object.ns ? fmt::format("{}/{}", object.ns->text, object.name.text) : std::string(object.name.text);
    base::Diagnostic& finding =
        report_unknown(asker_, kind_, name, object.span, std::vector<std::string_view>(names.begin(), names.end()));
    for (const base::ObjectRef& lost : objects_.input().lost) {
      if (lost.kind == kind_ && in_namespace(selection, lost.ns) && object.name.matches(lost.name))
        finding.hint = fmt::format("{} could not be read", lost.text());
    }
  }

  [[nodiscard]] std::string none_named(const Selection& selection) const {
    if (all_.empty()) return fmt::format("the input has no {}", kind_);
    if (!selection.object) return fmt::format("there is no {} in the namespace", kind_);
    return fmt::format("no {} has such a name", kind_);
  }

  const Objects& objects_;
  const std::vector<Known>& all_;
  std::string_view kind_;
  const Asker& asker_;
};

}  // namespace

base::Diagnostic& report_unknown(const Asker& asker, std::string_view kind, std::string_view name, SourceSpan span,
                                 const std::vector<std::string_view>& known) {
  std::string message = fmt::format("no {} `{}`", kind, base::printable(name));
  if (const std::string_view near = base::nearest(name, known); !near.empty())
    message += fmt::format("; nearest: `{}`", base::printable(near));
  return asker.diagnostics.add("PC4002", std::move(message), span);
}

base::Diagnostic& report_nothing(const Asker& asker, SourceSpan span, std::string hint) {
  base::Diagnostic& finding = asker.diagnostics.add(
      "PC4003", fmt::format("`{}` speaks of nothing", base::printable(asker.sources.text(span))), span);
  finding.hint = std::move(hint);
  return finding;
}

std::optional<std::vector<const KnownService*>> select_services(const Objects& objects, const Selection& selection,
                                                                const Asker& asker) {
  return Matcher(objects, objects.services(), "Service", asker).select(selection);
}

std::optional<std::vector<const KnownPod*>> select_pods(const Objects& objects, const Selection& selection,
                                                        const Asker& asker) {
  return Matcher(objects, objects.pods(), "Pod", asker).select(selection);
}

std::optional<std::vector<const cluster::Node*>> select_nodes(const Objects& objects, const Nodes& nodes,
                                                              SourceSpan span, const Asker& asker) {
  Selection selection;
  if (nodes.name) selection.object = ObjectPattern{std::nullopt, *nodes.name, nodes.name->span};
  selection.where = nodes.where;
  selection.span = span;
  return Matcher(objects, objects.cluster().nodes, "Node", asker).select(selection);
}

bool check_namespace(const Objects& objects, const Pattern& ns, const Asker& asker) {
  const auto& known = objects.namespaces();
  if (std::ranges::any_of(known, [&](const std::string& name) { return ns.matches(name); })) return true;
  if (ns.is_name()) {
    report_unknown(asker, "namespace", ns.text, ns.span, std::vector<std::string_view>(known.begin(), known.end()));
  } else {
    report_nothing(asker, ns.span, "no namespace has such a name");
  }
  return false;
}

}  // namespace portcullis::policy
