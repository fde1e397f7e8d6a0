// YAML documents as libyaml sees them, composed into trees: aliases linked to what they stand for, merge keys (`<<`)
// carried out, repeated keys noted. kubectl's and the API server's parser is a translation of libyaml, so what it
// refuses here a cluster refuses too.
#pragma once

#include <memory>

#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

class YamlDocuments {
 public:
  // `source` must outlive this.
  YamlDocuments(const Source& source, const Limits& limits);
  YamlDocuments(const YamlDocuments&) = delete;
  YamlDocuments& operator=(const YamlDocuments&) = delete;
  ~YamlDocuments();

  enum class Outcome { document, end, broken };
  // Replaces the content of `tree` by the next document. After `broken` nothing more can be read from this source: the
  // parser has lost its place; `problem` says why.
  [[nodiscard]] Outcome next(Tree& tree, Problem& problem);

 private:
  class Composer;
  std::unique_ptr<Composer> composer_;
};

}  // namespace portcullis::manifest
