// JSON documents through simdjson, as trees. One file may hold several objects one after another, as `kubectl get -o
// json` in a loop leaves it.
#pragma once

#include <memory>

#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

class JsonDocuments {
 public:
  // `source` must outlive this, and this must outlive every tree that it filled: strings without escapes are not
  // copied.
  JsonDocuments(const Source& source, const Limits& limits);
  JsonDocuments(const JsonDocuments&) = delete;
  JsonDocuments& operator=(const JsonDocuments&) = delete;
  ~JsonDocuments();

  enum class Outcome { document, end, broken };
  // Replaces the content of `tree` by the next document. After `broken` reading goes on at the next line that begins
  // with `{`.
  [[nodiscard]] Outcome next(Tree& tree, Problem& problem);

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

// The first character that is no blank opens a map or list: worth trying as JSON, which flow-style YAML may still not
// be.
[[nodiscard]] bool looks_like_json(std::string_view text);

}  // namespace portcullis::manifest
