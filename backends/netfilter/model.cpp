#include "backends/netfilter/model.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace portcullis::netfilter {

std::uint8_t width(const Term& term) {
  if (const auto* field = std::get_if<Field>(&term.source)) return width(*field);
  if (const auto* constant = std::get_if<Constant>(&term.source)) return constant->width;
  return 1;  // Random
}

std::size_t Set::key_width() const {
  return std::accumulate(key.begin(), key.end(), std::size_t{0});
}
std::size_t Set::data_width() const {
  return std::accumulate(data.begin(), data.end(), std::size_t{0});
}
std::size_t Set::size() const {
  const std::size_t words = key_width();
  return words == 0 ? 0 : lows.size() / words;
}

base::SourceSpan Set::span_of(std::size_t element) const {
  return element < spans.size() ? spans[element] : base::SourceSpan{};
}

std::string Set::label(std::span<const std::uint32_t> rest) const {
  if (const auto found = labels.find({rest.begin(), rest.end()}); found != labels.end()) return found->second;
  std::string out = name;
  for (const std::uint32_t word : rest) out += " " + std::to_string(word);
  return out;
}

std::string_view to_string(Hook hook) {
  switch (hook) {
    case Hook::prerouting:
      return "prerouting";
    case Hook::input:
      return "input";
    case Hook::forward:
      return "forward";
    case Hook::output:
      return "output";
    case Hook::postrouting:
      return "postrouting";
  }
  return {};
}

std::string_view to_string(ChainType type) {
  switch (type) {
    case ChainType::filter:
      return "filter";
    case ChainType::nat:
      return "nat";
    case ChainType::route:
      return "route";
  }
  return {};
}

namespace {

// Moves the numbers of chains and sets in what is taken over from another model.
class Renumber {
 public:
  explicit Renumber(const Model& in_front)
      : chains_(static_cast<ChainId>(in_front.chains.size())),
        sets_(static_cast<SetId>(in_front.sets.size())),
        opaque_(static_cast<OpaqueId>(in_front.opaque.size())) {}
  void operator()(Match& m) const {
    if (auto* in = std::get_if<InSet>(&m.test)) in->set += sets_;
  }
  void operator()(Decide& d) const { (*this)(d.verdict); }
  void operator()(DecideByMap& d) const { d.map += sets_; }
  void operator()(Assign& a) const { (*this)(a.value); }
  void operator()(Translate& t) const { (*this)(t.value); }
  void operator()(Update& u) const { u.set += sets_; }
  void operator()(Verdict& v) const { v.chain += chains_; }
  void operator()(Expression& e) const {
    if (e.map) *e.map += sets_;
  }
  void operator()(Reject&) const {}
  void operator()(Masquerade&) const {}
  void operator()(Chance&) const {}
  void operator()(Opaque& o) const { o.match += opaque_; }
  void operator()(Unmodelled&) const {}

 private:
  ChainId chains_;
  SetId sets_;
  OpaqueId opaque_;
};

}  // namespace

void append(Model& model, Model other) {
  const Renumber renumber(model);
  for (Chain& chain : other.chains) {
    for (Rule& rule : chain.rules) {
      for (Statement& statement : rule.statements) std::visit(renumber, statement);
    }
    model.chains.push_back(std::move(chain));
  }
  for (Set& set : other.sets) {
    for (Verdict& verdict : set.verdicts) renumber(verdict);
    model.sets.push_back(std::move(set));
  }
  std::ranges::move(other.opaque, std::back_inserter(model.opaque));
}

std::size_t Model::rules() const {
  return std::accumulate(chains.begin(), chains.end(), std::size_t{0},
                         [](std::size_t n, const Chain& c) { return n + c.rules.size(); });
}

std::size_t Model::elements() const {
  return std::accumulate(sets.begin(), sets.end(), std::size_t{0},
                         [](std::size_t n, const Set& s) { return n + s.size(); });
}

void append(std::vector<std::uint32_t>& words, const Value& value, std::uint8_t width) {
  words.insert(words.end(), value.words.begin(), value.words.begin() + width);
}

}  // namespace portcullis::netfilter
