#include "tests/engines/model_text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace portcullis::engines {

namespace {

using namespace netfilter;

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string text(const Value& v) {
  return fmt::format("{:x}", fmt::join(v.words, ":"));
}

class ModelText {
 public:
  explicit ModelText(const Model& model) : model_(model) {}

  std::string all() {
    std::string out;
    std::map<std::string, std::string> others, sets;
    for (const Chain& c : model_.chains) {
      std::string& to = c.base ? out : others[c.table + " " + c.name];
      to += chain(c);
    }
    for (const auto& [name, text] : others) out += text;
    for (const SetId id : used_) sets[model_.sets[id].table + " " + model_.sets[id].name] = set(model_.sets[id]) + "\n";
    for (const auto& [name, text] : sets) out += text;
    return out;
  }

 private:
  std::string chain(const Chain& c) {
    std::string out = fmt::format("{} chain {}{}{}", c.table, c.name, c.ipv4 ? " ipv4" : "", c.ipv6 ? " ipv6" : "");
    if (c.base)
      out += fmt::format(" {} {} {}{}", to_string(c.base->type), to_string(c.base->hook), c.base->priority,
                         c.base->policy_drop ? " drop" : "");
    out += '\n';
    for (const Rule& r : c.rules) {
      for (const Statement& s : r.statements) out += "  " + statement(s);
      out += '\n';
    }
    return out;
  }

  [[nodiscard]] static std::string term(const Term& t) {
    std::string source =
        std::visit(Overloaded{
                       [](Field f) { return std::string(to_string(f)); },
                       [](const Constant& c) { return fmt::format("{}/{}", text(c.value), c.width); },
                       [](const Random& r) { return fmt::format("random {} {}", r.modulus, r.offset); },
                   },
                   t.source);
    if (t.mask == Value::all_ones() && t.flip == Value{}) return source;
    return fmt::format("{}&{}^{}", source, text(t.mask), text(t.flip));
  }
  [[nodiscard]] static std::string key(const std::vector<Term>& terms) {
    std::string out;
    for (const Term& t : terms) out += (out.empty() ? "" : " . ") + term(t);
    return out;
  }
  [[nodiscard]] std::string reference(SetId id) {
    const Set& s = model_.sets[id];
    if (!s.name.empty()) used_.insert(id);
    return s.name.empty() ? set(s) : "@" + s.name;
  }
  [[nodiscard]] std::string verdict(const Verdict& v) const {
    const bool moves = v.kind == Verdict::Kind::jump || v.kind == Verdict::Kind::go_to;
    return fmt::format("verdict {}{}", static_cast<int>(v.kind), moves ? " " + model_.chains[v.chain].name : "");
  }
  [[nodiscard]] std::string expression(const Expression& e) {
    return key(e.terms) + (e.map ? " map " + reference(*e.map) : "");
  }
  [[nodiscard]] std::string match(const Match& m) {
    const std::string test =
        std::visit(Overloaded{
                       [](const Equals& t) { return "== " + text(t.value); },
                       [](const Between& t) { return fmt::format("in {}-{}", text(t.low), text(t.high)); },
                       [](const AnyBit& t) { return fmt::format("has {:x}", t.bits); },
                       [this](const InSet& t) { return "in " + reference(t.set); },
                   },
                   m.test);
    return fmt::format("{}{} {}", m.negated ? "not " : "", key(m.key), test);
  }

  [[nodiscard]] std::string statement(const Statement& s) {
    return std::visit(
        Overloaded{
            [this](const Match& m) { return match(m); },
            [this](const Decide& d) { return verdict(d.verdict); },
            [](const Reject&) { return std::string("reject"); },
            [this](const DecideByMap& d) { return key(d.key) + " vmap " + reference(d.map); },
            [this](const Assign& a) { return fmt::format("{} set {}", to_string(a.field), expression(a.value)); },
            [this](const Translate& t) {
              return fmt::format("dnat {} {}{}", net::to_string(t.family), expression(t.value),
                                 t.has_port ? " port" : "");
            },
            [](const Masquerade&) { return std::string("masquerade"); },
            [this](const Update& u) {
              used_.insert(u.set);
              return fmt::format("update {} @{} {} {}", static_cast<int>(u.operation), model_.sets[u.set].name,
                                 key(u.key), u.timeout_seconds.value_or(0));
            },
            [](const Chance& c) { return fmt::format("chance {}/{}", c.numerator, c.denominator); },
            [](const Opaque&) { return std::string("opaque"); },
            [](const Unmodelled&) { return std::string("unmodelled"); },
        },
        s);
  }

  [[nodiscard]] std::string set(const Set& s) const {
    std::vector<std::string> elements;
    const auto part = [](const std::vector<std::uint32_t>& words, std::size_t element, std::size_t width) {
      const auto begin = words.begin() + static_cast<std::ptrdiff_t>(element * width);
      return fmt::format("{:x}", fmt::join(begin, begin + static_cast<std::ptrdiff_t>(width), ":"));
    };
    for (std::size_t e = 0; e < s.size(); ++e) {
      std::string one = part(s.lows, e, s.key_width());
      if (s.interval) one += "-" + part(s.highs, e, s.key_width());
      if (s.holds == Set::Data::values) one += " : " + part(s.values, e, s.data_width());
      if (s.holds == Set::Data::verdicts) one += " : " + verdict(s.verdicts[e]);
      elements.push_back(std::move(one));
    }
    std::ranges::sort(elements);
    return fmt::format("{} set {} {} {}{}{} {{ {} }}", s.table, s.name, fmt::join(s.key, "."),
                       s.interval ? "interval " : "", s.dynamic ? "dynamic " : "", s.timeout_seconds.value_or(0),
                       fmt::join(elements, ", "));
  }

  const Model& model_;
  std::set<SetId> used_;  // that have names
};

}  // namespace

std::string model_text(const Model& model) {
  return ModelText(model).all();
}

}  // namespace portcullis::engines
