#include "verifier/plain/compare.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace portcullis::plain {

namespace {

using Endpoint = std::pair<net::Address, std::uint16_t>;

// Beyond so many combinations of leaves a region is unknown.
constexpr std::size_t most_combinations = 4096;

bool nearly_equal(const Rational& got, const Rational& want, std::size_t entries) {
  if (got == want) return true;
  const long double x = static_cast<long double>(got.numerator) / static_cast<long double>(got.denominator);
  const long double y = static_cast<long double>(want.numerator) / static_cast<long double>(want.denominator);
  return std::fabs(x - y) <= y * static_cast<long double>(entries) / 2147483648.0L;
}

bool is_refusal(const Leaf& leaf) {
  return leaf.end == Leaf::End::dropped || leaf.end == Leaf::End::rejected;
}

// A memory is renewed without a translation: no program does that.
bool strays(const Leaf& leaf) {
  return !leaf.translated && !leaf.label.empty();
}

class Comparison {
 public:
  Comparison(std::string name, Terms& terms, Packet& packet, const View& meant, const View& kept, Labels& labels)
      : name_(std::move(name)), terms_(terms), packet_(packet), meant_(meant), kept_(kept), labels_(labels) {
    for (const smt::Term t : packet.assumed()) assumed_.push_back(t);
  }

  Judgement run() {
    pair_labels();
    for (const auto& [label, term] : kept_.remembered.asked()) {
      const auto meant = labels_.meant_of().find(label);
      if (meant == labels_.meant_of().end()) continue;
      const auto asked = meant_.remembered.asked().find(meant->second);
      if (asked != meant_.remembered.asked().end()) assumed_.push_back(terms_.session().equal(term, asked->second));
    }
    excused_ = terms_.any(all_end(Leaf::End::dropped), all_end(Leaf::End::rejected));
    for (const View* view : {&meant_, &kept_}) {
      for (const Leaf& leaf : view->leaves) {
        if (leaf.end == Leaf::End::unrecognised) excused_ = terms_.any(excused_, leaf.when);
      }
    }
    Judgement different = packets();
    if (different.kind == Judgement::Kind::equal) different = chances();
    if (different.kind == Judgement::Kind::different) return different;
    const Judgement open = unrecognised();
    return open.kind == Judgement::Kind::equal ? different : open;
  }

 private:
  // ---- memory

  // Leaves of one endpoint that a packet can have before it on both sides renew one memory.
  void pair_labels() {
    for (const Leaf& k : kept_.leaves) {
      if (!k.translated || k.label.empty() || labels_.is_known(k.label)) continue;
      std::vector<const Leaf*> partners;
      for (const Leaf& m : meant_.leaves) {
        const bool same = m.translated && endpoint(m) == endpoint(k) && !m.label.empty();
        if (same && std::ranges::none_of(partners, [&](const Leaf* p) { return p->label == m.label; }))
          partners.push_back(&m);
      }
      for (const Leaf* m : partners) {
        if (partners.size() > 1 && !possible(terms_.all(k.when, m->when))) continue;
        if (labels_.pair(k.label, m->label)) break;
      }
    }
  }

  bool possible(const Bit& bit) {
    if (bit.known) return *bit.known;
    std::vector<smt::Term> all = assumed_;
    all.push_back(bit.term);
    return terms_.session().check(name_ + "-label", all).answer != smt::Answer::unsatisfiable;
  }

  static Endpoint endpoint(const Leaf& leaf) { return {leaf.address, leaf.port}; }

  // ---- packets

  Bit all_end(Leaf::End end) {
    Bit other = Bit::of(false);
    for (const View* view : {&meant_, &kept_}) {
      for (const Leaf& leaf : view->leaves) {
        if (leaf.end != end || strays(leaf)) other = terms_.any(other, leaf.when);
      }
    }
    return terms_.no(other);
  }

  Judgement packets() {
    Bit differ = Bit::of(false);
    for (const Leaf& m : meant_.leaves) {
      for (const Leaf& k : kept_.leaves) {
        const Bit both = terms_.all(m.when, k.when);
        if (!both.is(false)) differ = terms_.any(differ, terms_.all(both, apart(m, k)));
      }
    }
    return ask(name_ + "-packets", terms_.but(differ, excused_));
  }

  // What does not go together in two leaves.
  Bit apart(const Leaf& m, const Leaf& k) {
    if (m.end == Leaf::End::unrecognised || k.end == Leaf::End::unrecognised) return Bit::of(false);
    if (m.translated != k.translated || strays(k)) return Bit::of(true);
    if (m.translated) {
      if (endpoint(m) != endpoint(k)) return Bit::of(false);  // the chances' matter
      if (m.seconds != k.seconds || m.label.empty() != k.label.empty()) return Bit::of(true);
      if (!m.label.empty() && !labels_.are_paired(k.label, m.label)) return Bit::of(true);
    }
    if (m.end != k.end) return Bit::of(true);
    if (is_refusal(m)) return Bit::of(false);
    Bit out = terms_.no(terms_.same(m.local, k.local));
    if (!m.translated) out = terms_.any(out, terms_.no(terms_.same(m.accepted, k.accepted)));
    const Bit seen = packet_.region().from_node ? Bit::of(true) : terms_.no(m.local);
    return terms_.any(out, terms_.but(seen, terms_.same(m.masquerade, k.masquerade)));
  }

