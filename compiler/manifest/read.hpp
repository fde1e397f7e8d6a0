// Reads manifests: YAML streams (as libyaml events), JSON (simdjson), `List` objects; into typed objects with places.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/manifest/objects.hpp"

namespace portcullis::manifest {

// Bounds against hostile input; each is reported as an error with a position.
struct Limits {
  std::size_t bytes = std::size_t{1} << 30;  // of one file
  std::size_t depth = 100;                   // nested collections of one document
  std::size_t alias_nodes =
      1'000'000;  // nodes that aliases may add to one document (an empty budget ends the document)
};

struct ReadOptions {
  std::string default_namespace = "default";
  unsigned jobs = 1;
  Limits limits;
};

struct Input {
  std::vector<Object> objects;  // in input order: files as named, a directory's files sorted by path
  // Objects of kinds that we read of which nothing is in `objects`, because the API server would not take them for that
  // kind (no apiVersion, a removed one): what refers to them is not dangling.
  std::vector<base::ObjectRef> lost;
  // Namespaces of objects with a pod template whose kinds we do not read (a Rollout): pods are there all the same.
  std::vector<std::string> other_workloads;
  // Secrets that a controller makes of other objects (SealedSecret, ExternalSecret, cert-manager's Certificate): kind
  // of that object, namespace and name of the Secret.
  std::vector<base::ObjectRef> made_secrets;
  std::size_t documents = 0;    // objects of any kind that were in the input, those of lists counted one by one
  std::size_t passed_over = 0;  // objects of kinds portcullis does not read
  bool unreadable = false;      // something named could not be read or parsed (exit 2 of lint and check)
};

// Paths are files, directories (walked recursively for *.yaml, *.yml, *.json, sorted), or `-`. A file is read once
// however often it is named. Everything that can be read is read; what cannot be is a finding (PC1xxx).
[[nodiscard]] Input read(const std::vector<std::string>& paths, const ReadOptions& options, base::SourceMap& sources,
                         base::Diagnostics& diagnostics);
// Whether a file met in a directory is read at all, by its name: *.yaml, *.yml, *.json.
[[nodiscard]] bool is_manifest_name(std::string_view name);

// A file that is not on disk (any more).
struct TextFile {
  std::string name;  // as findings call it: `main:shop/web.yaml`
  std::string text;
  bool named = false;  // by the user, not found in a directory
};
// The same as read() of files with these texts.
[[nodiscard]] Input read_texts(std::vector<TextFile> texts, const ReadOptions& options, base::SourceMap& sources,
                               base::Diagnostics& diagnostics);
// One text already at hand (tests, fuzzing, the lock file's neighbours). `json`: read with the JSON parser.
[[nodiscard]] Input read_text(std::string name, std::string text, bool json, const ReadOptions& options,
                              base::SourceMap& sources, base::Diagnostics& diagnostics);

}  // namespace portcullis::manifest
