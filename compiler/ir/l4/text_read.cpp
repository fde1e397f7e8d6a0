// One line at a time: the first word says what the line is, a handler reads the rest of it. What later lines refer to
// (pools, ranges) comes first. A program that is read keeps the invariants of program.hpp.

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "compiler/ir/form/words.hpp"
#include "compiler/ir/l4/text.hpp"
#include "compiler/ir/l4/text_values.hpp"

namespace portcullis::ir {

namespace {

using form::Cursor;
using Kind = form::Token::Kind;

class Reader {
 public:
  Reader(base::FileId file, std::string_view text, base::Diagnostics& diagnostics)
      : file_(file), text_(text), diagnostics_(diagnostics) {}

  std::optional<Program> run() {
    std::size_t at = 0;
    while (at < text_.size() && problems_ < most_problems) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      line(text_.substr(at, end - at), static_cast<std::uint32_t>(at));
      at = end + 1;
    }
    if (problems_ == 0 && !seen_program_) report({"expected `program` before the end of the file", 0, 0});
    if (problems_ == 0) sort();
    if (problems_ != 0) return {};
    return std::move(p_);
  }

 private:
  // A file of something else has as many problems as lines; the first ones say it.
  static constexpr int most_problems = 20;

  void report(const form::Problem& problem) {
    diagnostics_.add("PC5010", "cannot read this as IR text: " + problem.reason, {file_, problem.begin, problem.end});
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
    if (c.take("program")) return program(c);
    if (!seen_program_) return c.fail_next("`program` in the first line");
    if (c.take("pool")) return pool(c);
    if (c.take("route")) return route(c);
    if (c.take("stage")) return stage(c);
    if (c.take("ranges")) return ranges(c);
    if (c.take("udp-cleanup")) return cleanup(c);
    if (c.take("mark")) return once(c, seen_mark_, [&] { p_.mark = c.number("a mark", UINT32_MAX); });
    if (c.take("local")) return once(c, seen_local_, [&] { p_.local_addresses = addresses(c); });
    if (c.take("detector")) return once(c, seen_detector_, [&] { detector(c); });
    if (c.take("accepted")) return once(c, seen_accepted_, [&] { accepted(c); });
    if (c.take("sysctl")) return sysctl(c);
    c.fail_next("mark, local, detector, accepted, sysctl, ranges, pool, stage, route or udp-cleanup");
  }

  template <class Read>
  void once(Cursor& c, bool& seen, Read read) {
    if (seen) return c.fail_last("this line stands here for the second time");
    seen = true;
    read();
  }

  // ---- the node

  void program(Cursor& c) {
    if (seen_program_) return c.fail_last("a second program in one file");
    seen_program_ = true;
    p_.node = c.name("a node");
    p_.family = form::family(c);
    c.expect("dialect");
    p_.dialect = form::dialect(c);
  }

  std::vector<net::Address> addresses(Cursor& c) const {
    std::vector<net::Address> list;
    while (c.ok() && !c.at(Kind::end)) list.push_back(form::address(c, p_.family));
    std::ranges::sort(list);
    return list;
  }

  void detector(Cursor& c) {
    if (c.take("none")) {
      p_.detector = NoDetector{};
    } else if (c.take("cidr")) {
      p_.detector = CidrDetector{form::prefix(c)};
    } else if (c.take("interface")) {
      p_.detector = InterfaceDetector{std::string(c.name("an interface")), false};
    } else if (c.take("interface-prefix")) {
      p_.detector = InterfaceDetector{std::string(c.name("an interface's beginning")), true};
    } else {
      c.fail_next("none, cidr, interface or interface-prefix");
    }
  }

  void accepted(Cursor& c) {
    p_.accepted.every_local = c.take("every-local");
    p_.accepted.loopback = c.take("loopback");
    p_.accepted.addresses = addresses(c);
  }

