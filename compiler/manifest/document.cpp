#include "compiler/manifest/document.hpp"

#include <algorithm>
#include <type_traits>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/decoder.hpp"
#include "compiler/manifest/excerpt.hpp"
#include "compiler/manifest/kind_readers.hpp"
#include "compiler/manifest/template.hpp"
#include "compiler/manifest/yaml.hpp"

namespace portcullis::manifest {

namespace {

// Findings of one sort about one document; whoever has more has one mistake.
constexpr std::size_t most_flaws = 100;

constexpr std::string_view kube_proxy_version = "kubeproxy.config.k8s.io/v1alpha1";

// The text of a scalar that decodes to a string, or empty.
std::string_view string_at(const Tree& tree, NodeId mapping, std::string_view key) {
  const NodeId id = tree.find(mapping, key);
  if (id == 0) return {};
  const TreeNode& node = tree.target(id);
  const bool string = node.shape == Shape::scalar && (surely_string(node) || resolve(node).type == Type::string);
  return string ? node.value() : std::string_view{};
}

// Where to point when a whole object is meant: its first key.
base::SourceSpan first_key(const Tree& tree, NodeId root) {
  const TreeNode& node = tree.target(root);
  return node.shape == Shape::mapping && node.child != 0 ? tree.span(node.child) : tree.span(node);
}

base::SourceSpan name_place(const Tree& tree, NodeId root) {
  const NodeId name = tree.find(tree.find(root, "metadata"), "name");
  return name != 0 ? tree.span(tree.target(name)) : first_key(tree, root);
}

// Helm runs hooks with a delete policy one after another under one name.
bool is_replaced_hook(const Tree& tree, NodeId root) {
  const NodeId annotations = tree.find(tree.find(root, "metadata"), "annotations");
  return tree.find(annotations, "helm.sh/hook-delete-policy") != 0;
}

// spec.template with labels to be selected by and containers to serve: whatever the kind is called, it makes pods.
bool has_pod_template(const Tree& tree, NodeId root) {
  const NodeId pod = tree.find(tree.find(root, "spec"), "template");
  return tree.find(pod, "metadata") != 0 && tree.find(tree.find(pod, "spec"), "containers") != 0;
}

// The Secret that a controller makes of this object; empty: none.
std::string_view made_secret(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind) {
  const NodeId spec = tree.find(root, "spec");
  const auto name_or = [&](std::string_view given) {
    return given.empty() ? tree.find_text(tree.find(root, "metadata"), "name") : given;
  };
  const std::string_view group = group_of(api_version);
  if (kind == "SealedSecret" && group == "bitnami.com")
    return name_or(tree.find_text(tree.find(tree.find(spec, "template"), "metadata"), "name"));
  if (kind == "ExternalSecret") return name_or(tree.find_text(tree.find(spec, "target"), "name"));
  if (kind == "Certificate" && group.find("cert") != std::string_view::npos) return tree.find_text(spec, "secretName");
  return {};
}

// `-n`: what a client would fill in before the object reaches the API server. Absent means `default` everywhere else.
void fill_namespace(Object& object, const std::string& ns) {
  if (ns == "default" || !is_namespaced(object.kind)) return;
  std::visit(
      [&](auto& value) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, KubeProxyConfiguration>) {
          Field<std::string>& field = value.metadata.ns;
          if (!field || field->value.empty()) field = Text{ns, object.place};
        }
      },
      object.body);
}

}  // namespace

void DocumentReader::read(const Tree& tree) {
  if (tree.root == 0 || tree[tree.root].shape != Shape::mapping) return;
  duplicates_ = tree.duplicates;
  std::ranges::sort(duplicates_, {}, &DuplicateKey::second);
  merged_ = tree.merged;
  std::ranges::stable_sort(merged_, {}, &MergedKey::merge);
  impossible_ = tree.impossible;
  flaws_ = 0;
  const bool object = tree.find(tree.root, "kind") != 0 || tree.find(tree.root, "apiVersion") != 0;
  if (object && report_template(tree)) return;
  read_object(tree, tree.root, {tree.root, static_cast<NodeId>(tree.size())}, {}, {});
}

