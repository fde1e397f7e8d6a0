#include "compiler/cluster/validate/metadata.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace portcullis::cluster {

namespace {

using base::Reason;

constexpr std::size_t annotations_limit = std::size_t{256} * 1024;  // apimachinery TotalAnnotationSizeLimitB

void check_name(const manifest::Metadata& metadata, const MetadataRules& rules, base::SourceSpan place, Sink& sink) {
  const Path path("metadata");
  const bool named = metadata.name && !metadata.name->value.empty();
  const bool generated = metadata.generate_name && !metadata.generate_name->value.empty();
  if (generated) {
    const auto& prefix = *metadata.generate_name;
    sink.refuse_each(
        rules.code, path.child("generateName"), prefix.span,
        [&] { return fmt::format("{} name prefix {}", rules.kind, in_quotes(prefix.value)); },
        rules.name(without_trailing_hyphen(prefix.value)), rules.name_hint);
  }
  if (named) {
    sink.refuse_each(
        rules.code, path.child("name"), metadata.name->span,
        [&] { return fmt::format("{} name {}", rules.kind, in_quotes(metadata.name->value)); },
        rules.name(metadata.name->value), rules.name_hint);
  } else if (!generated) {
    const base::SourceSpan span =
        first_known({metadata.name ? metadata.name->span : base::SourceSpan{}, metadata.place, place});
    sink.refuse(rules.code, Reason::required, path.child("name"), span, fmt::format("{} has no name", rules.kind),
                "give `metadata.name`");
  }
}

void check_annotations(const manifest::StringMap& annotations, std::string_view code, Sink& sink) {
  const Path path = Path("metadata").child("annotations");
  std::size_t size = 0;
  std::string lower;
  for (const manifest::KeyValue& entry : annotations.entries) {
    size += entry.key.value.size() + entry.value.value.size();
    // Unlike label keys, those of annotations may have an upper-case prefix.
    lower = entry.key.value;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    sink.refuse_each(
        code, path, entry.key.span, [&] { return fmt::format("annotation key {}", in_quotes(entry.key.value)); },
        qualified_name(lower));
  }
  if (size > annotations_limit) {
    sink.refuse(code, Reason::too_long, path, annotations.place,
                fmt::format("annotations take {} bytes, {} is the limit", size, annotations_limit),
                "keep large data in a ConfigMap; `kubectl apply --server-side` writes no last-applied annotation");
  }
}

void check_owners(const manifest::Metadata& metadata, std::string_view code, base::SourceSpan place, Sink& sink) {
  const Path path = Path("metadata").child("ownerReferences");
  const base::SourceSpan span = first_known({metadata.place, place});
  const manifest::OwnerReference* controller = nullptr;
  for (const manifest::OwnerReference& owner : metadata.owners) {
    if (owner.kind.empty())
      sink.refuse(code, Reason::invalid, path.child("kind"), span, "an owner reference has no kind");
    if (owner.name.empty())
      sink.refuse(code, Reason::invalid, path.child("name"), span, "an owner reference has no name");
    if (!owner.controller) continue;
    if (controller != nullptr) {
      sink.refuse(
          code, Reason::invalid, path, span,
          fmt::format("two owners are controllers: {} and {}", in_quotes(controller->kind + "/" + controller->name),
                      in_quotes(owner.kind + "/" + owner.name)),
          "at most one owner reference has `controller: true`");
    } else {
      controller = &owner;
    }
  }
}

void check_requirement(const manifest::SelectorRequirement& requirement, std::string_view code, const Path& field,
                       Sink& sink) {
  const std::string op = requirement.op ? requirement.op->value : std::string{};
  const base::SourceSpan op_span = requirement.op ? requirement.op->span : requirement.place;
  if (op == "In" || op == "NotIn") {
    if (requirement.values.empty()) {
      sink.refuse(code, Reason::required, field.child("values"), op_span,
                  fmt::format("operator `{}` has no values", op), "give `values`, or use Exists or DoesNotExist");
    }
  } else if (op == "Exists" || op == "DoesNotExist") {
    if (!requirement.values.empty()) {
      sink.refuse(code, Reason::forbidden, field.child("values"), requirement.values.front().span,
                  fmt::format("operator `{}` has values, which it does not look at", op),
                  "leave `values` out, or use In or NotIn");
    }
  } else {
    sink.refuse(code, Reason::invalid, field.child("operator"), op_span,
                op.empty() ? std::string("a requirement has no operator")
                           : fmt::format("operator {} is unknown", in_quotes(op)),
                "use In, NotIn, Exists or DoesNotExist");
  }
  const std::string key = requirement.key ? requirement.key->value : std::string{};
  sink.refuse_each(
      code, field.child("key"), requirement.key ? requirement.key->span : requirement.place,
      [&] { return fmt::format("label key {}", in_quotes(key)); }, qualified_name(key));
  for (std::size_t i = 0; i < requirement.values.size(); ++i) {
    const manifest::Text& value = requirement.values[i];
    sink.refuse_each(
        code, field.child("values").index(i), value.span,
        [&] { return fmt::format("label value {}", in_quotes(value.value)); }, label_value(value.value));
  }
}

}  // namespace

void check_labels(const manifest::StringMap& labels, std::string_view code, const Path& field, std::string_view what,
                  Sink& sink) {
  for (const manifest::KeyValue& entry : labels.entries) {
    sink.refuse_each(
        code, field, entry.key.span, [&] { return fmt::format("{} key {}", what, in_quotes(entry.key.value)); },
        qualified_name(entry.key.value));
    sink.refuse_each(
        code, field, entry.value.span,
        [&] { return fmt::format("{} {}: value {}", what, in_quotes(entry.key.value), in_quotes(entry.value.value)); },
        label_value(entry.value.value));
  }
}

void check_selector(const manifest::LabelSelector& selector, std::string_view code, const Path& field, Sink& sink) {
  check_labels(selector.match_labels, code, field.child("matchLabels"), "selector", sink);
  for (std::size_t i = 0; i < selector.match_expressions.size(); ++i) {
    check_requirement(selector.match_expressions[i], code, field.child("matchExpressions").index(i), sink);
  }
}

void check_metadata(const manifest::Metadata& metadata, const MetadataRules& rules, base::SourceSpan place,
                    Sink& sink) {
  check_name(metadata, rules, place, sink);
  if (metadata.ns && !metadata.ns->value.empty()) {
    sink.refuse_each(
        rules.code, Path("metadata").child("namespace"), metadata.ns->span,
        [&] { return fmt::format("namespace {}", in_quotes(metadata.ns->value)); }, dns_label(metadata.ns->value));
  }
  check_labels(metadata.labels, rules.code, Path("metadata").child("labels"), "label", sink);
  check_annotations(metadata.annotations, rules.code, sink);
  check_owners(metadata, rules.code, place, sink);
}

}  // namespace portcullis::cluster
