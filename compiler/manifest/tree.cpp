#include "compiler/manifest/tree.hpp"

#include <cstring>

namespace portcullis::manifest {

namespace {

constexpr std::size_t text_bytes = std::size_t{1} << 16;
// What a cleared tree may keep, so that one huge document does not hold its memory to the end of the run.
constexpr std::size_t kept_blocks = 64;

}  // namespace

void Tree::clear() {
  if (blocks_.size() > kept_blocks) blocks_.resize(kept_blocks);
  if (texts_.size() > kept_blocks) texts_.resize(kept_blocks);
  large_.clear();
  duplicates.clear();
  impossible.clear();
  merged.clear();
  root = 0;
  text_ = used_ = size_ = 0;
  add({});  // id 0
}

void Tree::grow() {
  blocks_.push_back(std::make_unique<TreeNode[]>(block_nodes));
}

const char* Tree::keep(std::string_view text) {
  if (text.empty()) return "";
  if (text.size() > text_bytes / 4) {
    char* own = large_.emplace_back(std::make_unique<char[]>(text.size())).get();
    std::memcpy(own, text.data(), text.size());
    return own;
  }
  if (text_ < texts_.size() && used_ + text.size() > text_bytes) {
    ++text_;
    used_ = 0;
  }
  if (text_ == texts_.size()) texts_.push_back(std::make_unique<char[]>(text_bytes));
  char* at = texts_[text_].get() + used_;
  std::memcpy(at, text.data(), text.size());
  used_ += text.size();
  return at;
}

NodeId Tree::find(NodeId mapping, std::string_view key) const {
  const TreeNode& node = target(mapping);
  if (node.shape != Shape::mapping) return 0;
  NodeId found = 0;
  for (NodeId k = node.child; k != 0;) {
    const NodeId v = (*this)[k].next;
    const TreeNode& name = target(k);
    if (name.shape == Shape::scalar && !(*this)[k].shadowed && name.value() == key) found = v;
    k = (*this)[v].next;
  }
  return found;
}

std::string_view Tree::find_text(NodeId mapping, std::string_view key) const {
  const NodeId id = find(mapping, key);
  if (id == 0) return {};
  const TreeNode& node = target(id);
  return node.shape == Shape::scalar ? node.value() : std::string_view{};
}

std::string Tree::path(NodeId from, NodeId to) const {
  std::string out;
  NodeId at = from;
  while (at != to) {
    const TreeNode& node = (*this)[at];
    // INVARIANT: nodes are in document order, so `to` lies in the last child that does not begin after it.
    NodeId last = 0;
    std::size_t index = 0, i = 0;
    const NodeId step_key = node.shape == Shape::mapping ? 1 : 0;
    NodeId last_key = 0;
    for (NodeId c = node.child; c != 0; c = (*this)[c].next, ++i) {
      const NodeId key = c;
      if (step_key != 0) c = (*this)[c].next;
      if (key > to) break;
      last = c;
      last_key = key;
      index = i;
    }
    if (last == 0 || node.shape == Shape::scalar || node.shape == Shape::alias) return out;
    if (step_key != 0) {
      append_key(out, target(last_key).value());
      if (last_key == to) return out;
    } else {
      out += '[' + std::to_string(index) + ']';
    }
    at = last;
  }
  return out;
}

void append_key(std::string& path, std::string_view key) {
  if (key.find_first_of(".[]/") != std::string_view::npos) {
    path += '[';
    path += key;
    path += ']';
    return;
  }
  if (!path.empty()) path += '.';
  path += key;
}

}  // namespace portcullis::manifest