  void sysctl(Cursor& c) {
    if (c.take("route_localnet")) {
      p_.route_localnet = true;
    } else if (c.take("tcp_be_liberal")) {
      p_.tcp_be_liberal = true;
    } else {
      c.fail_next("route_localnet or tcp_be_liberal");
    }
  }

  // ---- pools and ranges

  using Names = std::map<std::string, std::uint32_t, std::less<>>;

  static void declare(Cursor& c, Names& names, const std::string& name) {
    const auto id = static_cast<std::uint32_t>(names.size());
    if (c.ok() && !names.emplace(name, id).second) c.fail_last("this name is taken");
  }
  static std::uint32_t refer(Cursor& c, const Names& names, std::string_view what) {
    const std::string_view name = c.name(what);
    if (!c.ok()) return 0;
    const auto found = names.find(name);
    if (found != names.end()) return found->second;
    c.fail_last(fmt::format("no {} of this name stands above", what));
    return 0;
  }

  void ranges(Cursor& c) {
    const std::string name(c.name("a name"));
    declare(c, ranges_, name);
    c.expect(Kind::open, "`{`");
    std::vector<net::Prefix> prefixes;
    while (c.ok() && !c.take(Kind::close)) prefixes.push_back(form::prefix(c));
    if (c.ok()) p_.ranges.push_back({name, net::PrefixSet(std::move(prefixes))});
  }

  void pool(Cursor& c) {
    Pool pool;
    pool.name = c.name("a name");
    declare(c, pools_, pool.name);
    pool.protocol = form::protocol(c);
    c.expect(Kind::open, "`{`");
    while (c.ok() && !c.take(Kind::close)) pool.entries.push_back(entry(c));
    if (!c.ok()) return;
    const bool sorted = std::ranges::is_sorted(pool.entries, {}, &PoolEntry::text);
    if (!sorted) std::ranges::sort(pool.entries, {}, &PoolEntry::text);
    const auto twin = std::ranges::adjacent_find(pool.entries, [](const PoolEntry& a, const PoolEntry& b) {
      return a.address == b.address && a.port == b.port;
    });
    if (twin != pool.entries.end()) return c.fail_last(fmt::format("{} stands twice in this pool", twin->text()));
    p_.pools.push_back(std::move(pool));
  }

  PoolEntry entry(Cursor& c) const {
    PoolEntry entry;
    const form::Endpoint at = form::exact_endpoint(c, p_.family);
    if (!c.ok()) return entry;
    entry.address = *at.address;
    entry.port = at.port;
    entry.local_only = c.take("local-only");
    entry.local = entry.local_only || c.take("local");
    if (c.take("weight")) {
      entry.weight = c.number("a weight", UINT32_MAX);
      if (entry.weight == 0) c.fail_last("a weight is at least 1");
    }
    return entry;
  }

  // ---- rules

  RouteKey key(Cursor& c, std::string_view no_address) const {
    RouteKey key;
    key.protocol = form::protocol(c);
    const form::Endpoint at = form::endpoint(c, p_.family);
    key.address = at.address;
    key.port = at.port;
    if (c.ok() && !at.address && at.group != no_address)
      c.fail_last(fmt::format("only `{}` can stand here", no_address));
    return key;
  }

  void stage(Cursor& c) {
    if (c.take("pre")) return range_check(c);
    if (c.take("check")) return check(c);
    c.fail_next("pre or check");
  }

  void range_check(Cursor& c) {
    RangeCheck check;
    check.owner = c.name("an owner");
    check.key = key(c, "@any");
    c.expect("allow");
    check.ranges = refer(c, ranges_, "ranges");
    c.expect("else");
    c.expect("drop");
    check.origin = form::origin(c);
    if (c.ok()) p_.pre.push_back(std::move(check));
  }

