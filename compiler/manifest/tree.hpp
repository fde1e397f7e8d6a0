// One document as both parsers leave it: mappings, sequences and scalars, each with its place. Lives only until the
// document is decoded.
//
// Nodes are numbered in document order, so the nodes of a subtree are neighbours; they never move, and clearing a tree
// frees nothing of a usual size. Children are a linked list; those of a mapping alternate between key and value.
//
//   a: [1, x]      mapping ─ scalar `a`, sequence ─ scalar `1`, scalar `x`
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/base/source.hpp"

namespace portcullis::manifest {

// Index into Tree; 0 is 'none'.
using NodeId = std::uint32_t;

enum class Shape : std::uint8_t { scalar, mapping, sequence, alias };
// `plain` scalars are subject to resolution (`yes`, `0x50`); the others are strings unless tagged. JSON strings are
// quoted, JSON's other scalars plain.
enum class Style : std::uint8_t { plain, quoted, block };
// Tags that change what a scalar means (`!!str` …); `other` makes it a string, as the API server's decoder has it.
enum class Tag : std::uint8_t { none, string, boolean, integer, real, null, timestamp, binary, merge, other };

struct TreeNode {
  Shape shape = Shape::scalar;
  Style style = Style::plain;
  Tag tag = Tag::none;
  bool shadowed = false;             // a key that is given again later in its mapping; the later pair holds
  NodeId next = 0;                   // sibling
  NodeId child = 0;                  // first child; of an alias: the node it stands for
  NodeId use = 0;                    // of a pair that a merge key brought: the scalar or alias that names the source
  std::uint32_t begin = 0, end = 0;  // bytes of the file; anchors and tags are not part of it, quotes are
  std::uint32_t size = 0;            // of a scalar: bytes of `text`; of a collection: number of children
  const char* text = nullptr;        // decoded value; points into the tree or into the file's text

  [[nodiscard]] std::string_view value() const { return {text, size}; }
};

// A key that is given twice in one mapping. The second one holds.
struct DuplicateKey {
  NodeId first = 0, second = 0;  // the two key nodes; each is followed by its value
};

// A key that a merge brings to a mapping that has it already, from its own text or from an earlier source. The mapping
// keeps what it has, as YAML has it.
struct MergedKey {
  NodeId merge = 0;     // the `<<`
  NodeId kept = 0;      // the key node that holds; followed by its value
  bool own = false;     // `kept` is of the mapping's own text
  bool turned = false;  // kubectl and the API server, which merge where the `<<` stands, end up with the merged value
};

class Tree {
 public:
  Tree() { clear(); }
  // Forgets the document, keeps the memory.
  void clear();

  base::FileId file = 0;
  NodeId root = 0;
  std::vector<DuplicateKey> duplicates;
  std::vector<MergedKey> merged;   // in document order of the mappings that end
  std::vector<NodeId> impossible;  // scalars that make the decoder refuse the document (`.inf`, `!!int abc`)

  [[nodiscard]] const TreeNode& operator[](NodeId id) const { return blocks_[id / block_nodes][id % block_nodes]; }
  [[nodiscard]] TreeNode& operator[](NodeId id) { return blocks_[id / block_nodes][id % block_nodes]; }
  NodeId add(const TreeNode& node) {
    if (size_ == blocks_.size() * block_nodes) grow();
    (*this)[static_cast<NodeId>(size_)] = node;
    return static_cast<NodeId>(size_++);
  }
  // Copies bytes into the tree's own memory.
  [[nodiscard]] const char* keep(std::string_view text);
  // Ids are 1 … size() - 1.
  [[nodiscard]] std::size_t size() const { return size_; }

  // Follows an alias to what it stands for.
  [[nodiscard]] const TreeNode& target(NodeId id) const {
    const TreeNode& node = (*this)[id];
    return node.shape == Shape::alias ? (*this)[node.child] : node;
  }
  [[nodiscard]] base::SourceSpan span(const TreeNode& node) const { return {file, node.begin, node.end}; }
  [[nodiscard]] base::SourceSpan span(NodeId id) const { return span((*this)[id]); }
  // The value of the (last) pair of a mapping whose key has this text, or 0. Not a mapping: 0.
  [[nodiscard]] NodeId find(NodeId mapping, std::string_view key) const;
  // The plain text of a scalar at `key`, whatever its type; empty if there is none.
  [[nodiscard]] std::string_view find_text(NodeId mapping, std::string_view key) const;
  // The API's path to a node: `spec.ports[0].name`. `from` is the object; a key's path is that of its value.
  [[nodiscard]] std::string path(NodeId from, NodeId to) const;

 private:
  static constexpr std::size_t block_nodes = 2048;
  void grow();

  std::vector<std::unique_ptr<TreeNode[]>> blocks_;
  std::size_t size_ = 0;
  std::vector<std::unique_ptr<char[]>> texts_;  // all of one size, filled in turn
  std::vector<std::unique_ptr<char[]>> large_;  // one text each
  std::size_t text_ = 0;                        // the one of `texts_` that is being filled
  std::size_t used_ = 0;                        // bytes of it
};

// Appends `.key` or, for keys that hold dots or brackets, `[key]`, as the API server writes field paths.
void append_key(std::string& path, std::string_view key);

}  // namespace portcullis::manifest