void DocumentReader::read_object(const Tree& tree, NodeId root, Extent extent, std::string_view default_version,
                                 std::string_view default_kind) {
  if (tree.target(root).shape != Shape::mapping) return;
  const bool has_version = tree.find(root, "apiVersion") != 0 || !default_version.empty();
  const bool has_kind = tree.find(root, "kind") != 0 || !default_kind.empty();
  if (!has_version && !has_kind) return;
  std::string_view api_version = string_at(tree, root, "apiVersion");
  std::string_view kind = string_at(tree, root, "kind");
  if (api_version.empty()) api_version = default_version;
  if (kind.empty()) kind = default_kind;
  if (kind.empty() || api_version.empty()) return report_incomplete(tree, root, api_version, kind);
  if (auto body = make_body(api_version, kind)) return decode(tree, root, extent, api_version, kind, std::move(*body));
  if (const auto why = not_served(api_version, kind)) return report_not_served(tree, root, *why, api_version, kind);
  const std::string_view meant = misspelt_kind(api_version, kind);
  if (!meant.empty()) return report_misspelt_kind(tree, root, api_version, kind, meant);
  const bool list =
      kind == "List" || (kind.ends_with("List") && make_body(api_version, kind.substr(0, kind.size() - 4)));
  if (list && tree.target(tree.find(root, "items")).shape == Shape::sequence)
    return read_list(tree, root, extent, api_version, kind);
  pass_over(tree, root, api_version, kind);
  report_flaws(tree, root, extent, reference_of(tree, root, kind));
}

// Items of a typed list (`kind: ServiceList`) need not repeat what they are.
void DocumentReader::read_list(const Tree& tree, NodeId root, Extent extent, std::string_view api_version,
                               std::string_view kind) {
  const bool typed = kind != "List";
  const NodeId items = tree.find(root, "items");
  for (NodeId item = tree.target(items).child; item != 0; item = tree[item].next) {
    const NodeId next = tree[item].next;
    const Extent own{item, next != 0 ? next : extent.end};
    read_object(tree, item, own, typed ? api_version : std::string_view{},
                typed ? kind.substr(0, kind.size() - 4) : std::string_view{});
  }
  report_flaws(tree, root, extent, {std::string(kind), {}, {}});
}

base::ObjectRef DocumentReader::reference_of(const Tree& tree, NodeId root, std::string_view kind) const {
  const NodeId metadata = tree.find(root, "metadata");
  base::ObjectRef out{std::string(kind), {}, std::string(tree.find_text(metadata, "name"))};
  if (out.name.empty()) out.name = tree.find_text(metadata, "generateName");
  if (!is_namespaced(kind)) return out;
  out.ns = tree.find_text(metadata, "namespace");
  if (out.ns.empty() && !version_of(kind).empty()) out.ns = options_.default_namespace;
  return out;
}

void DocumentReader::identify(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind) {
  ++part_.documents;
  base::ObjectRef object = reference_of(tree, root, kind);
  if (tree.find(tree.find(root, "metadata"), "name") == 0 || object.name.empty() || is_replaced_hook(tree, root))
    return;
  part_.identities.push_back({std::string(group_of(api_version)), std::string(kind), std::move(object.ns),
                              std::move(object.name), name_place(tree, root)});
}

void DocumentReader::decode(const Tree& tree, NodeId root, Extent extent, std::string_view api_version,
                            std::string_view kind, Body body) {
  identify(tree, root, api_version, kind);
  Object& object = part_.objects.emplace_back();
  object.api_version = api_version;
  object.kind = kind;
  object.place = first_key(tree, root);
  object.body = std::move(body);
  Decoder decoder(tree, text_, reference_of(tree, root, kind), part_.diagnostics);
  std::visit(
      [&](auto& value) {
        value.place = object.place;
        read_body(decoder, {0, root}, value);
      },
      object.body);
  fill_namespace(object, options_.default_namespace);
  const bool flaws = report_flaws(tree, root, extent, decoder.object());
  object.broken = decoder.broken() || flaws;
  const auto* service = std::get_if<Service>(&object.body);
  if (service == nullptr) return;
  const KeyValue* proxy = service->metadata.labels.find("service.kubernetes.io/service-proxy-name");
  if (proxy != nullptr)
    part_.unmodelled.push_back({nullptr, decoder.object().ns, decoder.object().name, proxy->key.span});
}