  void route(Cursor& c) {
    Route route;
    const form::TableAndKind where = form::table_and_kind(c);
    route.table = where.table;
    route.kind = where.kind;
    route.owner = c.name("an owner");
    route.key = key(c, where.table == Table::host_port ? "@local" : "@accepted");
    if (where.table == Table::service && !route.key.address) c.fail_last("a service route has an address");
    if (where.table == Table::node_port && route.key.address) c.fail_last("a node port is for `@accepted`");
    do {
      route.outcomes.push_back(guarded(c));
    } while (c.take(Kind::semicolon));
    if (c.ok() && route.outcomes.back().source != SourceIs::any)
      c.fail_last("the last outcome of a route has no guard");
    // `|` begins the rivals or the origin, in this order.
    if (c.take(Kind::bar)) {
      if (c.take("rivals")) {
        do {
          route.rivals.emplace_back(c.name("an owner"));
        } while (c.ok() && !c.at(Kind::bar) && !c.at(Kind::end));
        route.origin = form::origin(c);
      } else {
        route.origin = form::origin_words(c);
      }
    }
    if (!c.ok()) return;
    p_.routes.push_back(std::move(route));
    route_lines_.push_back(line_);
  }

  GuardedOutcome guarded(Cursor& c) {
    GuardedOutcome g;
    if (c.take("from")) {
      g.source = c.take("pod") ? SourceIs::pod : SourceIs::node;
      if (g.source == SourceIs::node) c.expect("node");
    } else if (c.take("inside")) {
      g.source = SourceIs::inside;
      g.ranges = refer(c, ranges_, "ranges");
    } else if (c.take("outside")) {
      g.source = SourceIs::outside;
      g.ranges = refer(c, ranges_, "ranges");
    }
    c.expect(Kind::arrow, "a guard (from pod, from node, inside, outside) or `->`");
    if (c.take("stop")) {
      g.outcome = Stop{};
    } else if (c.take("fall")) {
      g.outcome = Fall{};
    } else if (c.take("balance")) {
      g.outcome = balance(c);
    } else {
      c.fail_next("balance, stop or fall");
    }
    return g;
  }

  Balance balance(Cursor& c) {
    Balance b;
    b.pool = refer(c, pools_, "pool");
    b.local_set = c.take("local");
    // After a problem the name may be of a pool that could not be read.
    if (c.ok() && problems_ == 0) {
      const auto chosen = [&](const PoolEntry& e) { return b.local_set ? e.local : !e.local_only; };
      if (std::ranges::none_of(p_.pools[b.pool].entries, chosen))
        c.fail_last("the pool has no such endpoint to choose");
    }
    if (c.take("masquerade")) {
      b.masquerade = c.take("always") ? Masquerade::always : Masquerade::off_cluster;
      if (b.masquerade == Masquerade::off_cluster) c.expect("off-cluster");
      if (c.ok() && b.masquerade == Masquerade::off_cluster && std::holds_alternative<NoDetector>(p_.detector)) {
        c.fail_last("off-cluster needs a detector");
      }
    }
    if (c.take("affinity")) b.affinity_seconds = form::seconds(c);
    return b;
  }

  void check(Cursor& c) {
    Check check;
    check.owner = c.name("an owner");
    check.match = match(c);
    check.hooks = form::hooks(c);
    check.states = form::states(c);
    check.foreign = c.take("foreign");
    c.expect(Kind::arrow, "`->`");
    check.verdict = form::verdict(c);
    check.origin = form::origin(c);
    if (c.ok()) p_.checks.push_back(std::move(check));
  }

  CheckMatch match(Cursor& c) {
    if (c.take("marked")) return Marked{};
    if (c.take("martian")) return Martian{};
    if (c.take("any")) {
      const std::string_view word = c.peek_word();
      if (word.find('/') != std::string_view::npos) return ToPrefix{form::prefix(c)};
      if (word.find_first_of(".:") != std::string_view::npos) return ToAddress{form::address(c, p_.family)};
      return AnyPacket{};
    }
    const net::Protocol protocol = form::protocol(c);
    const form::Endpoint at = form::endpoint(c, p_.family);
    if (at.group == "@accepted" || at.group == "@local") return ToNodePort{protocol, at.port, at.group == "@local"};
    if (c.ok() && !at.address && at.group != "@any") c.fail_last("only `@accepted`, `@local` or `@any` can stand here");
    ToFrontend to{{at.address, protocol, at.port}, {}};
    if (c.take("outside")) to.unless_from = refer(c, ranges_, "ranges");
    return to;
  }

