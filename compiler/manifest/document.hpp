// One document (a tree) to objects: lists opened, kinds told apart, bodies decoded, what is wrong with the document as
// a whole reported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/diagnostic.hpp"
#include "compiler/base/source.hpp"
#include "compiler/manifest/kinds.hpp"
#include "compiler/manifest/place.hpp"
#include "compiler/manifest/problem.hpp"
#include "compiler/manifest/read.hpp"
#include "compiler/manifest/tree.hpp"

namespace portcullis::manifest {

// A file that is being read.
struct InputFile {
  base::FileId id = 0;
  std::string path;    // empty: not on disk
  bool named = false;  // by the user, not found in a directory
};

// Who an object is, whether we read its kind or not: what duplicates are found by.
struct Identity {
  std::string group, kind, ns, name;
  base::SourceSpan place;  // of the name
};

// An object that decides traffic and is not modelled.
struct Unmodelled {
  const NotModelled* row = nullptr;  // nullptr: a Service that another proxy serves
  std::string ns, name;
  base::SourceSpan place;
};

// A finding of an API version that is no longer served, by its position in the diagnostics. A cluster older than
// `since` (the minor version) still serves it.
struct Removed {
  std::size_t finding = 0;
  unsigned since = 0;
};

// What one piece of the input gave. Pieces are read apart, perhaps by several threads, and put together in order.
struct Part {
  std::vector<Object> objects;
  std::vector<Identity> identities;
  std::vector<base::ObjectRef> lost;
  std::vector<std::string> other_workloads;
  std::vector<base::ObjectRef> made_secrets;
  std::vector<Unmodelled> unmodelled;
  std::vector<Removed> removed;
  base::Diagnostics diagnostics;
  std::size_t documents = 0, passed_over = 0;
  bool unreadable = false;
};

class DocumentReader {
 public:
  DocumentReader(const InputFile& file, const base::SourceMap& sources, const ReadOptions& options, Part& part)
      : file_(file), sources_(sources), options_(options), text_(sources.text(file.id)), part_(part) {}

  // A document that could be parsed. Empty ones and those that are no objects are passed in silence.
  void read(const Tree& tree);
  // A document that could not. `text` is the piece of the file that it stands in, `begin` where it begins.
  void report_broken(const Problem& problem, std::string_view text, std::size_t begin, bool json);

 private:
  // A stretch of the tree's nodes: an object and all that is in it.
  struct Extent {
    NodeId begin = 0, end = 0;
  };

  void read_object(const Tree& tree, NodeId root, Extent extent, std::string_view default_version,
                   std::string_view default_kind);
  void read_list(const Tree& tree, NodeId root, Extent extent, std::string_view api_version, std::string_view kind);
  void decode(const Tree& tree, NodeId root, Extent extent, std::string_view api_version, std::string_view kind,
              Body body);
  void pass_over(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind);
  void read_config_map(const Tree& tree, NodeId root);
  void identify(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind);
  bool report_template(const Tree& tree);
  void report_incomplete(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind);
  void report_not_served(const Tree& tree, NodeId root, const NotServed& why, std::string_view api_version,
                         std::string_view kind);
  void report_misspelt_kind(const Tree& tree, NodeId root, std::string_view api_version, std::string_view kind,
                            std::string_view meant);
  // Repeated keys and impossible scalars inside an extent that nobody reported yet; whether there were any.
  bool report_flaws(const Tree& tree, NodeId root, Extent extent, const base::ObjectRef& object);
  // Whether the key is one that every object begins with: then two documents have run into each other, and that is
  // all there is to say.
  bool report_duplicate_key(const Tree& tree, NodeId root, const DuplicateKey& duplicate,
                            const base::ObjectRef& object);
  void report_merged_key(const Tree& tree, NodeId root, const MergedKey& merged, const base::ObjectRef& object);
  void report_impossible(const Tree& tree, NodeId root, NodeId scalar, const base::ObjectRef& object);
  void add_template_finding(std::size_t begin, std::size_t end);
  [[nodiscard]] base::ObjectRef reference_of(const Tree& tree, NodeId root, std::string_view kind) const;

  const InputFile& file_;
  const base::SourceMap& sources_;
  const ReadOptions& options_;
  std::string_view text_;
  Part& part_;
  std::vector<DuplicateKey> duplicates_;  // of the current tree, by their second key
  std::vector<MergedKey> merged_;         // by their merge key
  std::vector<NodeId> impossible_;
  std::size_t flaws_ = 0;  // reported of all three
};

}  // namespace portcullis::manifest