void DocumentReader::pass_over(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind) {
  identify(tree, root, api_version, kind);
  ++part_.passed_over;
  if (has_pod_template(tree, root)) {
    const std::string_view ns = tree.find_text(tree.find(root, "metadata"), "namespace");
    part_.other_workloads.emplace_back(ns.empty() ? std::string_view{options_.default_namespace} : ns);
  }
  if (const std::string_view secret = made_secret(tree, root, api_version, kind); !secret.empty()) {
    const std::string_view ns = tree.find_text(tree.find(root, "metadata"), "namespace");
    part_.made_secrets.push_back(
        {std::string(kind), ns.empty() ? options_.default_namespace : std::string(ns), std::string(secret)});
  }
  if (api_version == "v1" && kind == "ConfigMap") read_config_map(tree, root);
  if (const NotModelled* row = not_modelled(api_version, kind)) {
    const base::ObjectRef object = reference_of(tree, root, kind);
    part_.unmodelled.push_back({row, object.ns, object.name, name_place(tree, root)});
  }
}

// kube-proxy's configuration stands as text in its ConfigMap.
void DocumentReader::read_config_map(const Tree& tree, NodeId root) {
  const TreeNode& data = tree.target(tree.find(root, "data"));
  if (data.shape != Shape::mapping) return;
  for (NodeId key = data.child; key != 0; key = tree[tree[key].next].next) {
    const TreeNode& value = tree.target(tree[key].next);
    if (value.shape != Shape::scalar || value.value().find("KubeProxyConfiguration") == std::string_view::npos)
      continue;
    const Source source = nested_source(tree, value, text_);
    YamlDocuments documents(source, options_.limits);
    Tree inner;
    Problem problem;
    for (;;) {
      const auto outcome = documents.next(inner, problem);
      if (outcome == YamlDocuments::Outcome::end) break;
      if (outcome == YamlDocuments::Outcome::broken) {
        report_broken(problem, {}, 0, false);
        break;
      }
      if (string_at(inner, inner.root, "kind") != "KubeProxyConfiguration" ||
          string_at(inner, inner.root, "apiVersion") != kube_proxy_version) {
        continue;
      }
      DocumentReader(file_, sources_, options_, part_).read(inner);
    }
  }
}

// ---- findings about documents

void DocumentReader::report_broken(const Problem& problem, std::string_view text, std::size_t begin, bool json) {
  part_.unreadable = true;
  if (const auto action = find_template(text)) return add_template_finding(begin + action->begin, begin + action->end);
  base::Diagnostic& finding = part_.diagnostics.add(
      "PC1001", fmt::format("cannot read this as {}: {}", json ? "JSON" : "YAML", problem.reason), problem.span);
  finding.hint = problem.hint;
  // `{{ .Address }}` of some other template language reads as a map inside a map.
  const std::size_t at = problem.span.begin;
  if (problem.span.known() && at > 0 && text_.substr(at - 1, 2) == "{{")
    finding.hint = "render the template first, or quote the value";
  finding.related = problem.related;
}

bool DocumentReader::report_template(const Tree& tree) {
  const TreeNode& root = tree[tree.root];
  if (text_.substr(root.begin, root.end - root.begin).find("{{") == std::string_view::npos) return false;
  const auto action = find_template(tree, text_, root.begin, root.end);
  if (!action) return false;
  part_.unreadable = true;
  add_template_finding(action->begin, action->end);
  return true;
}

