#include "compiler/manifest/keys.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "compiler/manifest/scalar.hpp"

namespace portcullis::manifest {

namespace {

// Up to this many keys are compared pair by pair; a sort pays only beyond.
constexpr std::size_t few = 24;

struct Key {
  std::string_view text;
  NodeId id = 0;
};

std::string_view comparable(Tree& tree, const TreeNode& key, bool& possible) {
  if (surely_string(key)) return key.value();
  const KeyText text = key_text(key);
  possible = text.possible;
  return {tree.keep(text.text), text.text.size()};
}

void note(Tree& tree, NodeId first, NodeId second) {
  tree[first].shadowed = true;
  tree.duplicates.push_back({first, second});
}

void find_duplicates(Tree& tree, std::span<Key> keys) {
  if (keys.size() <= few) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      for (std::size_t j = i + 1; j < keys.size(); ++j) {
        if (keys[i].text != keys[j].text) continue;
        note(tree, keys[i].id, keys[j].id);
        break;  // the next occurrence; that one meets the one after it
      }
    }
    return;
  }
  std::ranges::sort(keys, [](const Key& a, const Key& b) { return a.text != b.text ? a.text < b.text : a.id < b.id; });
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    if (keys[i].text == keys[i + 1].text) note(tree, keys[i].id, keys[i + 1].id);
  }
}

bool refuse(Tree& tree, NodeId id, std::string reason, std::string hint, Problem& problem) {
  problem = {tree.span(id), std::move(reason), std::move(hint), {}};
  return false;
}

bool gather(Tree& tree, NodeId key_id, Key& out, Problem& problem) {
  const TreeNode& key = tree.target(key_id);
  switch (key.shape) {
    case Shape::mapping:
      return refuse(tree, key_id, "a map stands where a key is due", "quote it if it is meant as text", problem);
    case Shape::sequence:
      return refuse(tree, key_id, "a list stands where a key is due", "quote it if it is meant as text", problem);
    case Shape::alias:
    case Shape::scalar:
      break;
  }
  bool possible = true;
  out = {comparable(tree, key, possible), key_id};
  if (possible) return true;
  return refuse(tree, key_id, key.size == 0 ? "an empty key" : "`" + std::string(key.value()) + "` cannot be a key",
                "quote it", problem);
}

// Collects the pairs of one merged mapping that are not there yet.
class Merger {
 public:
  Merger(Tree& tree, NodeId mapping) : tree_(tree), mapping_(mapping) {}

  void keep(NodeId key) {
    seen_.emplace(text(key), Seen{key, 0});
    links_.push_back(key);
    links_.push_back(tree_[key].next);
  }
  // `merge`: the `<<` that names the source.
  void bring(NodeId source, NodeId merge) {
    for (NodeId key = tree_.target(source).child; key != 0; key = tree_[tree_[key].next].next) {
      if (tree_[key].shadowed) continue;
      const auto [seen, fresh] = seen_.try_emplace(text(key));
      if (!fresh) {
        note(seen->second, merge);
        continue;
      }
      const NodeId value = tree_[key].next;
      seen->second = {copy(key, source), merge};
      links_.push_back(seen->second.key);
      links_.push_back(copy(value, source));
    }
  }
  // Links the chosen nodes; only now, because the old links are still being read before.
  void link() {
    for (std::size_t i = 0; i < links_.size(); ++i) tree_[links_[i]].next = i + 1 < links_.size() ? links_[i + 1] : 0;
    tree_[mapping_].child = links_.empty() ? 0 : links_.front();
    tree_[mapping_].size = static_cast<std::uint32_t>(links_.size());
  }

 private:
  struct Seen {
    NodeId key = 0;
    NodeId merge = 0;  // the `<<` that brought it; 0: the mapping's own
  };
  // INVARIANT: ids are in document order, those of copies come last.
  void note(const Seen& kept, NodeId merge) {
    const bool own = kept.merge == 0;
    tree_.merged.push_back({merge, kept.key, own, (own ? kept.key : kept.merge) < merge});
  }
  std::string text(NodeId key) { return key_text(tree_.target(key)).text; }
  NodeId copy(NodeId id, NodeId use) {
    TreeNode node = tree_[id];
    node.use = use;
    node.next = 0;
    return tree_.add(node);
  }
  Tree& tree_;
  NodeId mapping_;
  std::map<std::string, Seen> seen_;
  std::vector<NodeId> links_;
};

// The mappings that the value of a merge key names, in order.
bool sources_of(Tree& tree, NodeId value, std::vector<NodeId>& out, Problem& problem) {
  const auto is_map = [&](NodeId id) { return tree.target(id).shape == Shape::mapping; };
  if (is_map(value)) {
    out.push_back(value);
    return true;
  }
  if (tree[value].shape == Shape::sequence) {
    for (NodeId item = tree[value].child; item != 0; item = tree[item].next) {
      if (!is_map(item)) return refuse(tree, item, "a merge key `<<` takes a map or a list of maps", {}, problem);
      out.push_back(item);
    }
    return true;
  }
  return refuse(tree, value, "a merge key `<<` takes a map or a list of maps", {}, problem);
}

}  // namespace

bool is_merge_key(const TreeNode& key) {
  return key.shape == Shape::scalar && key.value() == "<<" &&
         ((key.tag == Tag::none && key.style == Style::plain) || key.tag == Tag::merge);
}

bool carry_out_merges(Tree& tree, NodeId mapping, Problem& problem) {
  Merger merger(tree, mapping);
  std::vector<std::pair<NodeId, NodeId>> merges;  // source, `<<`
  const NodeId first = tree[mapping].child;
  for (NodeId key = first; key != 0; key = tree[tree[key].next].next) {
    if (!is_merge_key(tree[key])) {
      const TreeNode& name = tree.target(key);
      if (name.shape != Shape::scalar) return refuse(tree, key, "a list or map stands where a key is due", {}, problem);
      merger.keep(key);
    } else {
      std::vector<NodeId> sources;
      if (!sources_of(tree, tree[key].next, sources, problem)) return false;
      for (const NodeId source : sources) merges.emplace_back(source, key);
    }
  }
  for (const auto& [source, merge] : merges) merger.bring(source, merge);
  merger.link();
  return true;
}

bool check_keys(Tree& tree, NodeId mapping, Problem& problem) {
  const std::size_t count = tree[mapping].size / 2;
  std::array<Key, few> small;
  std::vector<Key> large;
  if (count > few) large.resize(count);
  const std::span<Key> keys = count > few ? std::span(large) : std::span(small).first(count);
  std::size_t i = 0;
  for (NodeId key = tree[mapping].child; key != 0; key = tree[tree[key].next].next) {
    if (!gather(tree, key, keys[i++], problem)) return false;
  }
  find_duplicates(tree, keys);
  return true;
}

void note_impossible(Tree& tree, NodeId scalar) {
  const TreeNode& node = tree[scalar];
  const bool sign =
      node.style == Style::plain && node.size > 1 && (*node.text == '.' || *node.text == '-' || *node.text == '+');
  if (node.tag == Tag::none && !sign) return;
  if (resolve(node).type == Type::impossible) tree.impossible.push_back(scalar);
}

}  // namespace portcullis::manifest
