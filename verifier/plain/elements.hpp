// Look-ups in sets and maps whose keys may be terms.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "backends/netfilter/model.hpp"
#include "backends/netfilter/set_index.hpp"
#include "verifier/plain/terms.hpp"

namespace portcullis::plain {

// The sets of one model, indexed when they are first asked; the model must outlive it.
class Elements {
 public:
  explicit Elements(const netfilter::Model& model);

  struct Hit {
    Bit when;  // no two hits of one look-up hold together
    std::uint32_t element = 0;
  };
  // Which element holds the key, if it is not dynamic: as the kernel, the first one. Hits that are known not to hold
  // are left out.
  [[nodiscard]] std::vector<Hit> find(Terms& terms, netfilter::SetId id, std::span<const Word> key);
  [[nodiscard]] const netfilter::Model& model() const { return model_; }

 private:
  struct Indexed {
    // By the words of the first field; nothing where that is a range in one of them.
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> by_first;
    std::vector<std::uint32_t> all;
    bool apart = true;  // no two elements hold the same key
  };
  Indexed& index(netfilter::SetId id);
  [[nodiscard]] Bit holds(Terms& terms, const netfilter::Set& set, std::uint32_t element, std::span<const Word> key);
  void scan(Terms& terms, netfilter::SetId id, std::span<const Word> key, const Bit& when, std::vector<Hit>& hits);

  const netfilter::Model& model_;
  std::vector<std::unique_ptr<netfilter::SetIndex>> whole_;  // for keys that are known
  std::vector<std::unique_ptr<Indexed>> indexed_;            // for the others
};

// Every combination of the values that the words may have, where they are few; `each` gets when it is so, and the
// words, all of them known but for those that may be anything.
template <class Each>
void for_each_value(Terms& terms, std::vector<Word> words, const Bit& when, const Each& each) {
  for (Word& w : words) {
    if (w.possible.size() < 2) continue;
    const Word open = w;
    for (const Value& v : open.possible) {
      const Bit so = terms.all(when, terms.equal(open, v));
      if (so.is(false)) continue;
      w = Terms::constant(v, open.words);
      for_each_value(terms, words, so, each);
    }
    return;
  }
  each(when, words);
}

}  // namespace portcullis::plain