void DocumentReader::add_template_finding(std::size_t begin, std::size_t end) {
  const base::SourceSpan span{file_.id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
  TreeNode node;
  node.begin = span.begin;
  node.end = span.end;
  const std::string chart = file_.path.empty() ? std::string{} : chart_of(file_.path);
  const std::string_view place = chart.empty() ? std::string_view("CHART") : std::string_view(chart);
  base::Diagnostic& finding =
      part_.diagnostics.add("PC1002",
                            chart.empty() ? fmt::format("`{}` is a Helm template, not a manifest", excerpt(node, text_))
                                          : fmt::format("`{}` is a Helm template of chart `{}`, not a manifest",
                                                        excerpt(node, text_), base::printable(chart)),
                            span);
  finding.hint = fmt::format("run `helm template {} | portcullis lint -`", base::printable(place));
}

void DocumentReader::report_incomplete(const Tree& tree, NodeId root, std::string_view api_version,
                                       std::string_view kind) {
  const bool modelled = !version_of(kind).empty();
  if (is_other_tool(kind) || (!modelled && !file_.named)) return;
  const std::string_view given = kind.empty() ? "apiVersion" : "kind", missing = kind.empty() ? "kind" : "apiVersion";
  const std::string_view value = kind.empty() ? api_version : kind;
  const NodeId given_id = tree.find(root, given), missing_id = tree.find(root, missing);
  base::ObjectRef object = reference_of(tree, root, kind);
  if (missing_id != 0 && tree.target(missing_id).shape != Shape::scalar) {
    part_.diagnostics.add("PC1005", fmt::format("`{}` must be a string", missing), tree.span(tree.target(missing_id)));
  } else if (missing_id != 0 && resolve(tree.target(missing_id)).type != Type::null) {
    part_.diagnostics.add(
        "PC1005", fmt::format("`{}` must be a string, this is `{}`", missing, excerpt(tree.target(missing_id), text_)),
        tree.span(tree.target(missing_id)));
  } else {
    const base::SourceSpan span = given_id != 0 ? tree.span(tree.target(given_id)) : first_key(tree, root);
    base::Diagnostic& finding = part_.diagnostics.add(
        "PC1006",
        value.empty() ? fmt::format("this document has no `{}`", missing)
                      : fmt::format("this document has `{}: {}` but no `{}`", given, base::printable(value), missing),
        span);
    if (modelled) finding.hint = fmt::format("add `apiVersion: {}`", version_of(kind));
    if (!modelled) finding.severity = base::Severity::warning;
    finding.object = object;
  }
  if (modelled) part_.lost.push_back(std::move(object));
}

void DocumentReader::report_not_served(const Tree& tree, NodeId root, const NotServed& why,
                                       std::string_view api_version, std::string_view kind) {
  ++part_.documents;
  const NodeId version = tree.find(root, "apiVersion");
  if (const auto since = minor_version(why.since)) part_.removed.push_back({part_.diagnostics.all().size(), *since});
  base::Diagnostic& finding = part_.diagnostics.add(
      "PC1007",
      why.since.empty()
          ? fmt::format("`{}` {} is not served by Kubernetes", base::printable(api_version), kind)
          : fmt::format("`{}` {} is not served since Kubernetes {}", base::printable(api_version), kind, why.since),
      version != 0 ? tree.span(tree.target(version)) : first_key(tree, root));
  finding.hint = fmt::format("use `{}`", why.use);
  if (kind == "Ingress") finding.hint += "; backends change from serviceName/servicePort to service.name/service.port";
  finding.object = reference_of(tree, root, kind);
  finding.field = "apiVersion";
  part_.lost.push_back(finding.object);
}

void DocumentReader::report_misspelt_kind(const Tree& tree, NodeId root, std::string_view api_version,
                                          std::string_view kind, std::string_view meant) {
  ++part_.documents;
  const NodeId place = tree.find(root, "kind");
  base::Diagnostic& finding =
      part_.diagnostics.add("PC1007",
                            fmt::format("`{}` has no kind `{}`; did you mean `{}`?", base::printable(api_version),
                                        base::printable(kind), meant),
                            place != 0 ? tree.span(tree.target(place)) : first_key(tree, root));
  finding.hint = "Kubernetes knows kinds only as they are written, capitals and all";
  finding.object = reference_of(tree, root, meant);
  finding.field = "kind";
  part_.lost.push_back(finding.object);
}

bool DocumentReader::report_flaws(const Tree& tree, NodeId root, Extent extent, const base::ObjectRef& object) {
  // INVARIANT: the lists are sorted by node, and an extent's nodes are neighbours.
  const auto first = std::ranges::lower_bound(duplicates_, extent.begin, {}, &DuplicateKey::second);
  const auto last = std::ranges::lower_bound(duplicates_, extent.end, {}, &DuplicateKey::second);
  bool any = first != last;
  bool two_documents = false;
  for (auto at = first; at != last; ++at) {
    // Marked in place once reported, so that a list does not repeat what its items said.
    if (at->first != 0 && !two_documents && flaws_++ < most_flaws)
      two_documents = report_duplicate_key(tree, root, *at, object);
    at->first = 0;
  }
  const bool read = !version_of(object.kind).empty();
  for (auto at = std::ranges::lower_bound(merged_, extent.begin, {}, &MergedKey::merge);
       at != merged_.end() && at->merge < extent.end; ++at) {
    if (read && at->kept != 0 && flaws_++ < most_flaws) report_merged_key(tree, root, *at, object);
    any = any || (read && at->turned);
    at->kept = 0;  // as above
  }
  const auto low = std::ranges::lower_bound(impossible_, extent.begin);
  const auto high = std::ranges::lower_bound(impossible_, extent.end);
  if (read) {
    any = any || low != high;
    std::for_each(low, high, [&](NodeId scalar) {
      if (flaws_++ < most_flaws) report_impossible(tree, root, scalar, object);
    });
  }
  return any;
}

bool DocumentReader::report_duplicate_key(const Tree& tree, NodeId root, const DuplicateKey& duplicate,
                                          const base::ObjectRef& object) {
  const TreeNode& first = tree[duplicate.first];
  const TreeNode& second = tree[duplicate.second];
  const base::Position line = sources_.begin(tree.span(first));
  const TreeNode& here = tree.target(second.next);
  const TreeNode& there = tree.target(first.next);
  const bool scalars = here.shape == Shape::scalar && there.shape == Shape::scalar;
  const std::string key = base::printable(tree.target(duplicate.second).value());
  base::Diagnostic& finding = part_.diagnostics.add(
      "PC1003",
      scalars ? fmt::format("`{}` is set twice: `{}` here, `{}` on line {}; the API server takes the last", key,
                            excerpt(here, text_), excerpt(there, text_), line.line)
              : fmt::format("`{}` is set twice: here and on line {}; the API server takes the last", key, line.line),
      tree.span(second));
  finding.object = object;
  finding.field = tree.path(root, second.next);
  finding.related.push_back({"first set here", tree.span(first)});
  const bool two_documents = finding.field == "apiVersion" || finding.field == "kind";
  finding.hint = two_documents ? "if another object begins here, put a line `---` before it" : "remove one";
  return two_documents;
}

void DocumentReader::report_merged_key(const Tree& tree, NodeId root, const MergedKey& merged,
                                       const base::ObjectRef& object) {
  const TreeNode& kept = tree[merged.kept];
  const TreeNode& merge = tree[merged.merge];
  const std::string key = base::printable(tree.target(merged.kept).value());
  const std::uint32_t line = sources_.begin(tree.span(merge)).line;
  base::Diagnostic& finding =
      merged.own
          ? part_.diagnostics.add("PC1015",
                                  fmt::format("`{}` is set here and brought by the `<<` on line {}; {}", key, line,
                                              merged.turned ? "YAML keeps this value, kubectl takes the merged one"
                                                            : "an API server that decodes strictly refuses that"),
                                  tree.span(kept))
          : part_.diagnostics.add("PC1015",
                                  fmt::format("`{}` is brought twice; {}", key,
                                              merged.turned ? "YAML keeps the first value, kubectl takes the last"
                                                            : "an API server that decodes strictly refuses that"),
                                  tree.span(merge));
  if (merged.turned) finding.severity = base::Severity::error;
  finding.hint = merged.turned && merged.own ? "put the `<<` first, or write the values out" : "write the values out";
  finding.object = object;
  finding.field = tree.path(root, kept.next);
  finding.related.push_back(
      {merged.own ? "merged here" : "the value that holds", tree.span(merged.own ? merge : kept)});
}

void DocumentReader::report_impossible(const Tree& tree, NodeId root, NodeId scalar, const base::ObjectRef& object) {
  const TreeNode& node = tree[scalar];
  const std::string text = excerpt(node, text_);
  const bool infinite = node.tag == Tag::none;
  base::Diagnostic& finding = part_.diagnostics.add(
      "PC1005",
      infinite ? fmt::format("`{}` is a number that JSON does not have, so no field can hold it", text)
               : fmt::format("`{}` is not what its tag says", text),
      tree.span(node));
  finding.hint = infinite ? fmt::format("quote it if it is meant as text: `\"{}\"`", text) : "remove the tag";
  finding.object = object;
  finding.field = tree.path(root, scalar);
}

}  // namespace portcullis::manifest