  Judgement ask(const std::string& name, const Bit& differ) {
    if (differ.is(false)) return {};
    std::vector<smt::Term> all = assumed_;
    all.push_back(terms_.term(differ));
    const smt::Result result = terms_.session().check(name, all);
    switch (result.answer) {
      case smt::Answer::unsatisfiable:
        return {};
      case smt::Answer::unknown:
        return unknown(result.reason);
      case smt::Answer::satisfiable:
        return witness(*result.model, {});
    }
    return {};
  }

  static Judgement unknown(std::string why) {
    Judgement out;
    out.kind = Judgement::Kind::unknown;
    out.reason = std::move(why);
    return out;
  }

  Judgement witness(const smt::Model& model, std::string why) {
    Judgement out;
    out.kind = Judgement::Kind::different;
    out.reason = std::move(why);
    out.witness = packet_.decode(model);
    for (const auto& [label, term] : meant_.remembered.asked()) {
      if (model.truth(term)) out.meant_remembered.insert(label);
    }
    for (const auto& [label, term] : kept_.remembered.asked()) {
      if (model.truth(term)) out.kept_remembered.insert(label);
    }
    for (const auto& [match, term] : packet_.asked()) out.opaque.insert(match);
    return out;
  }

  // ---- chances

  Judgement chances() {
    std::vector<Bit> guards;
    Bit translated = Bit::of(false);
    for (const View* view : {&meant_, &kept_}) {
      for (const Leaf& leaf : view->leaves) {
        if (!leaf.translated || leaf.end == Leaf::End::unrecognised) continue;
        translated = terms_.any(translated, leaf.when);
        const bool new_one =
            !leaf.when.known && std::ranges::none_of(guards, [&](const Bit& g) { return g.term == leaf.when.term; });
        if (new_one) guards.push_back(leaf.when);
      }
    }
    std::vector<smt::Term> all = assumed_;
    all.push_back(terms_.term(terms_.but(translated, excused_)));
    if (translated.is(false)) return {};
    for (std::size_t n = 1; n <= most_combinations; ++n) {
      const smt::Result result = terms_.session().check(name_ + "-chances", all);
      if (result.answer == smt::Answer::unsatisfiable) return {};
      if (result.answer == smt::Answer::unknown) return unknown(result.reason);
      std::vector<smt::Term> other;
      std::set<std::uint32_t> held;
      for (const Bit& g : guards) {
        const bool holds = result.model->truth(g.term);
        if (holds) held.insert(g.term.id);
        other.push_back(holds ? terms_.session().no(g.term) : g.term);
      }
      const auto before = [&](const Leaf& leaf) {
        return leaf.when.known ? *leaf.when.known : held.contains(leaf.when.term.id);
      };
      const std::optional<std::string> why = miscounted(before);
      if (why && why->empty()) return unknown("probabilities without an exact form");
      if (why) return witness(*result.model, *why);
      all.push_back(terms_.session().any(other));
    }
    return unknown("too many combinations of choices");
  }

  // Where the probabilities of the leaves before a packet differ; empty: they have no exact form.
  template <class Before>
  std::optional<std::string> miscounted(const Before& before) const {
    const auto meant = added(meant_, before), kept = added(kept_, before);
    if (!meant || !kept) return std::string();
    for (const auto& [to, chance] : *meant) {
      const auto found = kept->find(to);
      if (found == kept->end()) return "nothing is sent to " + net::endpoint_text(to.first, to.second);
      if (!nearly_equal(found->second, chance, meant->size()))
        return "another probability of " + net::endpoint_text(to.first, to.second);
    }
    for (const auto& [to, chance] : *kept) {
      if (!meant->contains(to)) return "something is sent to " + net::endpoint_text(to.first, to.second);
    }
    return {};
  }

  template <class Before>
  static std::optional<std::map<Endpoint, Rational>> added(const View& view, const Before& before) {
    std::map<Endpoint, Rational> out;
    for (const Leaf& leaf : view.leaves) {
      if (!leaf.translated || leaf.end == Leaf::End::unrecognised || !before(leaf)) continue;
      const auto [at, fresh] = out.try_emplace(endpoint(leaf), leaf.weight);
      if (fresh) continue;
      const auto sum = Rational::sum(at->second, leaf.weight);
      if (!sum) return {};
      at->second = *sum;
    }
    return out;
  }

  // ---- forms

  Judgement unrecognised() {
    for (const View* view : {&meant_, &kept_}) {
      for (const Leaf& leaf : view->leaves) {
        if (leaf.end != Leaf::End::unrecognised || !possible(leaf.when)) continue;
        return unknown(leaf.form);
      }
    }
    return {};
  }

  std::string name_;
  Terms& terms_;
  Packet& packet_;
  const View& meant_;
  const View& kept_;
  Labels& labels_;
  std::vector<smt::Term> assumed_;
  Bit excused_;  // refused alike wherever they go; or not recognised, which is another question
};

}  // namespace

bool Labels::pair(const std::string& kept, const std::string& meant) {
  const auto [to, fresh] = meant_of_.try_emplace(kept, meant);
  const auto [from, first] = kept_of_.try_emplace(meant, kept);
  if (to->second == meant && from->second == kept) return true;
  if (fresh) meant_of_.erase(to);
  if (first) kept_of_.erase(from);
  return false;
}

bool Labels::are_paired(const std::string& kept, const std::string& meant) const {
  const auto found = meant_of_.find(kept);
  return found != meant_of_.end() && found->second == meant;
}

Judgement compare(const std::string& name, Terms& terms, Packet& packet, const View& meant, const View& kept,
                  Labels& labels) {
  return Comparison(name, terms, packet, meant, kept, labels).run();
}

}  // namespace portcullis::plain
