#include "compiler/manifest/decoder.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/excerpt.hpp"
#include "compiler/manifest/timestamp.hpp"

namespace portcullis::manifest {

namespace {

bool same_but_for_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view near(std::string_view name, std::span<const std::string_view> known) {
  const auto found = std::ranges::find_if(known, [&](std::string_view k) { return same_but_for_case(k, name); });
  return found != known.end() ? *found : base::nearest(name, known);
}

// Directives of a strategic merge patch, which are no fields of any type.
bool is_patch_directive(std::string_view name) {
  return name == "$patch" || name == "$retainKeys" || name.starts_with("$setElementOrder/") ||
         name.starts_with("$deleteFromPrimitiveList/");
}

std::string_view article(Type type) {
  return type == Type::impossible ? "the value" : "the";
}

// How to write `value` as the type that is wanted, where that is only a matter of quotes.
std::string quoting_hint(std::string_view wanted, const Scalar& scalar) {
  const std::string value = base::printable(scalar.text);
  if (wanted == "a string" && (scalar.type == Type::number || scalar.type == Type::boolean)) {
    const bool word = scalar.type == Type::boolean && scalar.text != "true" && scalar.text != "false";
    return word ? fmt::format("`{0}` is a boolean in YAML 1.1; quote it: `\"{0}\"`", value)
                : fmt::format("quote it: `\"{}\"`", value);
  }
  if (scalar.type != Type::string || scalar.text.empty()) return {};
  const bool digits = std::ranges::all_of(scalar.text, [](char c) { return c >= '0' && c <= '9'; });
  const bool word = scalar.text == "true" || scalar.text == "false";
  const bool fits = wanted == "a boolean" ? word : wanted.find("number") != std::string_view::npos && digits;
  return fits ? fmt::format("write it without quotes: `{}`", value) : std::string{};
}

}  // namespace

Decoder::Step::Step(Decoder& decoder, const Pair& pair) : decoder_(decoder) {
  const Tree& tree = decoder.tree_;
  Place place;
  const TreeNode& key = tree.target(pair.key);
  place.key = key.value();
  if (!surely_string(key)) {
    std::string normal = key_text(key).text;
    if (normal != place.key) place.own = std::move(normal);
  }
  place.use = tree[pair.value].shape == Shape::alias ? pair.value : tree[pair.key].use;
  decoder.steps_.push_back(std::move(place));
}

Decoder::Step::Step(Decoder& decoder, const Pair& pair, std::size_t index) : decoder_(decoder) {
  Place place;
  place.index = index;
  place.element = true;
  place.use = decoder.tree_[pair.value].shape == Shape::alias ? pair.value : 0;
  decoder.steps_.push_back(std::move(place));
}

std::string Decoder::path() const {
  std::string out;
  for (const Place& step : steps_) {
    if (step.element) {
      out += fmt::format("[{}]", step.index);
    } else if (step.map_key) {
      out += fmt::format("[{}]", step.name());
    } else {
      append_key(out, step.name());
    }
  }
  return out;
}

// `externalIPs[0]`: the last key and the indices behind it.
std::string Decoder::innermost() const {
  std::size_t first = steps_.size();
  while (first > 0 && steps_[first - 1].element) --first;
  std::string out = first == 0 ? std::string("the document") : std::string(steps_[first - 1].name());
  for (std::size_t i = first; i < steps_.size(); ++i) out += fmt::format("[{}]", steps_[i].index);
  return base::printable(out);
}

base::SourceSpan Decoder::place(const Pair& pair) const {
  if (pair.key != 0) return tree_.span(pair.key);
  const TreeNode& node = tree_.target(pair.value);
  return tree_.span(node.shape == Shape::mapping && node.child != 0 ? tree_[node.child] : node);
}

base::Diagnostic& Decoder::report(std::string_view code, std::string message, base::SourceSpan span) {
  base::Diagnostic& finding = diagnostics_.add(code, std::move(message), span);
  finding.object = object_;
  finding.field = path();
  for (const Place& step : steps_) {
    if (step.use != 0) finding.related.push_back({"used here", tree_.span(step.use)});
  }
  if (finding.severity == base::Severity::error) broken_ = true;
  return finding;
}

void Decoder::unknown_field(const Pair& pair, std::span<const std::string_view> known, Unknown policy) {
  if (policy == Unknown::ignored) return;
  const std::string_view name = steps_.back().name();
  if (is_patch_directive(name)) return;
  const std::string_view candidate = near(name, known);
  const bool broken_before = broken_;
  base::Diagnostic& finding =
      report("PC1004",
             fmt::format("{} has no field `{}`{}", object_.kind, base::printable(name),
                         candidate.empty() ? "" : fmt::format("; did you mean `{}`?", candidate)),
             tree_.span(tree_.target(pair.key)));
  finding.hint = "strict validation, kubectl's default, refuses it; without, Kubernetes drops it silently";
  // The one rename that most manifests of before 1.19 still carry.
  if (object_.kind == "Ingress" && name == "serviceName")
    finding.hint = "since networking.k8s.io/v1 it is `service.name`";
  if (object_.kind == "Ingress" && name == "servicePort")
    finding.hint = "since networking.k8s.io/v1 it is `service.port.number` or `service.port.name`";
  if (policy == Unknown::error) return;
  finding.severity = base::Severity::warning;
  broken_ = broken_before;
}

void Decoder::wrong_type(const Pair& pair, std::string_view wanted) {
  const TreeNode& node = tree_.target(pair.value);
  if (node.shape != Shape::scalar) {
    const std::string_view found = node.shape == Shape::mapping ? "a map" : "a list";
    const SourceSpan place =
        pair.key != 0 ? tree_.span(pair.key) : base::SourceSpan{tree_.file, node.begin, node.begin + 1};
    report("PC1005", fmt::format("`{}` must be {}, this is {}", innermost(), wanted, found), place);
    return;
  }
  const Scalar scalar = resolve(node);
  base::Diagnostic& finding =
      report("PC1005",
             fmt::format("`{}` must be {}, this is {} {} `{}`", innermost(), wanted, article(scalar.type),
                         to_string(scalar.type), excerpt(node, file_text_)),
             tree_.span(node));
  finding.hint = quoting_hint(wanted, scalar);
}

bool Decoder::is_null(const Pair& pair) const {
  const TreeNode& node = tree_.target(pair.value);
  return node.shape == Shape::scalar && !surely_string(node) && resolve(node).type == Type::null;
}

bool Decoder::is_mapping(const Pair& pair) {
  if (tree_.target(pair.value).shape == Shape::mapping) return true;
  if (!is_null(pair)) wrong_type(pair, "a map");
  return false;
}

bool Decoder::is_sequence(const Pair& pair) {
  if (tree_.target(pair.value).shape == Shape::sequence) return true;
  if (!is_null(pair)) wrong_type(pair, "a list");
  return false;
}

// The scalar, unless it is null or the decoder refuses it whatever the type (reported with the document).
std::optional<Scalar> Decoder::scalar(const Pair& pair, std::string_view wanted) {
  const TreeNode& node = tree_.target(pair.value);
  if (node.shape != Shape::scalar) {
    wrong_type(pair, wanted);
    return {};
  }
  Scalar out = resolve(node);
  if (out.type == Type::null) return {};
  if (out.type == Type::impossible) {
    broken_ = true;
    return {};
  }
  return out;
}

Field<std::string> Decoder::text(const Pair& pair) {
  const TreeNode& node = tree_.target(pair.value);
  if (node.shape == Shape::scalar && surely_string(node)) return Text{std::string(node.value()), tree_.span(node)};
  const auto found = scalar(pair, "a string");
  if (!found) return {};
  if (found->type == Type::string) return Text{std::string(found->string()), tree_.span(node)};
  // What its author meant is what is written there: the object is read, and kept, as if it stood in quotes.
  const bool broken_before = broken_;
  wrong_type(pair, "a string");
  broken_ = broken_before;
  return Text{std::string(node.value()), tree_.span(node)};
}

Field<std::string> Decoder::name(const Pair& pair) {
  const auto found = scalar(pair, "a string");
  if (!found) return {};
  if (found->type != Type::string) {
    const bool broken_before = broken_;
    wrong_type(pair, "a string");
    broken_ = broken_before;
  }
  return Text{std::string(found->string()), span(pair.value)};
}

Field<std::string> Decoder::any_text(const Pair& pair) {
  const auto found = scalar(pair, "a string");
  if (!found) return {};
  return Text{std::string(found->string()), span(pair.value)};
}

Field<std::string> Decoder::time(const Pair& pair) {
  const std::size_t before = diagnostics_.all().size();
  Field<std::string> out = text(pair);
  if (diagnostics_.all().size() != before) return {};
  if (out && !is_rfc3339(out->value)) {
    wrong_type(pair, "a time such as `2026-01-31T12:00:00Z`");
    return {};
  }
  return out;
}

Field<bool> Decoder::flag(const Pair& pair) {
  const auto found = scalar(pair, "a boolean");
  if (!found) return {};
  if (found->type == Type::boolean) return Located<bool>{found->flag, span(pair.value)};
  wrong_type(pair, "a boolean");
  return {};
}

Field<std::int64_t> Decoder::number(const Pair& pair, const Scalar& scalar, std::int64_t low, std::int64_t high) {
  if (scalar.whole && scalar.integer >= low && scalar.integer <= high)
    return Located<std::int64_t>{scalar.integer, span(pair.value)};
  const bool outside = scalar.whole || scalar.real >= 9.2e18 || scalar.real <= -9.2e18;
  wrong_type(pair, !outside ? "a whole number" : high <= INT32_MAX ? "a 32-bit number" : "a 64-bit number");
  return {};
}

Field<std::int64_t> Decoder::integer(const Pair& pair, std::int64_t low, std::int64_t high) {
  const auto found = scalar(pair, "a number");
  if (!found) return {};
  if (found->type == Type::number) return number(pair, *found, low, high);
  wrong_type(pair, "a number");
  return {};
}

Field<IntOrString> Decoder::int_or_string(const Pair& pair) {
  const auto found = scalar(pair, "a number or a string");
  if (!found) return {};
  if (found->type == Type::string)
    return Located<IntOrString>{{false, 0, std::string(found->string())}, span(pair.value)};
  if (found->type == Type::number) {
    const auto value = number(pair, *found, INT32_MIN, INT32_MAX);
    if (!value) return {};
    return Located<IntOrString>{{true, value->value, {}}, value->span};
  }
  wrong_type(pair, "a number or a string");
  return {};
}

std::vector<Text> Decoder::texts(const Pair& pair) {
  std::vector<Text> out;
  if (!is_sequence(pair)) return out;
  out.reserve(tree_.target(pair.value).size);
  each_item(pair, [&](const Pair& item) {
    Field<std::string> value = text(item);
    out.push_back(value ? std::move(*value) : Text{{}, span(item.value)});
  });
  return out;
}

StringMap Decoder::string_map(const Pair& pair, bool any_scalar) {
  StringMap out;
  if (!is_mapping(pair)) return out;
  out.place = place(pair);
  out.entries.reserve(tree_.target(pair.value).size / 2);
  each_pair(pair, [&](const Pair& entry, std::string_view name) {
    steps_.back().map_key = true;
    Field<std::string> value = any_scalar ? any_text(entry) : text(entry);
    out.entries.push_back(
        {Text{std::string(name), span(entry.key)}, value ? std::move(*value) : Text{{}, span(entry.value)}});
  });
  return out;
}

}  // namespace portcullis::manifest
