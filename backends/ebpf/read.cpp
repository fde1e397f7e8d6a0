// One line at a time: the first word says what the line is. Pools and sets are numbered and stand before what refers to
// them. What is read keeps the invariants of tables.hpp.
#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "backends/ebpf/actions_text.hpp"
#include "backends/ebpf/ebpf.hpp"
#include "backends/ebpf/limits.hpp"
#include "compiler/ir/form/words.hpp"
#include "compiler/ir/l4/text_values.hpp"

namespace portcullis::ebpf {

namespace {

namespace form = ir::form;
using form::Cursor;
using Kind = form::Token::Kind;

constexpr std::uint32_t most_pools = 1U << 24U;

// A word with a bracket is of IPv6, one without of IPv4.
net::Family family_of(const Cursor& c) {
  return c.peek_word().starts_with('[') ? net::Family::ipv6 : net::Family::ipv4;
}

// Decimal digits without leading zeros.
std::optional<std::uint32_t> decimal(std::string_view digits, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value > most) return {};
  if (digits.size() > 1 && digits.front() == '0') return {};
  return value;
}

class Reader {
 public:
  Reader(base::FileId file, std::string_view text, base::Diagnostics& diagnostics)
      : file_(file), text_(text), diagnostics_(diagnostics) {}

  std::optional<Tables> run() {
    std::size_t at = 0;
    while (at < text_.size() && problems_ < most_problems) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      line(text_.substr(at, end - at), static_cast<std::uint32_t>(at));
      at = end + 1;
    }
    const auto last = static_cast<std::uint32_t>(text_.size());
    if (problems_ == 0 && seen_ < Seen::program)
      report({"expected `node` and `program` before the end of the file", last, last});
    if (problems_ == 0) finish();
    if (problems_ != 0) return {};
    return std::move(t_);
  }

 private:
  // A file of something else has as many problems as lines; the first ones say it.
  static constexpr int most_problems = 20;
  enum class Seen : std::uint8_t { nothing, version, node, program };

  void report(const form::Problem& problem) {
    diagnostics_.add("PC5015", "cannot read this as tables for eBPF: " + problem.reason,
                     {file_, problem.begin, problem.end});
    ++problems_;
  }

  void line(std::string_view text, std::uint32_t offset) {
    line_ = {file_, offset, offset + static_cast<std::uint32_t>(text.size())};
    Cursor cursor(text, offset);
    if (cursor.ok() && cursor.at(Kind::end)) return;  // blank, or a comment
    handle(cursor);
    cursor.expect(Kind::end, "the end of the line");
    if (cursor.problem()) report(*cursor.problem());
  }

  void handle(Cursor& c) {
    switch (seen_) {
      case Seen::nothing:
        c.expect("portcullis");
        c.expect("ebpf");
        if (c.number("a version", UINT32_MAX) != 1)
          c.fail_last("this version is not known: another portcullis wrote it");
        seen_ = Seen::version;
        return;
      case Seen::version:
        c.expect("node");
        t_.node = c.name("a node");
        c.expect("dialect");
        t_.dialect = form::dialect(c);
        seen_ = Seen::node;
        return;
      case Seen::node:
        c.expect("program");
        digest(c);
        seen_ = Seen::program;
        return;
      case Seen::program:
        return fact(c);
    }
  }

  void fact(Cursor& c) {
    if (c.take("route")) return frontend(c);
    if (c.take("pool")) return pool(c);
    if (c.take("local")) return local(c);
    if (c.take("local-others")) return others(c);
    if (c.take("set")) return set(c);
    if (c.take("forget")) return cleanup(c);
    if (c.take("guard")) return guard(c);
    if (c.take("pods")) return prefixes(c, t_.pods);
    if (c.take("services")) return prefixes(c, t_.services);
    if (c.take("tcp-be-liberal")) {
      t_.tcp_be_liberal = true;
      return;
    }
    if (c.take("pods-interface")) return interface(c, false);
    if (c.take("pods-interface-prefix")) return interface(c, true);
    c.fail_next("tcp-be-liberal, pods, services, set, local, local-others, guard, pool, route or forget");
  }

  void digest(Cursor& c) {
    t_.program = c.word("the digest of a program");
    const bool hex = t_.program.size() == 64 && t_.program.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (c.ok() && !hex) c.fail_last("a digest has 64 digits, 0 to 9 and a to f");
  }

  // ---- sources and addresses

  static void prefixes(Cursor& c, std::vector<net::Prefix>& into) {
    if (!into.empty()) return c.fail_last("this line stands here for the second time");
    do {
      into.push_back(form::prefix(c));
    } while (c.ok() && !c.at(Kind::end));
    std::ranges::sort(into);
  }

