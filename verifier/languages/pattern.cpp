#include "verifier/languages/pattern.hpp"

#include "compiler/base/error.hpp"
#include "verifier/languages/pattern_tree.hpp"

namespace portcullis::languages {

namespace {

constexpr std::size_t most_states = 20'000;

class Builder {
 public:
  explicit Builder(Nfa& nfa) : nfa_(nfa) {}

  [[nodiscard]] bool too_large() const { return nfa_.states.size() > most_states; }

  // The state behind `node`, read from a state on.
  std::uint32_t add(const PatternNode& node, std::uint32_t from) {
    if (too_large()) return from;
    switch (node.kind) {
      case PatternNode::Kind::empty:
        return from;
      case PatternNode::Kind::bytes: {
        const std::uint32_t first = nfa_.add(), behind = nfa_.add();
        nfa_.free(from, first);
        nfa_.read(first, node.bytes, behind);
        return behind;
      }
      case PatternNode::Kind::asks: {
        const std::uint32_t behind = nfa_.add();
        nfa_.free(from, behind, node.asks);
        return behind;
      }
      case PatternNode::Kind::sequence:
        for (const PatternNode& part : node.parts) from = add(part, from);
        return from;
      case PatternNode::Kind::either: {
        const std::uint32_t behind = nfa_.add();
        for (const PatternNode& part : node.parts) {
          const std::uint32_t first = nfa_.add();
          nfa_.free(from, first);
          nfa_.free(add(part, first), behind);
        }
        return behind;
      }
      case PatternNode::Kind::repeat:
        return repeat(node, from);
    }
    return from;
  }

 private:
  std::uint32_t repeat(const PatternNode& node, std::uint32_t from) {
    const PatternNode& part = node.parts.front();
    for (unsigned i = 0; i < node.least; ++i) from = add(part, from);
    if (node.most == PatternNode::many) {
      const std::uint32_t loop = nfa_.add(), behind = nfa_.add();
      nfa_.free(from, loop);
      nfa_.free(loop, behind);
      nfa_.free(add(part, loop), loop);
      return behind;
    }
    const std::uint32_t behind = nfa_.add();
    for (unsigned i = node.least; i < node.most && !too_large(); ++i) {
      nfa_.free(from, behind);
      const std::uint32_t first = nfa_.add();
      nfa_.free(from, first);
      from = add(part, first);
    }
    nfa_.free(from, behind);
    return behind;
  }

  Nfa& nfa_;
};

std::variant<Nfa, Unsupported> automaton(std::string_view pattern, bool fold) {
  const auto parsed = parse_pattern(pattern, fold);
  if (const auto* refused = std::get_if<Unsupported>(&parsed)) return *refused;
  Nfa nfa;
  nfa.start = nfa.add();
  Builder builder(nfa);
  const std::uint32_t last = builder.add(std::get<PatternNode>(parsed), nfa.start);
  if (builder.too_large()) return Unsupported{"a pattern with too many repeats"};
  nfa.accept = nfa.add();
  nfa.free(last, nfa.accept);
  return nfa;
}

}  // namespace

std::variant<Nfa, Unsupported> found(std::string_view pattern, bool fold, bool anchored) {
  auto result = automaton(pattern, fold);
  if (auto* nfa = std::get_if<Nfa>(&result)) {
    if (!anchored) nfa->anything_before();
    nfa->anything_behind();
  }
  return result;
}

Nfa whole(std::string_view pattern) {
  auto result = automaton(pattern, false);
  if (const auto* refused = std::get_if<Unsupported>(&result))
    throw base::InternalError("a pattern of our own is refused: " + refused->why);
  return std::move(std::get<Nfa>(result));
}

std::optional<std::string> literal(std::string_view pattern) {
  const auto parsed = parse_pattern(pattern, false);
  const auto* tree = std::get_if<PatternNode>(&parsed);
  if (tree == nullptr) return std::nullopt;
  std::string text;
  const auto spell = [&](const PatternNode& node) {
    if (node.kind != PatternNode::Kind::bytes || node.bytes.count() != 1) return false;
    for (unsigned i = 0; i < 256; ++i)
      if (node.bytes.test(i)) text += static_cast<char>(i);
    return true;
  };
  if (tree->kind != PatternNode::Kind::sequence) return std::nullopt;
  for (const PatternNode& part : tree->parts)
    if (!spell(part)) return std::nullopt;
  return text;
}

}  // namespace portcullis::languages
