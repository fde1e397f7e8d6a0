#include "verifier/plain/elements.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace portcullis::plain {

namespace {

using namespace netfilter;

Value value_at(std::span<const std::uint32_t> words) {
  Value v;
  std::ranges::copy(words, v.words.begin());
  return v;
}

std::span<const std::uint32_t> key_words(const Set& set, const std::vector<std::uint32_t>& ends, std::uint32_t e) {
  return std::span(ends).subspan(e * set.key_width(), set.key_width());
}

const std::vector<std::uint32_t>& highs(const Set& set) {
  return set.interval ? set.highs : set.lows;
}

}  // namespace

Elements::Elements(const Model& model) : model_(model) {
  whole_.resize(model.sets.size());
  indexed_.resize(model.sets.size());
}

Elements::Indexed& Elements::index(SetId id) {
  std::unique_ptr<Indexed>& at = indexed_[id];
  if (at) return *at;
  at = std::make_unique<Indexed>();
  const Set& set = model_.sets[id];
  at->all.resize(set.size());
  std::iota(at->all.begin(), at->all.end(), 0U);
  std::set<std::vector<std::uint32_t>> seen;
  bool exact = true;
  for (const std::uint32_t e : at->all) {
    const auto low = key_words(set, set.lows, e), high = key_words(set, highs(set), e);
    exact = exact && std::ranges::equal(low.first(set.key[0]), high.first(set.key[0]));
    at->apart = at->apart && !set.interval && seen.emplace(low.begin(), low.end()).second;
  }
  if (!exact) return *at;
  for (const std::uint32_t e : at->all) {
    const auto first = key_words(set, set.lows, e).first(set.key[0]);
    at->by_first[{first.begin(), first.end()}].push_back(e);
  }
  return *at;
}

Bit Elements::holds(Terms& terms, const Set& set, std::uint32_t element, std::span<const Word> key) {
  const auto low = key_words(set, set.lows, element), high = key_words(set, highs(set), element);
  Bit out = Bit::of(true);
  // Fields that are known first: most elements have others, and no formula is needed to say so.
  for (const bool known : {true, false}) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < key.size() && !out.is(false); at += set.key[i], ++i) {
      if (key[i].known() != known) continue;
      const std::size_t width = set.key[i];
      out = terms.all(out, terms.between(key[i], value_at(low.subspan(at, width)), value_at(high.subspan(at, width))));
    }
  }
  return out;
}

// Where a field of the key may be anything.
void Elements::scan(Terms& terms, SetId id, std::span<const Word> key, const Bit& when, std::vector<Hit>& hits) {
  const Set& set = model_.sets[id];
  Indexed& indexed = index(id);
  const std::vector<std::uint32_t>* candidates = &indexed.all;
  if (key.front().known() && !indexed.by_first.empty()) {
    const auto& words = key.front().value().words;
    const auto found = indexed.by_first.find({words.begin(), words.begin() + set.key[0]});
    if (found == indexed.by_first.end()) return;
    candidates = &found->second;
  }
  Bit rest = when;
  for (const std::uint32_t e : *candidates) {
    const Bit here = terms.all(rest, holds(terms, set, e, key));
    if (here.is(false)) continue;
    hits.push_back({here, e});
    if (!indexed.apart) rest = terms.but(rest, here);
    if (rest.is(false)) return;
  }
}

std::vector<Elements::Hit> Elements::find(Terms& terms, SetId id, std::span<const Word> key) {
  std::vector<Hit> hits;
  const Set& set = model_.sets[id];
  if (set.size() == 0) return hits;
  for_each_value(terms, {key.begin(), key.end()}, Bit::of(true), [&](const Bit& when, const std::vector<Word>& words) {
    if (!std::ranges::all_of(words, &Word::known)) return scan(terms, id, words, when, hits);
    std::vector<std::uint32_t> known;
    for (const Word& w : words) append(known, w.value(), w.words);
    std::unique_ptr<SetIndex>& whole = whole_[id];
    if (!whole) whole = std::make_unique<SetIndex>(set);
    if (const auto e = whole->find(known)) hits.push_back({when, *e});
  });
  return hits;
}

}  // namespace portcullis::plain