  void interface(Cursor& c, bool is_prefix) {
    if (t_.pod_interface) return c.fail_last("this line stands here for the second time");
    t_.pod_interface = PodInterface{std::string(c.name("an interface")), is_prefix};
  }

  void set(Cursor& c) {
    Set set;
    set.number = c.number("a number", UINT32_MAX);
    if (c.ok() && set.number != PCL_SET_RANGES + t_.sets.size())
      c.fail_last(fmt::format("sets are numbered: this is {}", PCL_SET_RANGES + t_.sets.size()));
    set.name = c.name("a name");
    while (c.ok() && !c.at(Kind::end)) set.prefixes.push_back(form::prefix(c));
    std::ranges::sort(set.prefixes);
    if (c.ok()) t_.sets.push_back(std::move(set));
  }

  void local(Cursor& c) {
    Local local;
    const std::string_view word = c.word("an address");
    const auto address = net::Address::parse(word);
    if (c.ok() && !address) c.fail_last(fmt::format("`{}` is no IP address", word));
    if (!c.ok()) return;
    local.address = *address;
    local.here = !c.take("elsewhere");
    if (c.take("scope")) local.scope = scope(c);
    if (c.ok()) t_.locals.push_back(local);
  }

  void others(Cursor& c) {
    const net::Family family = form::family(c);
    c.expect("scope");
    std::uint8_t& others = t_.others_scope[static_cast<std::size_t>(family)];
    if (c.ok() && others != 0) return c.fail_last("this line stands here for the second time");
    others = scope(c);
  }

  static std::uint8_t scope(Cursor& c) {
    const std::uint32_t number = c.number("a scope", UINT8_MAX);
    if (c.ok() && number == 0) c.fail_last("scopes begin at 1");
    return static_cast<std::uint8_t>(number);
  }

  void guard(Cursor& c) {
    Guard guard;
    if (c.take("invalid")) {
      guard.kind = Guard::Kind::invalid;
    } else if (c.take("martian")) {
      guard.kind = Guard::Kind::martian;
    } else {
      c.fail_next("invalid or martian");
    }
    guard.family = form::family(c);
    if (c.ok() && std::ranges::find(t_.guards, guard) != t_.guards.end()) c.fail_last("this guard stands here already");
    if (c.ok()) t_.guards.push_back(guard);
  }

  // ---- pools

  void pool(Cursor& c) {
    Pool pool;
    const std::uint32_t number = c.number("a number", most_pools);
    if (c.ok() && number != t_.pools.size())
      c.fail_last(fmt::format("pools are numbered: this is {}", t_.pools.size()));
    pool.name = c.name("a name");
    pool.protocol = form::protocol(c);
    pool.local_set = c.take("local");
    if (c.take("affinity")) {
      pool.sticky = form::seconds(c);
      c.expect("memory");
      pool.memory = c.number("the number of a memory", UINT32_MAX);
    }
    c.expect(Kind::open, "`{`");
    while (c.ok() && !c.take(Kind::close)) {
      pool.endpoints.push_back(endpoint(c));
      if (c.ok() && pool.endpoints.back().address.family() != pool.endpoints.front().address.family())
        c.fail_last("a pool has endpoints of one family");
    }
    if (c.ok() && pool.endpoints.empty()) c.fail_last("a pool has at least one endpoint");
    if (c.ok() && pool.slots() > max_slots) c.fail_last(fmt::format("a pool has at most {} slots", max_slots));
    if (c.ok()) t_.pools.push_back(std::move(pool));
  }

  static Endpoint endpoint(Cursor& c) {
    Endpoint out;
    const form::Endpoint at = form::exact_endpoint(c, family_of(c));
    if (!c.ok()) return out;
    out.address = *at.address;
    out.port = at.port;
    if (c.take("weight")) {
      out.weight = c.number("a weight", max_slots);
      if (out.weight == 0) c.fail_last("a weight is at least 1");
    }
    if (c.take("hairpin")) {
      out.hairpin = true;
      out.hairpin_same = c.take("always");
    }
    if (!c.take("refused")) return out;
    for (Verdict& verdict : out.refusals) {
      verdict = read_verdict(c);
      if (verdict == Verdict::dnat) c.fail_last("an endpoint is refused by none, reject or drop");
    }
    return out;
  }

  // ---- frontends

