#include "compiler/manifest/config.hpp"

#include <fmt/format.h>

#include "compiler/base/text.hpp"
#include "compiler/manifest/yaml.hpp"

namespace portcullis::manifest {

namespace {

Text text_at(const Tree& tree, NodeId id) {
  return {std::string(tree.target(id).value()), tree.span(id)};
}

void report_shape(const Tree& tree, NodeId id, const std::string& what, base::Diagnostics& diagnostics) {
  diagnostics.add("PC1005", what, tree.span(id));
}

// The entries of a section that are scalars; null is an empty text.
std::vector<KeyValue> entries(const Tree& tree, NodeId mapping, base::Diagnostics& diagnostics) {
  std::vector<KeyValue> out;
  for (NodeId key = tree.target(mapping).child; key != 0;) {
    const NodeId value = tree[key].next;
    if (!tree[key].shadowed) {
      if (tree.target(key).shape != Shape::scalar || tree.target(value).shape != Shape::scalar) {
        report_shape(tree, key, "an entry here is a name and a text", diagnostics);
      } else {
        out.push_back({text_at(tree, key), text_at(tree, value)});
      }
    }
    key = tree[value].next;
  }
  return out;
}

std::vector<ConfigSection> sections(const Tree& tree, base::Diagnostics& diagnostics) {
  std::vector<ConfigSection> out;
  for (NodeId key = tree.target(tree.root).child; key != 0;) {
    const NodeId value = tree[key].next;
    const Shape shape = tree.target(value).shape;
    if (tree[key].shadowed) {
    } else if (tree.target(key).shape != Shape::scalar || shape == Shape::sequence) {
      report_shape(
          tree, key,
          fmt::format("`{}` holds a list; a text or a mapping belongs here", base::printable(tree.target(key).value())),
          diagnostics);
    } else {
      ConfigSection section;
      section.key = text_at(tree, key);
      section.is_mapping = shape == Shape::mapping;
      if (section.is_mapping) {
        section.entries = entries(tree, value, diagnostics);
      } else {
        section.value = text_at(tree, value);
      }
      out.push_back(std::move(section));
    }
    key = tree[value].next;
  }
  return out;
}

}  // namespace

std::vector<ConfigSection> read_config(std::string name, std::string text, base::SourceMap& sources,
                                       base::Diagnostics& diagnostics) {
  const base::FileId file = sources.add(std::move(name), std::move(text));
  Source source;
  source.file = file;
  source.text = sources.text(file);
  YamlDocuments documents(source, Limits{});
  Tree tree;
  Problem problem;
  switch (documents.next(tree, problem)) {
    case YamlDocuments::Outcome::end:
      return {};
    case YamlDocuments::Outcome::broken: {
      base::Diagnostic& finding =
          diagnostics.add("PC1001", "cannot read this as YAML: " + problem.reason, problem.span);
      finding.hint = problem.hint;
      finding.related = problem.related;
      return {};
    }
    case YamlDocuments::Outcome::document:
      break;
  }
  for (const DuplicateKey& duplicate : tree.duplicates) {
    base::Diagnostic& finding = diagnostics.add("PC1003",
                                                fmt::format("key `{}` is given twice; the last value holds",
                                                            base::printable(tree.target(duplicate.first).value())),
                                                tree.span(duplicate.second));
    finding.related.push_back({"the first one", tree.span(duplicate.first)});
  }
  const TreeNode& root = tree.target(tree.root);
  if (root.shape == Shape::scalar && root.value().empty()) return {};
  if (root.shape != Shape::mapping) {
    report_shape(tree, tree.root, "this is no mapping", diagnostics);
    return {};
  }
  return sections(tree, diagnostics);
}

}  // namespace portcullis::manifest