  void cleanup(Cursor& c) {
    UdpCleanup cleanup;
    cleanup.owner = c.name("an owner");
    const form::Endpoint at = form::endpoint(c, p_.family);
    if (c.ok() && !at.address && at.group != "@any") c.fail_last("only `@any` can stand here");
    cleanup.dst = at.address;
    cleanup.port = at.port;
    c.expect("keep");
    while (c.ok() && !c.at(Kind::end)) {
      const form::Endpoint keep = form::exact_endpoint(c, p_.family);
      if (keep.address) cleanup.keep.emplace_back(*keep.address, keep.port);
    }
    if (c.ok()) p_.udp_cleanup.push_back(std::move(cleanup));
  }

  // ---- the whole

  // Sorts what a person may have written in any order, and refuses keys that stand twice.
  void sort() {
    const auto pool_places = sort_by_name(p_.pools);
    const auto ranges_places = sort_by_name(p_.ranges);
    for (Route& r : p_.routes) {
      for (GuardedOutcome& g : r.outcomes) {
        if (auto* b = std::get_if<Balance>(&g.outcome)) b->pool = pool_places[b->pool];
        if (g.source == SourceIs::inside || g.source == SourceIs::outside) g.ranges = ranges_places[g.ranges];
      }
    }
    for (RangeCheck& r : p_.pre) r.ranges = ranges_places[r.ranges];
    for (Check& c : p_.checks) {
      auto* to = std::get_if<ToFrontend>(&c.match);
      if (to != nullptr && to->unless_from) to->unless_from = ranges_places[*to->unless_from];
    }
    std::ranges::stable_sort(p_.pre, {}, &RangeCheck::key);
    sort_routes();
  }

  // Where each element went.
  template <class Element>
  static std::vector<std::uint32_t> sort_by_name(std::vector<Element>& elements) {
    std::vector<std::uint32_t> order(elements.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::sort(order, {}, [&](std::uint32_t i) -> const std::string& { return elements[i].name; });
    std::vector<std::uint32_t> places(order.size());
    std::vector<Element> sorted;
    sorted.reserve(elements.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) {
      places[order[i]] = i;
      sorted.push_back(std::move(elements[order[i]]));
    }
    elements = std::move(sorted);
    return places;
  }

  void sort_routes() {
    std::vector<std::uint32_t> order(p_.routes.size());
    for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto key = [&](std::uint32_t i) { return std::tie(p_.routes[i].table, p_.routes[i].key); };
    std::ranges::stable_sort(order, {}, key);
    std::vector<Route> sorted;
    sorted.reserve(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0 && p_.routes[order[i]].table == sorted.back().table && p_.routes[order[i]].key == sorted.back().key) {
        const base::SourceSpan& line = route_lines_[order[i]];
        return report({"a route with this table and key stands above", line.begin, line.end});
      }
      sorted.push_back(std::move(p_.routes[order[i]]));
    }
    p_.routes = std::move(sorted);
  }

  base::FileId file_;
  std::string_view text_;
  base::Diagnostics& diagnostics_;
  Program p_;
  int problems_ = 0;
  base::SourceSpan line_;
  Names pools_, ranges_;
  std::vector<base::SourceSpan> route_lines_;
  bool seen_program_ = false, seen_mark_ = false, seen_local_ = false, seen_detector_ = false, seen_accepted_ = false;
};

}  // namespace

std::optional<Program> read(base::FileId file, const base::SourceMap& sources, base::Diagnostics& diagnostics) {
  return Reader(file, sources.text(file), diagnostics).run();
}

}  // namespace portcullis::ir
