// nft text. Rules and elements are spelled as `nft list` spells them, so that a listing and a file can be compared by
// eye.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "backends/nftables/differences.hpp"
#include "backends/nftables/nftables.hpp"
#include "backends/nftables/words.hpp"
#include "compiler/base/error.hpp"

namespace portcullis::nftables {

namespace {

using netfilter::Set;
using netfilter::Verdict;

class Printer {
 public:
  explicit Printer(const Ruleset& ruleset) : r_(ruleset) {}

  std::string print() {
    out_.reserve(4096 + 64 * r_.model.elements());
    for (const std::string& line : r_.head) {
      out_ += line;
      out_ += '\n';
    }
    for (const TableFamily family : r_.removed) remove(family);
    for (const Table& table : r_.tables) declare(table);
    for (const Table& table : r_.tables) flush(table);
    for (const Table& table : r_.tables) fill(table);
    return std::move(out_);
  }

  std::vector<std::string> lines(const Table& table) {
    std::vector<std::string> all;
    const auto add_line = [&] {
      all.push_back(std::move(out_));
      out_.clear();
    };
    for (const netfilter::SetId id : table.sets) {
      const Set& s = r_.model.sets[id];
      if (s.dynamic) continue;
      for (std::size_t e = 0; e < s.size(); ++e) {
        add("{}: ", s.name);
        element(s, r_.sets[id], e);
        add_line();
      }
    }
    for (const netfilter::ChainId id : table.chains) {
      const netfilter::Chain& c = r_.model.chains[id];
      if (c.base && (!c.rules.empty() || c.base->policy_drop)) {
        add("chain {}: ", c.name);
        header(*c.base);
        add_line();
      }
      for (std::size_t i = 0; i < c.rules.size(); ++i) {
        add("chain {}, rule {}: ", c.name, i + 1);
        try {
          statements(c.rules[i]);
        } catch (const base::InternalError& e) {  // somebody else's: it is not to be loaded, only told
          out_ += e.what();
        }
        add_line();
      }
    }
    return all;
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  // ---- one transaction: whatever is there, afterwards there is this and the old memory

  void remove(TableFamily family) {  // `add` first: deleting what is not there fails
    add("add table {0} {1}\ndelete table {0} {1}\n", to_string(family), table_name);
  }

  void declare(const Table& table) {
    add("table {} {{\n\tcomment \"{}\"\n", table.id(), table.comment);
    for (const netfilter::SetId id : table.sets) set(id, false);
    for (const netfilter::ChainId id : table.chains) {
      if (!r_.model.chains[id].base) add("\tchain {} {{ }}\n", r_.model.chains[id].name);
    }
    out_ += "}\n";
  }

  void flush(const Table& table) {
    add("flush table {}\n", table.id());
    for (const netfilter::SetId id : table.sets) {
      const Set& s = r_.model.sets[id];
      if (!s.dynamic) add("flush {} {} {}\n", s.holds == Set::Data::none ? "set" : "map", table.id(), s.name);
    }
  }

  void fill(const Table& table) {
    add("table {} {{\n", table.id());
    for (const netfilter::SetId id : table.sets) {
      if (r_.model.sets[id].size() > 0) set(id, true);
    }
    // In the order in which a reader first meets them: declare() has named those without a hook.
    for (const bool base : {false, true}) {
      for (const netfilter::ChainId id : table.chains) {
        if (r_.model.chains[id].base.has_value() == base) chain(id);
      }
    }
    out_ += "}\n";
  }

  // ---- sets

  void set(netfilter::SetId id, bool with_elements) {
    const Set& s = r_.model.sets[id];
    const SetText& text = r_.sets[id];
    add("\t{} {} {{\n\t\t", s.holds == Set::Data::none ? "set" : "map", s.name);
    type(s, text);
    if (text.capacity) add("\t\tsize {}\n", *text.capacity);
    if (s.interval) out_ += "\t\tflags interval\n";
    if (s.dynamic) out_ += s.timeout_seconds ? "\t\tflags dynamic,timeout\n" : "\t\tflags dynamic\n";
    if (s.timeout_seconds) add("\t\ttimeout {}\n", duration_text(*s.timeout_seconds));
    if (with_elements) {
      out_ += "\t\telements = {\n";
      for (std::size_t e = 0; e < s.size(); ++e) {
        out_ += "\t\t\t";
        element(s, text, e);
        out_ += e + 1 == s.size() ? "\n" : ",\n";
      }
      out_ += "\t\t}\n";
    }
    out_ += "\t}\n";
  }

  void type(const Set& s, const SetText& text) {
    if (text.key.empty()) unprintable("a set of a type that is not known, " + s.name);
    const bool by_type = text.key.front().expression.empty();
    out_ += by_type ? "type " : "typeof ";
    const auto fields = [&](const std::vector<Declared>& declared) {
      for (std::size_t i = 0; i < declared.size(); ++i) {
        if (i > 0) out_ += " . ";
        out_ += by_type ? to_string(declared[i].type) : std::string_view(declared[i].expression);
      }
    };
    fields(text.key);
    if (s.holds == Set::Data::verdicts) out_ += " : verdict";
    if (s.holds == Set::Data::values) {
      out_ += " : ";
      fields(text.data);
    }
    out_ += '\n';
  }

  void element(const Set& s, const SetText& text, std::size_t e) {
    const std::size_t words = s.key_width();
    const std::uint32_t* low = &s.lows[e * words];
    const std::uint32_t* high = s.interval ? &s.highs[e * words] : low;
    for (std::size_t i = 0; i < text.key.size(); ++i) {
      if (i > 0) out_ += " . ";
      append_range(out_, text.key[i].type, value_at(low, s.key[i]), value_at(high, s.key[i]));
      low += s.key[i];
      high += s.key[i];
    }
    if (const std::string_view comment = text.comment_of(e); !comment.empty()) {
      out_ += " comment \"";
      out_ += comment;
      out_ += '"';
    }
    if (s.holds == Set::Data::verdicts) {
      out_ += " : ";
      verdict(s.verdicts[e]);
    }
    if (s.holds != Set::Data::values) return;
    out_ += " : ";
    const std::uint32_t* data = &s.values[e * s.data_width()];
    for (std::size_t i = 0; i < text.data.size(); ++i) {
      if (i > 0) out_ += " . ";
      append_value(out_, text.data[i].type, value_at(data, s.data[i]));
      data += s.data[i];
    }
  }

  void verdict(const Verdict& v) {
    out_ += verdict_word(v.kind);
    if (v.kind == Verdict::Kind::jump || v.kind == Verdict::Kind::go_to) {
      out_ += ' ';
      out_ += r_.model.chains[v.chain].name;
    }
  }

  // ---- chains

  void chain(netfilter::ChainId id) {
    const netfilter::Chain& c = r_.model.chains[id];
    add("\tchain {} {{\n", c.name);
    if (c.base) {
      out_ += "\t\t";
      header(*c.base);
      out_ += '\n';
    }
    for (const netfilter::Rule& rule : c.rules) {
      if (rule.statements.empty()) continue;  // it only counted, and counters are not printed
      out_ += "\t\t";
      statements(rule);
      out_ += '\n';
    }
    out_ += "\t}\n";
  }

  void header(const netfilter::BaseHook& base) {
    add("type {} hook {} priority {}; policy {};", to_string(base.type), to_string(base.hook), base.priority,
        base.policy_drop ? "drop" : "accept");
  }

  void statements(const netfilter::Rule& rule) {
    for (std::size_t i = 0; i < rule.statements.size(); ++i) {
      if (i > 0) out_ += ' ';
      std::visit([this](const auto& s) { statement(s); }, rule.statements[i]);
    }
  }

  void statement(const netfilter::Match& m) {
    if (const auto* in = std::get_if<netfilter::InSet>(&m.test)) {
      key(m.key);
      out_ += m.negated ? " != " : " ";
      set_reference(in->set);
      return;
    }
    append_match(out_, m);
  }
  void statement(const netfilter::Decide& d) { verdict(d.verdict); }
  void statement(const netfilter::Reject&) { out_ += "reject"; }
  void statement(const netfilter::DecideByMap& d) {
    key(d.key);
    out_ += " vmap ";
    set_reference(d.map);
  }
  void statement(const netfilter::Assign& a) {
    out_ += to_string(a.field);
    out_ += " set ";
    expression(a.value, a.field == netfilter::Field::mark ? Type::mark : Type::classid);
  }
  void statement(const netfilter::Translate& t) {
    out_ += t.family == net::Family::ipv4 ? "dnat ip to " : "dnat ip6 to ";
    expression(t.value, t.family == net::Family::ipv4 ? Type::ipv4_addr : Type::ipv6_addr);
  }
  void statement(const netfilter::Masquerade&) { out_ += "masquerade fully-random"; }
  void statement(const netfilter::Update& u) {
    out_ += u.operation == netfilter::Update::Operation::refresh ? "update @"
            : u.operation == netfilter::Update::Operation::add   ? "add @"
                                                                 : "delete @";
    out_ += r_.model.sets[u.set].name;
    out_ += " { ";
    key(u.key);
    if (u.timeout_seconds) add(" timeout {}", duration_text(*u.timeout_seconds));
    out_ += " }";
  }
  void statement(const netfilter::Chance& c) { unprintable(fmt::format("chance {}/{}", c.numerator, c.denominator)); }
  void statement(const netfilter::Opaque& o) { unprintable(r_.model.opaque[o.match].text); }
  void statement(const netfilter::Unmodelled& u) { unprintable(u.what); }

  void expression(const netfilter::Expression& e, Type type) {
    if (e.map) {
      key(e.terms);
      out_ += " map ";
      set_reference(*e.map);
      return;
    }
    const bool brackets = type == Type::ipv6_addr && e.terms.size() > 1;
    if (brackets) out_ += '[';
    append_term(out_, e.terms.front(), type);
    if (brackets) out_ += ']';
    if (e.terms.size() > 1) {  // dnat to a constant address and port
      out_ += ':';
      append_term(out_, e.terms[1], Type::inet_service);
    }
  }

  void key(const std::vector<netfilter::Term>& terms) {
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (i > 0) out_ += " . ";
      append_term(out_, terms[i], Type::integer);
    }
  }

  void set_reference(netfilter::SetId id) {
    const Set& s = r_.model.sets[id];
    if (!s.name.empty()) {
      out_ += '@';
      out_ += s.name;
      return;
    }
    out_ += "{ ";
    for (std::size_t e = 0; e < s.size(); ++e) {
      if (e > 0) out_ += ", ";
      element(s, r_.sets[id], e);
    }
    out_ += " }";
  }

  [[noreturn]] static void unprintable(const std::string& what);

  const Ruleset& r_;
  std::string out_;
};

void Printer::unprintable(const std::string& what) {
  throw base::InternalError("a ruleset of ours has no statement like this: " + what);
}

}  // namespace

std::string print(const Ruleset& ruleset) {
  return Printer(ruleset).print();
}

std::vector<std::string> lines(const Ruleset& ruleset, const Table& table) {
  return Printer(ruleset).lines(table);
}

}  // namespace portcullis::nftables