  void frontend(Cursor& c) {
    Frontend out;
    const bool any = c.take("any");
    if (!any) out.key.protocol = form::protocol(c);
    if (!any && c.take("scope")) {
      scoped(c, out.key);
    } else if (any) {
      const std::string_view word = c.word("an address");
      out.key.address = net::Address::parse(word);
      if (c.ok() && !out.key.address) c.fail_last(fmt::format("`{}` is no IP address", word));
    } else {
      const form::Endpoint at = form::exact_endpoint(c, family_of(c));
      out.key.address = at.address;
      out.key.port = at.port;
    }
    out.owner = c.name("an owner");
    if (c.take("ranges")) {
      out.ranges = c.number("a set", UINT32_MAX);
      const bool known = out.ranges >= PCL_SET_RANGES && out.ranges < PCL_SET_RANGES + t_.sets.size();
      if (c.ok() && !known) c.fail_last("no set of this number stands above");
    }
    if (c.take("pools")) pools(c, out);
    c.expect(":");
    out.actions = read_actions(c);
    for (const std::uint32_t pool : out.pools) fits(c, out.key, pool);
    for (const Action& action : out.actions) {
      if (c.ok() && action.verdict == Verdict::dnat && action.pool >= out.pools.size())
        c.fail_last(fmt::format("the route has no pool {} to translate to", action.pool));
    }
    if (!c.ok()) return;
    t_.frontends.push_back(std::move(out));
    lines_.push_back(line_);
  }

  // `1:30080`, behind `scope`.
  static void scoped(Cursor& c, FrontendKey& key) {
    const std::string_view word = c.word("a scope and a port");
    if (!c.ok()) return;
    const std::size_t colon = std::min(word.find(':'), word.size());
    const auto scope = decimal(word.substr(0, colon), UINT8_MAX);
    const auto port = colon == word.size() ? std::nullopt : decimal(word.substr(colon + 1), UINT16_MAX);
    if (!scope || !port || *scope == 0)
      return c.fail_last(fmt::format("`{}` is no scope and port such as 1:30080", word));
    key.scope = static_cast<std::uint8_t>(*scope);
    key.port = static_cast<std::uint16_t>(*port);
  }

  // A pool is of the route's protocol and family.
  void fits(Cursor& c, const FrontendKey& key, std::uint32_t number) const {
    if (!c.ok()) return;
    const Pool& pool = t_.pools[number];
    if (key.protocol && pool.protocol != *key.protocol)
      c.fail_last(fmt::format("pool {} is of {}", number, net::lower_name(pool.protocol)));
    if (key.address && pool.endpoints.front().address.family() != key.address->family())
      c.fail_last(fmt::format("pool {} is of the other family", number));
  }

  void pools(Cursor& c, Frontend& out) const {
    do {
      out.pools.push_back(c.number("a pool", most_pools));
      if (c.ok() && out.pools.back() >= t_.pools.size()) c.fail_last("no pool of this number stands above");
      if (c.ok() && out.pools.size() > PCL_POOLS)
        c.fail_last(fmt::format("a route has at most {} pools", int{PCL_POOLS}));
    } while (c.ok() && !c.at(":"));
  }

  void cleanup(Cursor& c) {
    ir::UdpCleanup out;
    c.expect("udp");
    const form::Endpoint at = form::endpoint(c, family_of(c));
    if (c.ok() && !at.address && at.group != "@any") c.fail_last("only `@any` can stand here");
    out.dst = at.address;
    out.port = at.port;
    out.owner = c.name("an owner");
    c.expect("keep");
    c.expect(Kind::open, "`{`");
    while (c.ok() && !c.take(Kind::close)) {
      const form::Endpoint kept = form::exact_endpoint(c, family_of(c));
      if (c.ok()) out.keep.emplace_back(*kept.address, kept.port);
    }
    if (c.ok()) t_.cleanup.push_back(std::move(out));
  }

  // ---- the whole

  void finish() {
    std::ranges::sort(t_.guards);
    std::ranges::sort(t_.locals, {}, &Local::address);
    const auto twin = std::ranges::adjacent_find(t_.locals, {}, &Local::address);
    if (twin != t_.locals.end()) report({fmt::format("`local {}` stands here twice", twin->address.text()), 0, 0});
    std::vector<std::uint32_t> order(t_.frontends.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto key = [&](std::uint32_t i) -> const FrontendKey& { return t_.frontends[i].key; };
    if (!std::ranges::is_sorted(order, {}, key)) std::ranges::stable_sort(order, {}, key);
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (key(order[i - 1]) != key(order[i])) continue;
      const base::SourceSpan& at = lines_[order[i]];
      return report({"another route above is for the same destination", at.begin, at.end});
    }
    std::vector<Frontend> sorted;
    sorted.reserve(order.size());
    for (const std::uint32_t i : order) sorted.push_back(std::move(t_.frontends[i]));
    t_.frontends = std::move(sorted);
  }

  base::FileId file_;
  std::string_view text_;
  base::Diagnostics& diagnostics_;
  Tables t_;
  Seen seen_ = Seen::nothing;
  int problems_ = 0;
  base::SourceSpan line_;
  std::vector<base::SourceSpan> lines_;  // of frontends
};

}  // namespace

std::optional<Tables> read(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  return Reader(file, sources.text(file), diagnostics).run();
}

}  // namespace portcullis::ebpf
